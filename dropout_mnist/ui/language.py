"""The language of the page.

Texts stand in English in the code, as arguments of `translate` or `mark`. Their translations are in `translations/`,
one gettext catalog per language, named after it: `ko.po`. `tests/test_translations.py` finds what is missing there.
Messages from below the page are `dropout_mnist.messages.message.Message`, and are translated by `localize`.
"""

from functools import cache
from importlib.resources import files

import streamlit as st

from dropout_mnist.messages.message import Message, message_of

# Codes as in `?lang=ko`, with the languages' own names for themselves.
LANGUAGES = {"en": "English", "ko": "한국어"}
PARAMETER = "lang"


def language() -> str:
    """Return the code of the visitor's language: the one in the URL, or the browser's, or English."""
    locale = str(st.context.locale or "").partition("-")[0]
    return next((code for code in (st.query_params.get(PARAMETER), locale) if code in LANGUAGES), "en")


def translate(text: str, **values: object) -> str:
    """Return a text in the visitor's language.

    Args:
        text: in English; `{name}` is replaced by the value of that name.
        values: what to put into the text.
    """
    translated = _catalog(language()).get(text, text)
    return translated.format(**values) if values else translated


def mark(text: str) -> str:
    """Return a text as it is, and mark it for the catalogs: it is translated where it is shown."""
    return text


def localize(text: object) -> str:
    """Return a text from below the page, a `Message` or an error that carries one, in the visitor's language.

    Other texts stay as they are.
    """
    if isinstance(text, BaseException):
        text = message_of(text)
    if not isinstance(text, Message):
        return str(text)
    values = {
        name: localize(value) if isinstance(value, Message | BaseException) else value
        for name, value in text.values.items()
    }
    return translate(text.template, **values)


@cache
def _catalog(code: str) -> dict[str, str]:
    """Return the translation of each English text; a text without one stays English."""
    if code == "en":
        return {}
    # Lazy: most visitors need no catalog.
    from babel.messages.pofile import read_po

    with (files("dropout_mnist.ui") / "translations" / f"{code}.po").open("rb") as file:
        return {str(message.id): str(message.string) for message in read_po(file, locale=code) if message.string}
