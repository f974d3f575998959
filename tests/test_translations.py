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

TRANSLATED = ("_", "mark", "Message")
# Two words, or a word next to a value. CSS, Vega's expressions and commands look alike.
PROSE = re.compile(r"[A-Za-z]+[,:;]? [a-z]{2,}|[a-z]{2,} {}|{} [a-z]{2,}")
NO_PROSE = re.compile(r"<style|datum\.|--|python -m")


def page_texts() -> Iterator[str]:
    """Yield what is translated: arguments of `_`, `mark` and `Message`, and what the declarations of settings say."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and is_called(node, TRANSLATED):
                text = node.args[0] if node.args else None
                # What has no letters but in the names of its values is the same in every language.
                if isinstance(text, ast.Constant) and re.search(r"[A-Za-z]", re.sub(r"{.*?}", "", str(text.value))):
                    yield str(text.value)
    for setting in SETTINGS.values():
        if setting.changes_result:
            yield from (setting.label, setting.help)


def is_called(call: ast.Call, names: tuple[str, ...]) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id in names


def find_untranslated(tree: ast.AST) -> Iterator[str]:
    """Yield texts that look like English prose and are not translated."""
    # What is translated, scripts, docstrings, and the constant parts of f-strings.
    other: set[int] = set()
    for node in ast.walk(tree):
        parts: list[ast.expr] = []
        if isinstance(node, ast.Call) and is_called(node, (*TRANSLATED, "AssertionError")):
            parts = node.args
        elif isinstance(node, ast.keyword) and node.arg in ("html", "css", "js"):
            parts = [node.value]
        elif isinstance(node, ast.Expr):
            parts = [node.value] if isinstance(node.value, ast.Constant) else []
        elif isinstance(node, ast.JoinedStr):
            parts = [part for part in node.values if isinstance(part, ast.Constant)]
        other |= {id(inner) for part in parts for inner in ast.walk(part)}
    for node in ast.walk(tree):
        if (
            id(node) not in other
            and PROSE.search((text := literal(node)).replace("drop_prob", ""))
            and not NO_PROSE.search(text)
        ):
            yield text


def literal(node: ast.AST) -> str:
    """Return the text of a string, with {} for its values; an empty one for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return ""


def find_untitled(tree: ast.AST) -> Iterator[str]:
    """Yield parts of charts whose titles are not translated, or that show the name of a column as their title."""
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "title" and literal(node.value) not in ("", "drop_prob"):
            yield literal(node.value)
        if isinstance(node, ast.keyword) and node.arg == "tooltip" and isinstance(node.value, ast.List):
            yield from filter(None, map(literal, node.value.elts))
        is_tooltip = isinstance(node, ast.Call) and ast.unparse(node.func) == "alt.Tooltip"
        if is_tooltip and "title" not in {keyword.arg for keyword in node.keywords}:  # type: ignore[attr-defined]
            yield ast.unparse(node)


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


def test_every_text_of_the_page_can_be_translated() -> None:
    untranslated = {}
    experiments = PACKAGE / "experiments"
    for path in [*sorted((PACKAGE / "ui").rglob("*.py")), experiments / "claims.py", experiments / "findings.py"]:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if found := [*find_untranslated(tree), *find_untitled(tree)]:
            untranslated[path.name] = found
    assert untranslated == {}


@pytest.mark.parametrize(
    "code",
    ["st.caption('Draw a digit.')", "f'{number} images'", "alt.X('k:Q', title='answer')", "alt.Tooltip('mean:Q')"],
)
def test_untranslated_texts_are_found(code: str) -> None:
    tree = ast.parse(code)
    assert len([*find_untranslated(tree), *find_untitled(tree)]) == 1


# Values that are whole numbers; others may end with a percent sign.
NUMBERS = {"average", "digit", "disagreement", "entropy", "full", "label", "memorized", "right", "same"}


@pytest.mark.parametrize("code", OTHERS)
def test_bold_ends_where_markdown_sees_it(code: str) -> None:
    """After punctuation, two asterisks end nothing in Markdown if a letter follows, as a Korean particle does."""

    def fill_in(value: re.Match[str]) -> str:
        return "1" if value[1] in NUMBERS else "9%"

    translations = read_catalog(code).values()
    assert [text for text in translations if re.search(r"[^\w\s*]\*\*\w", re.sub(r"{(\w+).*?}", fill_in, text))] == []


# What reaches the page from below: errors by their class, and ValueError in the modules that check settings and files.
SHOWN_ERRORS = (
    "CheckpointError",
    "DataError",
    "DivergedError",
    "EnvelopeError",
    "PictureError",
    "RefusedError",
    "ResultsError",
    "StateError",
)
CHECKED = ("checkpoint.py", "config.py", "setting.py")


def find_untranslated_errors(tree: ast.AST, classes: tuple[str, ...]) -> Iterator[str]:
    """Yield messages of errors that are no `Message`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and is_called(node.exc, classes):
            yield from filter(None, map(literal, node.exc.args))


def test_errors_that_the_page_shows_can_be_translated() -> None:
    untranslated = {}
    # Pen strokes are for the command line alone.
    for path in sorted(set(PACKAGE.rglob("*.py")) - set(PACKAGE.rglob("pen_strokes.py"))):
        classes = (*SHOWN_ERRORS, "ValueError") if path.name in CHECKED else SHOWN_ERRORS
        if found := list(find_untranslated_errors(ast.parse(path.read_text(encoding="utf-8")), classes)):
            untranslated[path.name] = found
    assert untranslated == {}


def test_untranslated_errors_are_found() -> None:
    assert list(find_untranslated_errors(ast.parse("raise DataError(f'{name} is missing')"), SHOWN_ERRORS))
