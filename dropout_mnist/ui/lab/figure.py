"""Show a chart with its data, and read the sweeps' results that charts show."""

from pathlib import Path

import altair as alt
import pandas as pd
import streamlit as st

from dropout_mnist.experiments.results import ResultsError, measurements_folder, read_table
from dropout_mnist.storage.shipped import is_installed
from dropout_mnist.ui.format import plain

# The options that made each shipped sweep. There are five seeds of the smallest training sets.
COMMANDS = {
    "networks": ["--drop-prob 0 0.3 0.5 --seeds 1 2 3 --measure averaging pruning activations"],
    "rate": ["--drop-prob 0 0.1 0.2 0.3 0.4 0.5 0.6 0.7 0.8 0.9 --seeds 1 2 3"],
    "train_size": [
        "--drop-prob 0 0.5 --train-size 100 500 1000 5000 10000 60000 --equal-steps --seeds 1 2 3",
        "--drop-prob 0 0.5 --train-size 100 500 1000 --equal-steps --seeds 4 5",
    ],
}


def show(chart: alt.Chart | alt.LayerChart | alt.FacetChart, data: pd.DataFrame, key: str, alt_text: str) -> None:
    """Show a chart with a text alternative, and a button to download its data."""
    st.altair_chart(chart, key=key, alt=alt_text)
    st.download_button(
        "Data",
        data=lambda: data.to_csv(index=False),
        file_name=f"{key}.csv",
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
        key=f"{key}_data",
        type="tertiary",
        help="The chart's data as CSV",
    )


def get_results(sweep: str, table: str) -> pd.DataFrame | None:
    """Return a table of a shipped sweep; None, with a message, if it is missing or cannot be read.

    Args:
        sweep: a key of `COMMANDS`.
        table: the file's name without its suffix.
    """
    folder = measurements_folder() / sweep
    path = folder / f"{table}.csv"
    try:
        found = _read(folder, table, path.stat().st_mtime_ns if path.exists() else 0)
    except ResultsError as error:
        st.error(plain(error), icon=":material/error:")
        return None
    if found.empty:
        st.info("These measurements are missing. Make them with this command:", icon=":material/info:")
        _show_command(sweep)
        return None
    return found


def rate_names(table: pd.DataFrame) -> "pd.Series[str]":
    """Return the names of a chart's series: one for each `drop_prob` in the table."""
    return "drop_prob " + table["drop_prob"].map("{:.1f}".format)


def describe(sweep: str, results: pd.DataFrame) -> None:
    """Show how the networks of a sweep were trained, and the command that repeats it."""
    first = results.iloc[0]
    seeds = results["seed"].nunique()
    with st.expander("How this was measured"):
        st.markdown(
            f"784-{first['hidden_sizes'].replace('x', '-')}-10 with ReLU, {plain(first['recipe'])} recipe; Adam at "
            f"{first['learning_rate']:g}, batches of {first['batch_size']}, {first['epochs']} epochs; "
            f"{'MNIST' if first['dataset'] == 'mnist' else plain(first['dataset'])}, tested on all its test images; "
            f"{results['run'].nunique()} networks, up to {seeds} seeds each. Unless stated otherwise, error bars are "
            "standard errors over seeds. Made with:"
        )
        _show_command(sweep)


def _show_command(sweep: str) -> None:
    program = "dropout-mnist" if is_installed() else "python -m dropout_mnist"
    lines = [f"{program} sweep {options} --output measurements/{sweep}" for options in COMMANDS[sweep]]
    st.code("\n".join(lines), language="sh", wrap_lines=True)


@st.cache_data(show_spinner=False, max_entries=16)
def _read(folder: Path, table: str, stamp: int) -> pd.DataFrame:
    return read_table(folder, table)
