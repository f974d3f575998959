"""Means over seeds with 95% intervals (Student's t)."""

import pandas as pd

from dropout_mnist.experiments.results import summarize

CONFIDENCE = 0.95


def means(table: pd.DataFrame, by: list[str], value: str) -> pd.DataFrame:
    """Return the `mean` of a value by group, its 95% interval over seeds, `low` to `high`, its half, and the `runs`."""
    # Lazy: takes longer than the rest of this module.
    from scipy.special import stdtrit

    found = summarize(table, by, value)
    factor = stdtrit((found["runs"] - 1).clip(lower=1), (1 + CONFIDENCE) / 2)
    found["margin"] = (factor * found["standard_error"]).fillna(0.0)
    found["low"], found["high"] = found["mean"] - found["margin"], found["mean"] + found["margin"]
    return found


def differences(table: pd.DataFrame, by: list[str], value: str, rates: tuple[float, float]) -> pd.DataFrame:
    """Return by how many points a value differs with dropout, in pairs that share their seed, as `means` does.

    Args:
        table: a row for each run, with the columns `drop_prob` and `seed`.
        by: the columns of the groups.
        value: a share, such as an accuracy.
        rates: the `drop_prob` without and with dropout.
    """
    without, with_dropout = (table[table["drop_prob"] == rate].set_index([*by, "seed"])[value] for rate in rates)
    pairs = ((with_dropout - without) * 100).dropna().rename(value).reset_index()
    return means(pairs, by, value)
