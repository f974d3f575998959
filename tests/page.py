"""What the tests of the page without a browser share."""

from streamlit.testing.v1 import AppTest

TIMEOUT = 60


def checked(page: AppTest) -> AppTest:
    assert [box.value for box in page.exception] == []
    return page


def texts(page: AppTest) -> str:
    """Return what the page says, without the backslashes that make Markdown of it."""
    kinds = (page.markdown, page.caption, page.info, page.warning, page.error, page.success)
    return "\n".join(element.value for kind in kinds for element in kind).replace("\\", "")
