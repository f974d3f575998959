"""The page's texts in the visitor's language."""

import pytest

from dropout_mnist.ui import language
from dropout_mnist.ui.language import translate


def test_a_text_is_english_by_default() -> None:
    assert translate("Trains on {title}.", title="MNIST") == "Trains on MNIST."


def test_a_text_without_values_keeps_its_braces() -> None:
    assert translate("{28}") == "{28}"


def test_a_text_is_translated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language, "language", lambda: "ko")
    assert translate("Playground") != "Playground"
    assert translate("{count} texts without a translation", count=2) == "2 texts without a translation"
