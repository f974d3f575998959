"""Section 5: for which training-set sizes dropout helps."""

import altair as alt
import pandas as pd
import streamlit as st

from dropout_mnist.experiments.results import last_epochs, summarize
from dropout_mnist.ui.lab import charts, figure

# A difference counts from this many of its standard errors on.
MIN_STANDARD_ERRORS = 2.0


@st.fragment
def show() -> None:
    """Show the section."""
    st.markdown("**Whether dropout helps depends on the number of training images.**")
    results = figure.get_results("train_size", "epochs")
    if results is not None:
        _show_curve(results)
        figure.describe("train_size", results)
    st.caption("Srivastava et al. 2014, section 7.4 and figure 10, with a network of 784-1024-1024-2048-10.")


def _show_curve(results: pd.DataFrame) -> None:
    last = last_epochs(results)
    table = summarize(last.assign(error=1 - last["test_accuracy"]), ["drop_prob", "train_size"], "error")
    table["series"] = figure.rate_names(table)
    sizes = sorted(table["train_size"].astype(int).unique().tolist())
    x = alt.X(
        "train_size:Q",
        title="training images",
        scale=alt.Scale(type="log"),
        axis=alt.Axis(values=sizes, format="~s", grid=False),
    )
    y_scale = alt.Scale(type="log", nice=False)
    chart = charts.lines_with_errors(table, x, "test error", y_scale=y_scale)
    gains = gains_by_train_size(table)
    gain_texts = "; ".join(f"{row['train_size']:,.0f} images: {row['gain']:+.2%}" for row in gains.to_dict("records"))
    figure.show(
        chart, table, "train_size", f"Test error over training images, logarithmic. Gain from dropout: {gain_texts}."
    )
    helps = gains[gains["gain"] > MIN_STANDARD_ERRORS * gains["standard_error"]]["train_size"]
    hurts = gains[gains["gain"] < -MIN_STANDARD_ERRORS * gains["standard_error"]]["train_size"]
    unclear = gains[gains["gain"].abs() <= MIN_STANDARD_ERRORS * gains["standard_error"]]["train_size"]
    sentences = [
        f"Dropout clearly helps with {_join_sizes(helps)} images."
        if len(helps)
        else "Dropout does not clearly help at any size.",
        f"It clearly hurts with {_join_sizes(hurts)}." if len(hurts) else "",
        f"With {_join_sizes(unclear)} the difference is unclear: within {MIN_STANDARD_ERRORS:.0f} standard errors."
        if len(unclear)
        else "",
    ]
    st.markdown("*What to see:* " + " ".join(filter(None, sentences)) + " The reduction of the test error:")
    rows = [
        f"| {row['train_size']:,.0f} | {row['gain']:+.2%} ± {row['standard_error']:.2%} | {row['runs']:.0f} |"
        for row in gains.to_dict("records")
    ]
    st.markdown("\n".join(["| training images | reduction | seeds |", "| ---: | ---: | ---: |", *rows]))


def gains_by_train_size(table: pd.DataFrame) -> pd.DataFrame:
    """Return the reduction of the error by dropout for each size: `train_size`, `gain`, `standard_error` and `runs`.

    Args:
        table: columns `drop_prob` (two values), `train_size`, `mean`, `standard_error` and `runs`.
    """
    without, with_dropout = (
        table[table["drop_prob"] == rate].set_index("train_size") for rate in sorted(table["drop_prob"].unique())
    )
    variance = without["standard_error"] ** 2 + with_dropout["standard_error"] ** 2
    gains = pd.DataFrame(
        {
            "gain": without["mean"] - with_dropout["mean"],
            "standard_error": variance**0.5,
            "runs": pd.concat([without["runs"], with_dropout["runs"]], axis=1).min(axis=1),
        }
    )
    return gains.dropna().reset_index()


def _join_sizes(sizes: pd.Series) -> str:
    names = [f"{size:,.0f}" for size in sizes]
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]
