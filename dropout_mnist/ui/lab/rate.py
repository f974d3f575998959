"""Section 4: how much to drop."""

from collections.abc import Hashable
from typing import Any

import pandas as pd
import streamlit as st

from dropout_mnist.experiments.results import last_epochs, summarize
from dropout_mnist.ui.lab import charts, figure


@st.fragment
def show() -> None:
    """Show the section."""
    st.markdown(
        "**How much to drop matters less than one might think**, until so much is dropped that too little is left."
    )
    results = figure.get_results("rate", "epochs")
    if results is not None:
        _show_curve(results)
        figure.describe("rate", results)
    st.caption(
        "Srivastava et al. 2014, section 7.3 and figure 9a. Their networks were trained longer, with a larger learning "
        "rate, momentum and max-norm, on 784-2048-2048-2048-10; in their table 2 a standard network errs on 1.60 %, "
        "one with dropout and ReLU (three layers of 1024) on 1.25 %, with max-norm as well on 1.06 %."
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
        f"*What to see:* at drop_prob {lowest:.1f} {_percent(test[lowest])} of the test images are misread, at the "
        f"best rate measured, {best:.1f}, {_percent(test[best])}, and at {highest:.1f} {_percent(test[highest])}. The "
        "more is dropped, the less is learnt by heart: the error on training images rises, and the gap closes."
    )


def _percent(row: dict[Hashable, Any]) -> str:
    return f"{row['mean']:.2%} ± {row['standard_error']:.2%}"
