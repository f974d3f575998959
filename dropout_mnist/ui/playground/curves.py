"""The curves of runs, and what they mean."""

import math
from collections.abc import Iterator, Mapping, Sequence

import altair as alt
import pandas as pd
import streamlit as st

from dropout_mnist.config import TrainConfig
from dropout_mnist.ui import names
from dropout_mnist.ui.chart_look import BLUE, GRAY, ORANGE
from dropout_mnist.ui.charts import MAX_POINTS
from dropout_mnist.ui.format import epochs
from dropout_mnist.ui.language import translate as _
from dropout_mnist.ui.playground import curve_chart
from dropout_mnist.ui.playground.results import Experiment, Result

# In pixels: their place is reserved before the browser has loaded what draws them.
_HEIGHT = 360


def show(experiment: Experiment, before: Result | None = None) -> None:
    """Show losses and accuracies over the epochs of an experiment, which has at least one result.

    Args:
        experiment: test curves are solid and training curves dashed.
        before: the run shown before it, as a gray line.
    """
    runs = list(experiment.results.values())
    test, training = _("test images"), _("training images")
    losses = {test: "test_loss", training: "eval_train_loss"}
    if len(runs) == 1:
        losses |= {_training_name(experiment.config): "train_loss"}
    accuracies = {test: "test_accuracy", training: "eval_train_accuracy"}
    done = epochs(max(len(run.history) for run in runs))
    loss, accuracy = st.columns(2, gap="medium")
    loss.altair_chart(
        draw(experiment, before, losses, _("loss (cross entropy, nats)"), ".4f"),
        height=_HEIGHT,
        key="loss_chart",
        alt=_("Losses of {epochs}. {values}", epochs=done, values=_describe_last(runs, losses, ".4f")),
    )
    accuracy.altair_chart(
        draw(experiment, before, accuracies, _("accuracy"), ".2%"),
        height=_HEIGHT,
        key="accuracy_chart",
        alt=_("Accuracies of {epochs}. {values}", epochs=done, values=_describe_last(runs, accuracies, ".2%")),
    )


def _training_name(config: TrainConfig) -> str:
    """Return the name of the loss that the optimizer sees."""
    return _("training, dropout on") if config.recipe == "plain" else _("training, varied images")


def _describe_last(runs: Sequence[Result], series: Mapping[str, str], number_format: str) -> str:
    return "; ".join(
        f"{names.dropout(run.config)}: "
        + ", ".join(
            f"{name} {getattr(run.history[-1], attribute):{number_format}}" for name, attribute in series.items()
        )
        for run in runs
    )


def draw(
    experiment: Experiment, before: Result | None, series: Mapping[str, str], title: str, number_format: str
) -> alt.LayerChart:
    """Draw the curves of an experiment, to its last epoch, and the first series of the run shown before it.

    Args:
        experiment: with at least one result.
        before: the run shown before it.
        series: the attributes of `EpochResult` to draw, by their names.
        title: of the vertical axis.
        number_format: of exact values.
    """
    last_epoch = experiment.config.epochs
    rows: list[dict[str, object]] = []
    colors = {}
    for run in experiment.results.values():
        rows += _rows(run, names.dropout(run.config), series, last_epoch)
        colors[names.dropout(run.config)] = BLUE if run.config.drop_prob else ORANGE
    if before is not None:
        name = _("before: {name}", name=names.network(before.config))
        test = next(iter(series))
        rows += _rows(before, name, {test: series[test]}, last_epoch)
        colors[name] = GRAY
    return curve_chart.draw(pd.DataFrame(rows), colors, list(series), last_epoch, title, number_format)


def _rows(run: Result, name: str, series: Mapping[str, str], last_epoch: int) -> Iterator[dict[str, object]]:
    """Yield the points of a run's curves, at most `MAX_POINTS` each, to the last epoch on the axis."""
    shown = run.history[:last_epoch]
    for result in shown[:: -math.ceil(last_epoch / MAX_POINTS)]:
        for measure, attribute in series.items():
            value = getattr(result, attribute)
            yield {"run": name, "measure": measure, "seed": run.config.seed, "epoch": result.epoch, "value": value}


def explain() -> None:
    """Show what the curves mean, and what train() and eval() change."""
    with st.expander(_("Why does the training loss start above the test loss? What do train() and eval() change?")):
        st.markdown(
            _(
                "**Solid** curves are measured on test images and **dashed** ones on training images, after each epoch "
                "and *with dropout off*, on the whole network. The **dotted** curve of a single run is what the "
                "optimizer sees: it is measured *with dropout on*, on networks with a share of their units missing, "
                "while they learn, and averaged over the epoch. The more units are dropped, the later it falls below "
                "the test loss, if ever. With the *augmented* recipe it is high for another reason: the images are "
                "varied, and a tenth of them are non-digits, for which only ten equal probabilities are right."
            )
        )
        st.markdown(
            _(
                "**train() and eval()** switch dropout on and off, and for this network that is all they do. In "
                "train() each hidden unit is set to zero with probability `drop_prob`, and the rest are scaled by "
                "1/(1 - `drop_prob`), so that the next layer receives as much on average. In eval() nothing is dropped "
                "and nothing is scaled. (Running statistics belong to batch normalization; there is none here.)"
            )
        )
