"""Ask for a prediction that is a curve: it is drawn in the browser."""

from collections.abc import Mapping
from importlib.resources import files

import streamlit as st

from dropout_mnist.live.source import script
from dropout_mnist.ui import chart_look as look
from dropout_mnist.ui.lab.experiment import Answer, Curve
from dropout_mnist.ui.language import translate as _

# In pixels, as in curve.css: its place is reserved before the browser has loaded it.
_HEIGHT = 292
# Of the height of the y axis; a curve this close to the measured one is as good as it.
_CLOSE = 0.03

_curve = st.components.v2.component(
    "dropout_mnist.curve",
    js=script("curve.js", package=__package__),
    css=(files(__package__) / "curve.css").read_text(encoding="utf-8"),
    isolate_styles=False,
)


def ask(curve: Curve, key: str) -> tuple[float, ...] | None:
    """Show axes to draw on; return the values that were drawn, one for each place, or None before that."""
    st.caption(
        _("Draw a line from left to right, or drag the points. On a keyboard, Tab and the arrow keys move them.")
    )
    drawn = read(curve, st.session_state.get(key, {}).get("levels"))
    data = {
        "title": _(curve.title),
        "places": list(curve.places.values()),
        "place_title": _(curve.place_title),
        "levels": [write(curve, level) for level in curve.levels],
        "ticks": [curve.levels.index(tick) for tick in curve.ticks],
        "start": curve.levels.index(curve.start),
        "color": look.PINK,
        "drawn": [curve.levels.index(value) for value in drawn] if drawn is not None else None,
    }
    sent = _curve(key=key, data=data, on_levels_change=lambda: None, height=_HEIGHT)
    return read(curve, sent["levels"])


def read(curve: Curve, sent: object) -> tuple[float, ...] | None:
    """Return the values that a browser sent as the numbers of their levels; None if that is no curve.

    A browser can send anything.
    """
    if not isinstance(sent, list) or len(sent) != len(curve.places):
        return None
    if not all(type(level) is int and 0 <= level < len(curve.levels) for level in sent):
        return None
    return tuple(curve.levels[level] for level in sent)


def write(curve: Curve, value: float) -> str:
    """Return a value on the y axis in words."""
    return _(curve.number_format) % value


def describe(curve: Curve, values: tuple[float, ...]) -> str:
    """Return a curve in words."""
    return ", ".join(
        _("{value} at {rate}", value=write(curve, value), rate=place)
        for value, place in zip(values, curve.places.values(), strict=True)
    )


def alt_text(curve: Curve, answer: Answer) -> str:
    """Return what is to be added to the text alternative of a chart that shows a prediction."""
    if not isinstance(answer, tuple):
        return ""
    return " " + _("Your prediction: {values}.", values=describe(curve, answer))


def compare(curve: Curve, values: tuple[float, ...], measured: Mapping[float, float]) -> str:
    """Return in words where a curve is furthest from what was measured.

    Args:
        curve: that was asked for.
        values: that were drawn.
        measured: by place, in the unit of the curve's levels.
    """

    def height(value: float) -> float:
        nearest = min(curve.levels, key=lambda level: abs(level - value))
        return curve.levels.index(nearest) / len(curve.levels)

    drawn = {place: value for place, value in zip(curve.places, values, strict=True) if place in measured}
    if not drawn:
        return ""
    apart = {place: abs(height(value) - height(measured[place])) for place, value in drawn.items()}
    worst = max(apart, key=apart.__getitem__)
    if apart[worst] <= _CLOSE:
        return _("Your curve is close to the measured one everywhere.")
    return _(
        "Your curve is furthest off at {place}: {drawn}, measured {measured}.",
        place=curve.places[worst],
        drawn=write(curve, drawn[worst]),
        measured=write(curve, measured[worst]),
    )
