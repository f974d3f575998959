"""What an experiment of the lab is made of. Every experiment has the same five parts, in the same order."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from streamlit.delta_generator import DeltaGenerator

from dropout_mnist.config import TrainConfig
from dropout_mnist.ui.lab.controls import Controls
from dropout_mnist.ui.language import mark

# What a visitor predicted: a number, the key of an answer, the values of a curve, or None if the question was skipped.
Answer = float | str | tuple[float, ...] | None


class Outcome(StrEnum):
    """Whether a claim holds for this network on MNIST."""

    HOLDS = mark("Holds")
    ONLY_WHEN = mark("Holds only when …")
    NOT_HERE = mark("Not here")


@dataclass(frozen=True)
class Verdict:
    """A verdict on an experiment's question.

    Attributes:
        outcome: in a word.
        text: in one sentence with the measured numbers, in Markdown.
    """

    outcome: Outcome
    text: str


@dataclass(frozen=True)
class Choice:
    """A prediction that is one of several answers.

    Attributes:
        question: asked of the visitor.
        answers: by key.
    """

    question: str
    answers: Mapping[str, str]


@dataclass(frozen=True)
class Estimate:
    """A prediction that is a number: a point that is dragged.

    Attributes:
        question: asked of the visitor.
        low, high, start, step: of the slider.
        number_format: in C's style, such as "%d%%".
    """

    question: str
    low: float
    high: float
    start: float
    step: float
    number_format: str


@dataclass(frozen=True, kw_only=True)
class Curve:
    """A prediction that is a curve, which is drawn.

    Attributes:
        question: asked of the visitor.
        title, place_title: of the y and the x axis.
        places: the points' values on the x axis, with their labels. They are evenly spaced.
        levels: the values that a point can have, from the lowest to the highest. They are evenly spaced, too.
        ticks: the levels with a label on the y axis.
        start: the level of all points at first.
        number_format: of levels, in C's style, such as "%d%%".
    """

    question: str
    title: str
    place_title: str
    places: Mapping[float, str]
    levels: Sequence[float]
    ticks: Sequence[float]
    start: float
    number_format: str


def percentage(question: str) -> Estimate:
    """Return a question whose answer is a whole number of percent, from 0 to 100."""
    return Estimate(question, low=0, high=100, start=50, step=1, number_format="%d%%")


@dataclass(frozen=True)
class Screen:
    """The places of an experiment's own parts, and what it draws there.

    Attributes:
        controls: whose values are part of the page's address.
        answer: what the visitor predicted.
        measured: the place of part 3.
        try_it: the place of part 4.
    """

    controls: Controls
    answer: Answer
    measured: DeltaGenerator
    try_it: DeltaGenerator


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """An experiment.

    Attributes:
        key: its name in the page's address.
        title: a few words.
        question: one sentence.
        why: why one might think so.
        prediction: what visitors are asked before they see the measurements.
        show: draws parts 3 and 4.
        verdict: returns the verdict, computed from the measurements; None where they are missing.
        claims: the keys of the claims that it tests (`dropout_mnist.experiments.claims`).
        sweep: the folder of its measurements (`dropout_mnist.ui.lab.measurements`); None if it measures as one watches.
        source: who claims it, and what they found.
        config: of a run that belongs to it, to take away as code.
    """

    key: str
    title: str
    question: str
    why: str
    prediction: Choice | Estimate | Curve
    show: Callable[[Screen], None]
    verdict: Callable[[], Verdict | None]
    claims: tuple[str, ...] = ()
    sweep: str | None = None
    source: str
    config: TrainConfig
