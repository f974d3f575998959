"""A server that was started with a wrong environment variable says so on its page."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from .page import TIMEOUT, checked

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("DROPOUT_MNIST_MAX_EPOCHS", "many", "DROPOUT_MNIST_MAX_EPOCHS must be a positive whole number, not 'many'."),
        ("DROPOUT_MNIST_WEIGHTS", "~nobody-here", "the home folder in DROPOUT_MNIST_WEIGHTS=~nobody-here is unknown."),
    ],
)
def test_wrong_variable_is_the_only_thing_on_the_page(
    fresh_server: None, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, message: str
) -> None:
    with monkeypatch.context() as patch:
        patch.setenv(variable, value)
        page = checked(AppTest.from_file(str(ROOT / "app.py"), default_timeout=TIMEOUT).run())
    assert [box.value.replace("\\", "") for box in page.error] == [message]
    assert len(page.button) == len(page.selectbox) == 0
