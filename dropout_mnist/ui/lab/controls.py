"""Controls of the lab's experiments. Their values are part of the page's address, in every language the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from dropout_mnist.ui import address
from dropout_mnist.ui.language import translate as _


@dataclass(frozen=True)
class Controls:
    """The controls of one experiment.

    A value in the address that a control cannot have is ignored. The address leaves out what a control has by default.

    Attributes:
        experiment: its key; controls of other experiments may have the same names.
    """

    experiment: str

    def number(
        self, name: str, label: str, low: float, high: float, default: float, step: float, **options: Any
    ) -> float:
        """Show a slider; all its numbers are whole or none is."""
        kind = type(default)
        self._adopt(name, lambda text: _within(kind(text), low, high))
        value = st.slider(
            _(label), low, high, **self._value(name, default), step=step, persist_state="session", **options
        )
        return self._publish(name, value, default)

    def steps(self, name: str, label: str, values: Sequence[float], default: float, **options: Any) -> float:
        """Show a slider of these numbers, such as the sizes that were measured."""
        self._adopt(name, lambda text: _nearest(float(text), values))
        value = st.select_slider(
            _(label), list(values), **self._value(name, default), persist_state="session", **options
        )
        return self._publish(name, value, default)

    def choice(
        self, name: str, label: str, choices: Mapping[str, str], default: str | None = None, **options: Any
    ) -> str:
        """Show buttons, of which one is pressed.

        Args:
            name: in the address.
            label: of all of them.
            choices: texts by their code in the address.
            default: the code of the one that is pressed at first; the first one if None.
            options: for Streamlit.
        """
        self._adopt(name, lambda text: text if text in choices else None)
        default = default or next(iter(choices))
        value = st.segmented_control(
            _(label),
            list(choices),
            **self._value(name, default),
            required=True,
            format_func=lambda code: _(choices[code]),
            persist_state="session",
            **options,
        )
        return self._publish(name, value, default)

    def switch(self, name: str, label: str, default: bool = False, **options: Any) -> bool:
        """Show a switch."""
        self._adopt(name, {"on": True, "off": False}.get)
        value = st.toggle(_(label), **self._value(name, default), persist_state="session", **options)
        address.publish(name, None if value == default else "on" if value else "off")
        return value

    def several(
        self, name: str, label: str, choices: Mapping[str, str], default: Sequence[str], most: int
    ) -> list[str]:
        """Show a field for several choices, by their code in the address."""
        self._adopt(name, lambda text: [code for code in text.split(",") if code in choices][:most])
        value: list[str] = st.multiselect(
            _(label),
            list(choices),
            **self._value(name, list(default)),
            format_func=choices.__getitem__,
            max_selections=most,
            placeholder=_("Choose up to {count}", count=most),
            persist_state="session",
        )
        address.publish(name, None if value == list(default) else ",".join(value))
        return value

    def key(self, name: str) -> str:
        """Return the key of a control."""
        return f"{self.experiment}_{name}"

    def _adopt(self, name: str, parse: Any) -> None:
        asked = address.adopt(name, self.experiment)
        if asked is None:
            return
        try:
            value = parse(asked)
        except (ValueError, OverflowError):
            return
        if value is not None:
            st.session_state[self.key(name)] = value

    def _value(self, name: str, default: Any) -> dict[str, Any]:
        """Return the key of a control and, unless the session knows its value, the default."""
        if self.key(name) not in st.session_state:
            st.session_state[self.key(name)] = default
        return {"key": self.key(name)}

    def _publish(self, name: str, value: Any, default: Any) -> Any:
        text = f"{value:g}" if isinstance(value, float) else str(value)
        address.publish(name, None if value == default else text)
        return value


def _within(value: float, low: float, high: float) -> float | None:
    return value if low <= value <= high else None


def _nearest(value: float, values: Sequence[float]) -> float:
    return min(values, key=lambda known: abs(known - value))
