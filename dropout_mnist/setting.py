"""Declare a hyperparameter once: what it may be, its default, its label and its help text.

`TrainConfig` checks its fields with these declarations. The page's widgets, the URL, the command line, the limits of a
server, the result tables and the file names of checkpoints all read them from there.
"""

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from numbers import Integral, Real
from typing import Any

from dropout_mnist.messages.message import Message


@dataclass(frozen=True, kw_only=True)
class Setting(ABC):
    """What is known about one hyperparameter.

    Attributes:
        label: its name on the page.
        help: one or two sentences for the page and for `--help`.
        default: the reference notebook's value.
        augmented: the default of the augmented recipe, if it has its own.
        abbreviation: what stands before its value in a checkpoint's file name.
        changes_result: whether it decides what is learned, or only how it is computed.
    """

    label: str
    help: str
    default: Any
    augmented: Any = None
    abbreviation: str = ""
    changes_result: bool = True

    def default_for(self, recipe: str) -> Any:
        """Return the default of a recipe, "plain" or "augmented"."""
        return self.augmented if recipe == "augmented" and self.augmented is not None else self.default

    def check(self, name: str, value: object) -> Any:
        """Return the value as a plain Python object, so that NumPy scalars and lists are welcome.

        Raises:
            ValueError: the type is wrong or the value is out of range. The message gives `name` and what is allowed.
        """
        try:
            return self._accept(value)
        except (TypeError, ValueError):
            raise ValueError(self._refusal(name, value)) from None

    def parse(self, name: str, text: str) -> Any:
        """Return the value that a text from a URL, a command line or a text field stands for.

        Raises:
            ValueError: it is not a value of this setting.
        """
        try:
            value = self._read(text.strip())
        except ValueError:
            raise ValueError(self._refusal(name, text)) from None
        return self.check(name, value)

    def format(self, value: Any) -> str:
        """Return the text for a value, which `parse` reads again."""
        return str(value)

    def _refusal(self, name: str, value: object) -> Message:
        return Message("{name} must be {allowed}, not {value}", name=name, allowed=self.allowed, value=f"{value!r:.80}")

    @property
    @abstractmethod
    def allowed(self) -> Message:
        """What it may be, in words."""

    @abstractmethod
    def _accept(self, value: Any) -> Any:
        """Return the value as a plain Python object; raise TypeError or ValueError if it is not allowed."""

    @abstractmethod
    def _read(self, text: str) -> Any:
        """Return what the text stands for, not yet checked; raise ValueError if it stands for nothing."""


def _within(value: Any, low: Any, high: Any) -> Any:
    if not low <= value <= high:
        raise ValueError
    return value


@dataclass(frozen=True, kw_only=True)
class Number(Setting):
    """A number from `low` to `high`; widgets move it by `step`."""

    low: float
    high: float
    step: float

    @property
    def allowed(self) -> Message:
        """What it may be, in words."""
        return Message("a number from {low:g} to {high:g}", low=self.low, high=self.high)

    def _accept(self, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, Real):
            raise TypeError
        # By way of its text: np.float32(0.3) means 0.3, not 0.30000001192092896.
        number: float = _within(float(str(value)), self.low, self.high)
        return number

    def _read(self, text: str) -> float:
        if re.fullmatch(r"[+-]?[1-9]\d{0,2}(,\d{3})+", text):
            raise ValueError  # 1,000 is one or a thousand
        return float(text.replace(",", "."))


@dataclass(frozen=True, kw_only=True)
class Integer(Setting):
    """A whole number from `low` to `high`; widgets move it by `step`. None is allowed if `none` says what it means."""

    low: int
    high: int
    step: int = 1
    none: str = ""

    @property
    def allowed(self) -> Message:
        """What it may be, in words."""
        return Message("a whole number from {low:,} to {high:,}", low=self.low, high=self.high)

    def format(self, value: Any) -> str:
        """Return the text for a value."""
        return self.none if value is None else str(value)

    def _accept(self, value: Any) -> int | None:
        if value is None and self.none:
            return None
        if isinstance(value, bool) or not isinstance(value, Integral):
            raise TypeError
        number: int = _within(int(value), self.low, self.high)
        return number

    def _read(self, text: str) -> int | None:
        return None if self.none and text == self.none else int(text)


@dataclass(frozen=True, kw_only=True)
class Choice(Setting):
    """One of several words."""

    options: tuple[str, ...]

    @property
    def allowed(self) -> Message:
        """What it may be, in words."""
        return Message("one of {options}", options=", ".join(self.options))

    def _accept(self, value: Any) -> str:
        if value not in self.options:
            raise ValueError
        return str(value)

    def _read(self, text: str) -> str:
        return text


@dataclass(frozen=True, kw_only=True)
class Sizes(Setting):
    """The sizes of one or more layers, as a tuple; as a text `512x512`."""

    most_layers: int
    size: Integer = field(repr=False)

    @property
    def allowed(self) -> Message:
        """What it may be, in words."""
        return Message(
            "1 to {layers} layers of {low:,} to {high:,} units, such as 512x512",
            layers=self.most_layers,
            low=self.size.low,
            high=self.size.high,
        )

    def format(self, value: Any) -> str:
        """Return the text for a tuple of sizes: `512x512`."""
        return "x".join(map(str, value))

    def _accept(self, value: Any) -> tuple[int, ...]:
        sizes = tuple(self.size.check("size", size) for size in value)
        _within(len(sizes), 1, self.most_layers)
        return sizes

    def _read(self, text: str) -> tuple[int, ...]:
        if re.search(r"\d,\d{3}(?!\d)", text):
            raise ValueError  # 1,024 is one layer or two
        return tuple(int(part) for part in re.split(r"[x,\s-]+", text.lower()))
