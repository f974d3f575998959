"""Section 5: with how many training images dropout helps."""

import altair as alt
import pandas as pd
import streamlit as st

from dropout_mnist.experiments.results import last_epochs, summarize
from dropout_mnist.ui.lab import charts, figure

# A difference is called one from so many of its standard errors on.
CLEAR = 2.0


@st.fragment
def show() -> None:
    """Show the section."""
    st.markdown("**Whether dropout helps depends on how much there is to learn from.**")
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
    gains = compare(table)
    words = "; ".join(f"{row['train_size']:,.0f} images: {row['gain']:+.2%}" for row in gains.to_dict("records"))
    figure.show(chart, table, "train_size", f"Test error over training images, logarithmic. Gain by dropout: {words}.")
    helps = gains[gains["gain"] > CLEAR * gains["standard_error"]]["train_size"]
    hurts = gains[gains["gain"] < -CLEAR * gains["standard_error"]]["train_size"]
    open_ = gains[gains["gain"].abs() <= CLEAR * gains["standard_error"]]["train_size"]
    sentences = [
        f"It clearly helps with {_sizes(helps)} images."
        if len(helps)
        else "With no number of images does it clearly help.",
        f"It clearly does harm with {_sizes(hurts)}." if len(hurts) else "",
        f"With {_sizes(open_)} the difference is within {CLEAR:.0f} standard errors: no gain can be claimed."
        if len(open_)
        else "",
    ]
    st.markdown("*What to see:* " + " ".join(filter(None, sentences)) + " Test error saved by dropout:")
    rows = [
        f"| {row['train_size']:,.0f} | {row['gain']:+.2%} ± {row['standard_error']:.2%} | {row['runs']:.0f} |"
        for row in gains.to_dict("records")
    ]
    st.markdown("\n".join(["| training images | saved | seeds |", "| ---: | ---: | ---: |", *rows]))


def compare(table: pd.DataFrame) -> pd.DataFrame:
    """Return what dropout saves for each training-set size: `gain`, its `standard_error` and the `runs`.

    Args:
        table: `drop_prob` (two of them), `train_size`, `mean`, `standard_error`, `runs`.
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


def _sizes(sizes: pd.Series) -> str:
    names = [f"{size:,.0f}" for size in sizes]
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]
