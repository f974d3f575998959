"""The results of a sweep: a folder of tidy CSV tables, each row with the settings of the run it belongs to."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import pandas as pd

from dropout_mnist.config import MEANS, TrainConfig
from dropout_mnist.storage.files import write_atomically

EPOCHS = "epochs"

# Column of the run's name, which stands for all the settings after it.
RUN = "run"


class ResultsError(Exception):
    """A table of results cannot be read; the message says why."""


def read_table(folder: Path, table: str) -> pd.DataFrame:
    """Return a table of a sweep's results, without rows if there is none.

    Raises:
        ResultsError: the file is not such a table.
    """
    path = folder / f"{table}.csv"
    if not path.exists():
        return pd.DataFrame({RUN: []})
    try:
        found = pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise ResultsError(f"{path} cannot be read: {error}") from error
    if RUN not in found:
        raise ResultsError(f"{path} is no table of a sweep: it has no column {RUN!r}. Move it away to begin anew")
    return found


def measurements_folder() -> Path:
    """Return where the results of the shipped sweeps are: `DROPOUT_MNIST_MEASUREMENTS`, else beside the package."""
    return Path(os.environ.get("DROPOUT_MNIST_MEASUREMENTS") or Path(__file__).parents[2] / "measurements")


def summarize(table: pd.DataFrame, by: Sequence[str], value: str) -> pd.DataFrame:
    """Return mean and standard error (NaN for a single run) of a column, and the number of runs, for each group."""
    groups = table.groupby(list(by), sort=True)[value]
    return groups.agg(mean="mean", standard_error="sem", runs="size").reset_index()


def last_epochs(table: pd.DataFrame) -> pd.DataFrame:
    """Return the last row of each run of a table of epochs."""
    return table[table["epoch"] == table["epochs"]]


class SweepResults:
    """The tables of one sweep, written anew, atomically, with every run that ends.

    Args:
        folder: of the tables; made when the first run ends.
        tables: the names of those that every run adds rows to.

    Raises:
        ResultsError: there are files of these names that are no such tables.
    """

    def __init__(self, folder: Path, tables: Sequence[str]) -> None:
        self.folder = folder
        self._tables = {table: read_table(folder, table) for table in (EPOCHS, *tables)}

    def has(self, config: TrainConfig) -> bool:
        """Whether every table has the rows of this run, as far as it can have any."""
        expected = [table for table in self._tables if table != "averaging" or config.drop_prob]
        return all((self._tables[table][RUN] == config.name).any() for table in expected)

    def add(self, config: TrainConfig, rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        """Add the rows of a run to the tables, in place of older ones of the same name, and write them.

        Raises:
            OSError: the folder cannot be written to.
        """
        settings = {RUN: config.name, **_settings(config)}
        self.folder.mkdir(parents=True, exist_ok=True)
        for table, found in self._tables.items():
            new = pd.DataFrame([settings | dict(row) for row in rows[table]])
            old = found[found[RUN] != config.name]
            both = pd.concat([part for part in (old, new) if len(part)] or [old], ignore_index=True)
            # Stable, so that a run's own rows stay in their order.
            self._tables[table] = both.sort_values(RUN, kind="stable", ignore_index=True)
            text = self._tables[table].to_csv(index=False, float_format="%.6g")
            write_atomically(self.folder / f"{table}.csv", text.encode())


def _settings(config: TrainConfig) -> dict[str, Any]:
    names = [field.name for field in fields(TrainConfig) if field.name not in MEANS]
    settings = {name: getattr(config, name) for name in names}
    return settings | {"hidden_sizes": "x".join(map(str, config.hidden_sizes))}
