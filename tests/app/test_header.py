"""The first row of every page: the view and the language, which are in the address."""

from .page import OpenPage, checked, texts


def test_view_and_language_follow_the_address(open_page: OpenPage) -> None:
    page = open_page(view="presentation", lang="ko", drop_prob="0.5")
    assert page.toggle(key="presentation").value
    assert page.radio(key="language").value == "ko"
    assert "Ignored" not in texts(page)
    assert not page.warning


def test_choosing_view_and_language_puts_them_into_the_address(open_page: OpenPage) -> None:
    page = open_page(drop_prob="0.5")
    checked(page.toggle(key="presentation").set_value(True).run())
    checked(page.radio(key="language").set_value("ko").run())
    assert {name: "".join(page.query_params[name]) for name in ("view", "lang", "drop_prob")} == {
        "view": "presentation",
        "lang": "ko",
        "drop_prob": "0.5",
    }
    checked(page.toggle(key="presentation").set_value(False).run())
    assert "view" not in page.query_params
