"""The gap between training and test images: curves over epochs, measured and of any models."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from dropout_mnist.checkpoint import CheckpointError
from dropout_mnist.config import TrainConfig
from dropout_mnist.evaluation import EpochResult
from dropout_mnist.experiments.results import last_epochs
from dropout_mnist.ui import chart_look as look
from dropout_mnist.ui import models
from dropout_mnist.ui.charts import MAX_POINTS
from dropout_mnist.ui.format import plain
from dropout_mnist.ui.lab import charts, live_run, measurements
from dropout_mnist.ui.lab.experiment import Estimate, Experiment, Outcome, Screen, Verdict
from dropout_mnist.ui.language import mark
from dropout_mnist.ui.language import translate as _

# By the name of a model or run.
_Histories = dict[str, Sequence[EpochResult]]

_MAX_MODELS = 4
_LOSS, _ACCURACY = "loss", "accuracy"
# By measure: the columns of training and test images.
_COLUMNS = {_LOSS: ("eval_train_loss", "test_loss"), _ACCURACY: ("eval_train_accuracy", "test_accuracy")}


def _show(screen: Screen) -> None:
    with screen.try_it:
        st.markdown(_("Train networks, or choose any others, and see their gaps in the chart above."))
        drop_prob = screen.controls.number("drop_prob", mark("drop_prob"), 0.0, 0.9, 0.2, 0.1)
        configs = [live_run.trainable(TrainConfig(drop_prob=round(drop_prob, 1)))]
        live_run.offer(configs)
        histories = {live_run.name(config): live_run.history(config) for config in configs if live_run.history(config)}
        histories |= _choose_models(screen)
    with screen.measured:
        results = measurements.get_or_explain("networks")
        if results is not None:
            measure = screen.controls.choice(
                "measure", mark("Curve"), {_ACCURACY: mark("Accuracy"), _LOSS: mark("Loss")}
            )
            _show_measured(results, measure, screen, histories)


def _choose_models(screen: Screen) -> _Histories:
    """Show a choice of models; return their histories by name."""
    options = models.options()
    names = {models.file_name(option): models.label(option) for option in options}
    chosen = screen.controls.several("models", mark("Models"), names, [], _MAX_MODELS)
    found: _Histories = {}
    for option in options:
        if models.file_name(option) in chosen:
            try:
                found[models.label(option)] = models.load(option).checkpoint.history
            except CheckpointError as error:
                st.warning(f"{plain(error)}.", icon=":material/warning:")
    return found


def _show_measured(results: pd.DataFrame, measure: str, screen: Screen, histories: _Histories) -> None:
    is_accuracy = measure == _ACCURACY
    table = measurements.with_names(_gaps(results, measure))
    number_format = "+.2f" if is_accuracy else "+.3f"
    title = _("training minus test accuracy (points)") if is_accuracy else _("test minus training loss (nats)")
    x, y = look.epoch_axis(int(results["epochs"].max())), look.points_axis(title)
    measured = charts.with_intervals(table, x, y, number_format, points=False)
    prediction = charts.prediction(screen.answer, x, y, int(results["epochs"].max())) if is_accuracy else None
    live = charts.live(_own_gaps(histories, measure), x, y, number_format)
    charts.show(
        charts.layers(charts.zero_line(), measured, prediction, live),
        table,
        "gap",
        _("Gap over epochs, with 95% intervals.") + " " + _describe(results),
    )
    st.markdown(_describe(results))


def _gaps(results: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Return the gap by `drop_prob` and `epoch`, positive if overfit: of accuracies in points, of losses in nats."""
    training, test = (results[column] for column in _COLUMNS[measure])
    gap = (training - test) * 100 if measure == _ACCURACY else test - training
    return measurements.means(results.assign(gap=gap), ["drop_prob", "epoch"], "gap")


def _own_gaps(histories: _Histories, measure: str) -> pd.DataFrame:
    training, test = _COLUMNS[measure]
    sign = 100 if measure == _ACCURACY else -1
    return pd.DataFrame(
        [
            {"series": name, "epoch": epoch.epoch, "mean": sign * (getattr(epoch, training) - getattr(epoch, test))}
            for name, history in histories.items()
            for epoch in history[:: -(-len(history) // MAX_POINTS)]
        ]
    )


def _describe(results: pd.DataFrame) -> str:
    gaps = _gaps(last_epochs(results), _ACCURACY)
    parts = [
        measurements.value_at(
            _("{points} ± {margin} points", points=f"{row['mean']:.2f}", margin=f"{row['margin']:.2f}"),
            row["drop_prob"],
        )
        for row in gaps.to_dict("records")
    ]
    return _(
        "After the last epoch the training accuracy exceeds the test accuracy by {values}.", values=", ".join(parts)
    )


def _verdict() -> Verdict | None:
    results = measurements.get("networks")
    if results is None:
        return None
    training, test = _COLUMNS[_ACCURACY]
    last = last_epochs(results)
    rates = (0.0, float(results["drop_prob"].max()))
    pairs = measurements.differences(last.assign(gap=last[training] - last[test]), ["epoch"], "gap", rates)
    [change] = pairs.to_dict("records")
    text = _(
        "From none to {rate} it changes by {change} ± {margin} points.",
        rate=f"{rates[1]:g}",
        change=f"{change['mean']:+.2f}",
        margin=f"{change['margin']:.2f}",
    )
    return Verdict(Outcome.HOLDS if change["high"] < 0 else Outcome.NOT_HERE, f"{_describe(results)} {text}")


EXPERIMENT = Experiment(
    key="gap",
    title=mark("The gap"),
    question=mark("Does dropout narrow the gap between training and test images?"),
    why=mark(
        "A network that does much better on its training images than on test images has memorized them. Dropout is "
        "meant to prevent that."
    ),
    prediction=Estimate(
        mark(
            "Without dropout, by how many points is the accuracy on training images above that on test images after "
            "15 epochs?"
        ),
        low=0.0,
        high=10.0,
        start=5.0,
        step=0.1,
        number_format=mark("%.1f points"),
    ),
    show=_show,
    verdict=_verdict,
    claims=("gap",),
    sweep="networks",
    source=mark("Srivastava et al. 2014, section 1: dropout reduces overfitting."),
    config=TrainConfig(drop_prob=0.5),
)
