"""The page's texts in the visitor's language."""

import pytest

from dropout_mnist.ui import language
from dropout_mnist.ui.language import translate

from .page import OpenPage, checked, english_sentences, texts


def test_a_text_is_english_by_default() -> None:
    assert translate("Trains on {title}.", title="MNIST") == "Trains on MNIST."


def test_a_text_without_values_keeps_its_braces() -> None:
    assert translate("{28}") == "{28}"


def test_a_text_is_translated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language, "language", lambda: "ko")
    assert translate("Playground") != "Playground"
    assert translate("{count} texts without a translation", count=2) == "2 texts without a translation"


@pytest.mark.slow
def test_page_is_shown_in_the_language_of_its_address(open_page: OpenPage) -> None:
    page = open_page(lang="ko")
    assert "드롭아웃이 도움이 될까요?" in [heading.value for heading in page.subheader]
    assert page.slider(key="drop_prob").help != open_page().slider(key="drop_prob").help
    assert page.button(key="train_both").label.startswith("둘 다 ")


@pytest.mark.slow
@pytest.mark.parametrize("parameters", [{}, {"epochs": "2.5", "nonsense": "1"}, {"input": "test"}])
def test_page_is_korean_throughout(open_page: OpenPage, parameters: dict[str, str]) -> None:
    page = open_page(lang="ko", **parameters)
    checked(page.text_input(key="batch_size").set_value("-1").run())
    assert "이 설정은 쓸 수 없습니다: batch_size: 1에서 " in texts(page)
    assert english_sentences(page) == []


@pytest.mark.slow
def test_unknown_language_is_english(open_page: OpenPage) -> None:
    assert "Does dropout help?" in [heading.value for heading in open_page(lang="xx").subheader]
