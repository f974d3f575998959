"""Wrong labels: whether dropout keeps a network from memorizing them."""

import pandas as pd
import streamlit as st

from dropout_mnist.config import TrainConfig
from dropout_mnist.ui import chart_look as look
from dropout_mnist.ui.lab import charts, gallery, live_run, measurements
from dropout_mnist.ui.lab.experiment import Experiment, Outcome, Screen, Verdict, percentage
from dropout_mnist.ui.language import mark
from dropout_mnist.ui.language import translate as _

_SWEEP = "wrong_labels"
# What the prediction is about, and what a live run trains.
_SHARE, _EPOCHS, _IMAGES = 0.4, 20, 10_000
_SHARES = (0.0, 0.2, 0.4, 0.6, 0.8)


def _show(screen: Screen) -> None:
    results = measurements.get(_SWEEP)
    with screen.measured:
        measurements.get_or_explain(_SWEEP)
        shares = _SHARES if results is None else tuple(sorted(results["label_noise"].unique().tolist()))
        last = _EPOCHS if results is None else int(results["epoch"].max())
        left, right = st.columns(2, gap="medium")
        with left:
            share = screen.controls.steps("labels", mark("Random labels"), shares, _SHARE, format_func="{:.0%}".format)
        with right:
            epoch = int(screen.controls.number("epoch", mark("Epoch"), 1, last, min(_EPOCHS, last), 1))
    with screen.try_it:
        drop_prob = screen.controls.number("drop_prob", mark("drop_prob"), 0.0, 0.9, 0.0, 0.1)
        config = live_run.trainable(_config(share, round(drop_prob, 1)))
        live_run.offer([config])
        network = live_run.network(config)
        if network is None:
            st.caption(_("When the run has ended, training images with random labels appear here."))
        else:
            gallery.show(network, config)
    if results is not None:
        with screen.measured:
            _show_measured(_of_share(results, share), share, epoch, config, screen)


def _config(share: float, drop_prob: float) -> TrainConfig:
    return TrainConfig(drop_prob=drop_prob, label_noise=share, train_size=_IMAGES, epochs=_EPOCHS)


def _of_share(results: pd.DataFrame, share: float) -> pd.DataFrame:
    """Return the epochs with this share of random labels, each once: a longer run repeats a shorter one's."""
    rows = results[(results["label_noise"] - share).abs() < 1e-9]
    return rows.drop_duplicates(["drop_prob", "seed", "epoch"])


def _show_measured(rows: pd.DataFrame, share: float, epoch: int, config: TrainConfig, screen: Screen) -> None:
    x = look.epoch_axis(int(rows["epoch"].max()))
    asked = _EPOCHS if abs(share - _SHARE) < 1e-9 else None
    measures = {
        "test_accuracy": (_("**Test accuracy**"), look.accuracy_axis()),
        "memorized": (
            _("**Wrong labels memorized**"),
            look.accuracy_axis(_("share of wrong labels answered as labeled")),
        ),
    }
    for place, (column, (title, y)) in zip(st.columns(2, gap="medium"), measures.items(), strict=True):
        table = measurements.with_names(
            measurements.means(rows.dropna(subset=[column]), ["drop_prob", "epoch"], column)
        )
        if table.empty:
            continue
        prediction = None
        if column == "test_accuracy" and asked is not None:
            prediction = charts.prediction(screen.answer, x, y, asked, 0.01)
        chart = charts.layers(
            charts.with_intervals(table, x, y, ".1%", points=False),
            charts.live(live_run.curves([config], column), x, y, ".1%"),
            prediction,
            charts.rule_at(epoch, x),
        )
        with place:
            st.markdown(title)
            alt_text = _("{value} over epochs, 95% intervals", value=title.strip("*"))
            charts.show(chart, table, f"wrong_labels_{column}", alt_text)
    st.container(key="wrong_labels_text").markdown(_describe(rows, share, epoch))
    _show_early_stopping(rows)


def _describe(rows: pd.DataFrame, share: float, epoch: int) -> str:
    at = rows[rows["epoch"] == epoch]
    accuracies = measurements.by_rate(measurements.means(at, ["drop_prob"], "test_accuracy"))
    text = _(
        "After epoch {epoch} with {share} random labels, the test accuracy is {values}.",
        epoch=epoch,
        share=f"{share:.0%}",
        values=accuracies,
    )
    memorized = at.dropna(subset=["memorized"])
    if memorized.empty:
        return text
    shares = measurements.by_rate(measurements.means(memorized, ["drop_prob"], "memorized"))
    return text + " " + _("Of the wrong labels, {values} are memorized.", values=shares)


def _best(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the test accuracy in the best epoch of each run, by `drop_prob`."""
    best = rows.groupby(["drop_prob", "seed"])["test_accuracy"].max().reset_index()
    return measurements.means(best, ["drop_prob"], "test_accuracy")


def _show_early_stopping(rows: pd.DataFrame) -> None:
    st.markdown(
        _(
            "**Stopping early** does much of the same: in its best epoch, a network reaches {values}. (Chosen on the "
            "test images, so slightly too good.)",
            values=measurements.by_rate(_best(rows)),
        )
    )


def _verdict() -> Verdict | None:
    results = measurements.get(_SWEEP)
    if results is None:
        return None
    rows = _of_share(results, _SHARE)
    at = rows[rows["epoch"] == min(_EPOCHS, rows["epoch"].max())]
    if at.empty or at["drop_prob"].nunique() < 2:
        return None
    accuracies = measurements.means(at, ["drop_prob"], "test_accuracy")
    helps = accuracies.iloc[-1]["low"] > accuracies.iloc[0]["high"]
    best = _("Stopped in its best epoch, a network reaches {values}.", values=measurements.by_rate(_best(rows)))
    text = f"{_describe(rows, _SHARE, int(at['epoch'].iloc[0]))} {best}"
    return Verdict(Outcome.HOLDS if helps else Outcome.NOT_HERE, text)


EXPERIMENT = Experiment(
    key="wrong-labels",
    title=mark("Wrong labels"),
    question=mark("Does dropout keep a network from memorizing wrong labels?"),
    why=mark(
        "Without dropout a network can memorize even random labels. If units drop out at random, it is harder to store "
        "single images in them."
    ),
    prediction=percentage(
        mark(
            "Of 10,000 training images, 40% get a random label. What test accuracy does a network without dropout have "
            "after 20 epochs?"
        ),
    ),
    show=_show,
    verdict=_verdict,
    claims=("memorization", "label-noise-accuracy", "early-stopping", "massive-noise"),
    sweep=_SWEEP,
    source=mark(
        "Arpit et al., “A Closer Look at Memorization in Deep Networks”, ICML 2017, section 5: dropout slows down the "
        "fitting of noise most, at no cost on real data. Rolnick et al., arXiv 1705.10694 (2017): over 90% on MNIST "
        "with 100 random labels for each right one, for convolutional networks."
    ),
    config=_config(_SHARE, 0.5),
)
