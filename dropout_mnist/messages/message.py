"""Texts that can reach the page from below it: in English, and made so that the page can translate them."""

from collections.abc import Iterable
from typing import Self


class Message(str):
    """A text in English that knows the template and the values it was made of.

    It is a `str`, so an error that carries it prints as ever. The page translates the template
    (`dropout_mnist.ui.language.localize`).

    Args:
        template: in English; `{name}` is replaced by the value of that name, as in `str.format`.
        values: what is filled in. The page translates values that are messages, or errors that carry one.

    Attributes:
        template: in English.
        values: by name.
    """

    template: str
    values: dict[str, object]

    def __new__(cls, template: str, /, **values: object) -> Self:
        self = super().__new__(cls, template.format(**values) if values else template)
        self.template, self.values = template, values
        return self

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, object]]:
        return (self.template,), self.values

    @classmethod
    def list(cls, separator: str, texts: Iterable[str]) -> Self:
        """Return several texts as one message, each translated by itself."""
        values = {f"text_{number}": text for number, text in enumerate(texts)}
        return cls(separator.join(f"{{{name}}}" for name in values), **values)


def message_of(error: BaseException) -> str:
    """Return the message of an error; a `Message` if it carries one."""
    [first] = error.args if len(error.args) == 1 else [None]
    return first if isinstance(first, Message) else str(error)
