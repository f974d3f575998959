"""The shipped measurements that experiments show: read, summarized with intervals, and described."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from dropout_mnist.experiments.intervals import differences as differences
from dropout_mnist.experiments.intervals import means as means
from dropout_mnist.experiments.results import EPOCHS, ResultsError, last_epochs, measurements_folder, read_table
from dropout_mnist.experiments.studies import STUDIES
from dropout_mnist.storage.shipped import is_installed
from dropout_mnist.ui.format import plain
from dropout_mnist.ui.language import translate as _

# A study of more commands has one that runs all of them.
_MOST_COMMANDS = 4


def get(sweep: str, table: str = EPOCHS) -> pd.DataFrame | None:
    """Return a table of a shipped sweep; None if it is missing or cannot be read.

    Args:
        sweep: the folder's name.
        table: the file's name without its suffix.
    """
    try:
        return _get(sweep, table)
    except ResultsError:
        return None


def get_or_explain(sweep: str, table: str = EPOCHS) -> pd.DataFrame | None:
    """Return a table of a shipped sweep; None, with a message, if it is missing or cannot be read."""
    try:
        found = _get(sweep, table)
    except ResultsError as error:
        st.error(plain(error), icon=":material/error:")
        return None
    if found is None:
        st.info(_("These measurements are missing. Make them with this command:"), icon=":material/info:")
        _show_command(sweep)
    return found


def _get(sweep: str, table: str) -> pd.DataFrame | None:
    folder = measurements_folder() / sweep
    path = folder / f"{table}.csv"
    found = _read(folder, table, path.stat().st_mtime_ns if path.exists() else 0)
    return None if found.empty else found


def with_margin(row: Mapping[Any, Any], digits: int = 1) -> str:
    """Return the mean of a share in percent with half its interval in points, such as "71.4% ± 2.2 points"."""
    return _(
        "{percent} ± {points} points", percent=f"{row['mean']:.{digits}%}", points=f"{row['margin'] * 100:.{digits}f}"
    )


def by_rate(table: pd.DataFrame, digits: int = 1) -> str:
    """List shares by `drop_prob`: "71.4% ± 2.2 points without dropout, 93.3% ± 0.4 points with drop_prob 0.5"."""
    return ", ".join(value_at(with_margin(row, digits), row["drop_prob"]) for row in table.to_dict("records"))


def errors(sweep: str) -> pd.DataFrame | None:
    """Return the last epoch of each run of a sweep with its test `error`; None if the sweep is missing."""
    results = get(sweep)
    return None if results is None else with_errors(results)


def with_errors(results: pd.DataFrame) -> pd.DataFrame:
    """Return the last epoch of each run in a table of epochs, with its test `error`."""
    last = last_epochs(results)
    return last.assign(error=1 - last["test_accuracy"])


def stamp() -> tuple[tuple[str, int], ...]:
    """Identify the measurements that there are."""
    return tuple((str(path), path.stat().st_mtime_ns) for path in sorted(measurements_folder().glob("*/*.csv")))


def rate_name(drop_prob: float) -> str:
    """Return the name of networks trained with this `drop_prob`."""
    return _("drop_prob {rate}", rate=f"{drop_prob:g}") if drop_prob else _("without dropout")


def value_at(value: str, drop_prob: float) -> str:
    """Return what was measured of networks: "1.8% without dropout" or "1.5% with drop_prob 0.3"."""
    if not drop_prob:
        return _("{value} without dropout", value=value)
    return _("{value} with drop_prob {rate}", value=value, rate=f"{drop_prob:g}")


def with_names(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with the column `series`: the names of its networks by their `drop_prob`."""
    return table.assign(series=table["drop_prob"].map(rate_name))


def describe(sweep: str) -> None:
    """Show how the networks of a sweep were trained, the command that repeats it, and its tables."""
    results = get(sweep)
    if results is not None:
        # Of several recipes, the plain one, which the others are compared with.
        plain_runs = results[results["recipe"] == "plain"]
        results = results if plain_runs.empty else plain_runs
        first = results.iloc[0]
        dataset = "MNIST" if first["dataset"] == "mnist" else plain(first["dataset"])
        st.markdown(
            _(
                "{recipe} recipe: Adam at {learning_rate}, batches of {batch_size}, {epochs} epochs. {dataset}, tested "
                "on all its test images. {count} networks, up to {seeds} seeds each. Unless stated otherwise, error "
                "bars are 95% intervals over seeds. Made with:",
                recipe=plain(first["recipe"]),
                learning_rate=f"{first['learning_rate']:g}",
                batch_size=first["batch_size"],
                epochs=results["epochs"].max(),
                dataset=dataset,
                count=results["run"].nunique(),
                seeds=results["seed"].nunique(),
            )
        )
    _show_command(sweep)
    with st.container(horizontal=True):
        for path in sorted((measurements_folder() / sweep).glob("*.csv")):
            st.download_button(
                path.name,
                path.read_bytes,
                file_name=f"{sweep}-{path.name}",
                mime="text/csv",
                icon=":material/download:",
                on_click="ignore",
                key=f"table_{path.stem}",
            )


def _show_command(sweep: str) -> None:
    program = "dropout-mnist" if is_installed() else "python -m dropout_mnist"
    study = STUDIES[sweep]
    lines = [f"{program} sweep {options} --output measurements/{sweep}" for options in study.sweeps]
    if study.more or (len(lines) > _MOST_COMMANDS and not is_installed()):
        # In a checkout: it does the sweeps, too.
        lines = [f"python -m benchmarks.measure {sweep}"]
    st.code("\n".join(lines), language="sh", wrap_lines=True)


@st.cache_data(show_spinner=False, max_entries=32)
def _read(folder: Path, table: str, stamp: int) -> pd.DataFrame:
    return read_table(folder, table)
