"""A finding about a claim, and how its figures are read from the shipped tables and written."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from dropout_mnist.experiments.intervals import differences, means
from dropout_mnist.experiments.results import EPOCHS, last_epochs, read_table
from dropout_mnist.messages.message import Message

HOLDS, ONLY_WHEN, NOT_HERE = Message("holds"), Message("holds only when …"), Message("not here")


@dataclass(frozen=True)
class Finding:
    """What was measured about a claim.

    Attributes:
        verdict: `HOLDS`, `ONLY_WHEN` or `NOT_HERE`.
        measured: in words, with intervals.
        came_true: whether the prediction did; None for a claim without one.
    """

    verdict: Message
    measured: Message
    came_true: bool | None = None


class MissingError(Exception):
    """The measurements that a finding needs were not made."""


def read(folder: Path, sweep: str, table: str = EPOCHS) -> pd.DataFrame:
    """Read a table of a sweep.

    Raises:
        MissingError: there is none.
    """
    found = read_table(folder / sweep, table)
    if found.empty:
        raise MissingError
    return found


def read_errors(folder: Path, sweep: str) -> pd.DataFrame:
    """Read the last epoch of each run of a sweep, with its test `error`."""
    last = last_epochs(read(folder, sweep))
    return last.assign(error=1 - last["test_accuracy"])


def by_rate(table: pd.DataFrame, value: str) -> dict[float, tuple[float, float]]:
    """Return the mean of a value and half its interval by drop_prob."""
    return {row["drop_prob"]: (row["mean"], row["margin"]) for row in records(means(table, ["drop_prob"], value))}


def records(table: pd.DataFrame) -> list[dict[str, float]]:
    """Return the rows of a table of numbers."""
    found: list[dict[str, float]] = table.to_dict("records")  # type: ignore[assignment]
    return found


def difference(table: pd.DataFrame, value: str, rates: tuple[float, float] = (0.0, 0.5)) -> tuple[float, float]:
    """Return by how many points a value differs with dropout, in pairs of a seed, and half its interval."""
    [row] = records(differences(table.assign(all=0), ["all"], value, rates))
    return row["mean"], row["margin"]


def percent(figure: tuple[float, float], digits: int = 1) -> str:
    """Write a share with half its interval in percent."""
    mean, margin = figure
    return f"{100 * mean:.{digits}f} ± {100 * margin:.{digits}f}%"


def points(figure: tuple[float, float], digits: int = 1) -> Message:
    """Write a difference with half its interval, both in points."""
    mean, margin = figure
    return Message("{change} ± {margin} points", change=f"{mean:+.{digits}f}", margin=f"{margin:.{digits}f}")
