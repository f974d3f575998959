"""Section 4: the dropout rate."""

from collections.abc import Hashable
from typing import Any

import pandas as pd
import streamlit as st

from dropout_mnist.experiments.results import last_epochs, summarize
from dropout_mnist.ui.lab import charts, figure


@st.fragment
def show() -> None:
    """Show the section."""
    st.markdown("**The exact dropout rate matters little**, until too few units remain.")
    results = figure.get_results("rate", "epochs")
    if results is not None:
        _show_curve(results)
        figure.describe("rate", results)
    st.caption(
        "Srivastava et al. 2014, section 7.3 and figure 9a. Their networks, 784-2048-2048-2048-10, trained longer, "
        "with a larger learning rate, momentum and max-norm. In their table 2 a standard network has a test error of "
        "1.60%, one with dropout and ReLU (three layers of 1024 units) 1.25%, and one with max-norm as well 1.06%."
    )


def _show_curve(results: pd.DataFrame) -> None:
    last = last_epochs(results)
    parts = {"test images": 1 - last["test_accuracy"], "training images": 1 - last["eval_train_accuracy"]}
    table = pd.concat(
        [
            summarize(last.assign(error=error), ["drop_prob"], "error").assign(series=name)
            for name, error in parts.items()
        ]
    )
    test = {row["drop_prob"]: row for row in table[table["series"] == "test images"].to_dict("records")}
    best = min(test, key=lambda drop_prob: test[drop_prob]["mean"])
    lowest, highest = min(test), max(test)
    chart = charts.lines_with_errors(table, charts.share_axis("drop_prob", "drop_prob", ".1f"), "error, dropout off")
    figure.show(
        chart,
        table,
        "rate",
        "Error over drop_prob on test and training images. Test error: "
        + ", ".join(f"{drop_prob:.1f} {row['mean']:.2%}" for drop_prob, row in test.items()),
    )
    st.markdown(
        f"*What to see:* the test error is {_percent(test[lowest])} at drop_prob {lowest:.1f}, {_percent(test[best])} "
        f"at the best rate measured, {best:.1f}, and {_percent(test[highest])} at {highest:.1f}. With more dropout the "
        "network memorizes less: the error on the training images rises, and the gap to the test error closes."
    )


def _percent(row: dict[Hashable, Any]) -> str:
    return f"{row['mean']:.2%} ± {row['standard_error']:.2%}"
