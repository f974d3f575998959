"""Draw docs/finding.png: the test accuracy of networks that were pruned after training, with and without dropout.

The chart shows measurements/networks/pruning.csv. Altair draws in a browser, so Streamlit serves this file as a page
and Chromium takes a screenshot of it.

usage: python -m benchmarks.finding
"""

from typing import Any

import altair as alt
import pandas as pd
import streamlit as st
from playwright.sync_api import sync_playwright

from benchmarks.server import ROOT, launch_browser, start_server, wait_for_server
from dropout_mnist.experiments.pruning import LARGEST_FIRST
from dropout_mnist.experiments.results import measurements_folder, read_table, summarize
from dropout_mnist.ui.lab.charts import lines_with_errors, rule_at, share_axis

PICTURE = ROOT / "docs" / "finding.png"
LABELED_SHARE = 0.5
VIEWPORT = {"width": 760, "height": 480}


def draw_chart() -> alt.LayerChart:
    """Draw means and standard errors over the share of units removed, with numbers where half of them are removed."""
    table = read_table(measurements_folder() / "networks", "pruning")
    chosen = table[(table["order"] == LARGEST_FIRST) & table["scaled"]]
    summary = summarize(chosen, ["drop_prob", "removed"], "test_accuracy")
    summary["series"] = "trained with drop_prob " + summary["drop_prob"].map("{:.1f}".format)
    x = share_axis("removed", "units removed from each hidden layer, largest weights first")
    lines = lines_with_errors(summary, x, "test accuracy", "~%")
    labeled = summary[summary["removed"] == LABELED_SHARE]
    middle = labeled["drop_prob"] == labeled["drop_prob"].median()
    labels = alt.layer(
        _label(labeled[~middle], align="left", dx=8, dy=-10),
        # Elsewhere it would cover a line.
        _label(labeled[middle], align="right", dx=-6, dy=14),
    )
    return lines + rule_at(LABELED_SHARE, "removed") + labels


def _label(points: pd.DataFrame, **placement: Any) -> alt.Chart:
    return (
        alt.Chart(points)
        .mark_text(fontSize=15, fontWeight="bold", **placement)
        .encode(x="removed:Q", y="mean:Q", text=alt.Text("mean:Q", format=".0%"), color="series:N")
    )


def main() -> None:
    """Save the picture."""
    with sync_playwright() as playwright, start_server("benchmarks/finding.py") as (address, _server):
        browser = launch_browser(playwright)
        page = browser.new_page(viewport=VIEWPORT, device_scale_factor=2)
        wait_for_server(address)
        page.goto(address)
        page.get_by_test_id("stVegaLiteChart").locator("canvas, svg").first.wait_for()
        page.get_by_test_id("stVegaLiteChart").screenshot(path=PICTURE)
        browser.close()
    print(f"Saved {PICTURE.relative_to(ROOT)}")


if __name__ == "__main__":
    if st.runtime.exists():
        st.altair_chart(draw_chart())
    else:
        main()
