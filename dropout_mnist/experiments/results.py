"""Read, write and summarize the results of a sweep: a folder of CSV tables, each row with the settings of its run."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import filelock
import pandas as pd

from dropout_mnist.config import SETTINGS, TrainConfig
from dropout_mnist.data.datasets import FULL_SIZES
from dropout_mnist.messages.message import Message
from dropout_mnist.storage.files import write_atomically
from dropout_mnist.storage.shipped import shipped_folder

EPOCHS = "epochs"

# The column of the run's name, which is made of its settings.
RUN = "run"

_LOCK = ".lock"


class ResultsError(Exception):
    """A table of results cannot be read; the message says why and what to do."""


def read_table(folder: Path, table: str) -> pd.DataFrame:
    """Read a table of a sweep's results; an empty table if there is no such file.

    Raises:
        ResultsError: the file cannot be read, or is not a table of a sweep.
    """
    path = folder / f"{table}.csv"
    if not path.exists():
        return pd.DataFrame({RUN: []})
    try:
        found = pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise ResultsError(Message("{name} cannot be read: {error}", name=str(path), error=str(error))) from error
    if RUN not in found:
        raise ResultsError(
            Message(
                "{name} is not a table of a sweep: it has no column {column!r}. Move it away and run the sweep again",
                name=str(path),
                column=RUN,
            )
        )
    return found


def measurements_folder() -> Path:
    """Return the folder of the shipped sweeps: `DROPOUT_MNIST_MEASUREMENTS` if set, else `measurements/`."""
    variable = os.environ.get("DROPOUT_MNIST_MEASUREMENTS")
    return Path(variable).expanduser() if variable else shipped_folder("measurements")


def summarize(table: pd.DataFrame, by: Sequence[str], value: str) -> pd.DataFrame:
    """Return the `mean`, the `standard_error` (NaN for a single run) and the number of `runs` of a value by group."""
    groups = table.groupby(list(by), sort=True)[value]
    return groups.agg(mean="mean", standard_error="sem", runs="size").reset_index()


def last_epochs(table: pd.DataFrame) -> pd.DataFrame:
    """Return the last epoch of each run in a table of epochs."""
    return table[table["epoch"] == table["epochs"]]


def has_rows(table: str, config: TrainConfig) -> bool:
    """Whether runs like this have rows in a table: without dropout there are no thinned networks to average, and of all
    training images none is held out.
    """
    if table == "averaging":
        return config.drop_prob > 0
    if table == "held_out":
        return config.train_size is not None and config.train_size < FULL_SIZES[config.dataset]
    return True


class SweepResults:
    """The tables of one sweep.

    Each finished run is written at once, atomically, so an interrupted sweep can be resumed. Several sweeps, also on
    different machines, may add to the same tables at the same time.

    Args:
        folder: of the tables; created when the first run is added.
        tables: the names of the tables that each run adds rows to, next to `epochs`.
        lock_timeout: how long to wait while other sweeps write, in seconds. Writing takes milliseconds.

    Raises:
        ResultsError: the folder holds files of these names that are not tables of a sweep.
    """

    def __init__(self, folder: Path, tables: Sequence[str], lock_timeout: float = 60) -> None:
        self.folder = folder
        self._lock_timeout = lock_timeout
        self._names = (EPOCHS, *tables)
        self._tables = self._read()

    def has(self, config: TrainConfig) -> bool:
        """Whether all tables have the rows of this run that there can be.

        Runs that other sweeps have added since are seen after `check_writable` and after `add`.
        """
        expected = [found for table, found in self._tables.items() if has_rows(table, config)]
        return all((found[RUN] == config.name).any() for found in expected)

    def check_writable(self) -> None:
        """Create the folder if it is missing, and check that tables can be written there.

        Raises:
            OSError: they cannot, or another process keeps the folder locked.
            ResultsError: another program has damaged the tables.
        """
        with self._lock():
            self._tables = self._read()
            write_atomically(probe := self.folder / f"{_LOCK}.probe", b"")
            probe.unlink()

    def add(self, config: TrainConfig, rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        """Add the rows of a run to the tables and write them; rows of an earlier run with the same name are replaced.

        Raises:
            OSError: the folder cannot be written to, the disk is full, or another process keeps the folder locked.
            ResultsError: another program has damaged the tables.
        """
        settings = {RUN: config.name, **_settings(config)}
        with self._lock():
            # Another sweep may have added rows since.
            self._tables = self._read()
            for table, found in self._tables.items():
                new = pd.DataFrame([settings | dict(row) for row in rows[table]])
                old = found[found[RUN] != config.name]
                both = pd.concat([part for part in (old, new) if len(part)] or [old], ignore_index=True)
                # A stable sort keeps the rows of each run in order.
                self._tables[table] = both.sort_values(RUN, kind="stable", ignore_index=True)
                text = self._tables[table].to_csv(index=False, float_format="%.6g")
                write_atomically(self.folder / f"{table}.csv", text.encode())

    def _read(self) -> dict[str, pd.DataFrame]:
        return {table: read_table(self.folder, table) for table in self._names}

    @contextmanager
    def _lock(self) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            with filelock.FileLock(self.folder / _LOCK, timeout=self._lock_timeout):
                yield
        except filelock.Timeout:
            raise TimeoutError(
                f"another process has kept {self.folder / _LOCK} locked for {self._lock_timeout:g} seconds: end it"
            ) from None


def _settings(config: TrainConfig) -> dict[str, Any]:
    settings = {name: getattr(config, name) for name, setting in SETTINGS.items() if setting.changes_result}
    return settings | {"hidden_sizes": SETTINGS["hidden_sizes"].format(config.hidden_sizes)}
