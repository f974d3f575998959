"""The catalogs have every text of the page, and their translations fill in the same values."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from dropout_mnist.config import SETTINGS
from dropout_mnist.ui.language import LANGUAGES

PACKAGE = Path(__file__).parents[1] / "dropout_mnist"
CATALOGS = PACKAGE / "ui" / "translations"
OTHERS = [code for code in LANGUAGES if code != "en"]


def page_texts() -> Iterator[str]:
    """Yield the texts that are translated: arguments of `_` and `mark`, and what the declarations of settings say."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("_", "mark"):
                text = node.args[0] if node.args else None
                if isinstance(text, ast.Constant) and isinstance(text.value, str):
                    yield text.value
    for setting in SETTINGS.values():
        if setting.changes_result:
            yield from (setting.label, setting.help)


def read_catalog(code: str) -> dict[str, str]:
    with (CATALOGS / f"{code}.po").open("rb") as file:
        return {str(message.id): str(message.string) for message in read_po(file, locale=code) if message.id}


def fields(text: str) -> list[str]:
    """Return the names of the values that are filled in, sorted."""
    return sorted(re.findall(r"{(\w+)", text))


@pytest.mark.parametrize("code", OTHERS)
def test_every_text_of_the_page_is_translated(code: str) -> None:
    translated = {text for text, translation in read_catalog(code).items() if translation}
    assert sorted(set(page_texts()) - translated) == []


@pytest.mark.parametrize("code", OTHERS)
def test_no_translation_is_left_over(code: str) -> None:
    assert sorted(set(read_catalog(code)) - set(page_texts())) == []


@pytest.mark.parametrize("code", OTHERS)
def test_translations_fill_in_the_same_values(code: str) -> None:
    assert [text for text, translation in read_catalog(code).items() if fields(text) != fields(translation)] == []
