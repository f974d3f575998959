"""The verdict on dropout, in words, and what the visitor expected of it."""

from dataclasses import replace

import streamlit as st

from dropout_mnist.experiments.comparison import Comparison, Evidence
from dropout_mnist.ui.language import translate as _
from dropout_mnist.ui.playground.results import Experiment

# What was expected when an experiment began, by the experiment's key.
_EXPECTED_KEY = "expected"

# From this number of test images on, accuracies have two decimals of a percent.
_FINE = 10_000


def ask(experiment: Experiment) -> None:
    """Ask what the visitor expects of dropout with these settings."""
    names = _names()
    with st.container(key="expectation"):
        st.segmented_control(
            _("I expect that dropout"),
            list(names),
            format_func=lambda option: names[option],
            key=_widget_key(experiment),
            persist_state="session",
        )


def keep_expectation(experiment: Experiment) -> None:
    """Keep what is expected now, before the experiment's first result is known."""
    expected: dict[str, str] = st.session_state.setdefault(_EXPECTED_KEY, {})
    if (expectation := st.session_state.get(_widget_key(experiment))) is not None:
        expected.setdefault(experiment.key, expectation)


def show(experiment: Experiment) -> None:
    """Show the verdict, once there is a result without and one with dropout."""
    comparison = experiment.comparison()
    if comparison is None:
        return
    now = st.session_state.get(_widget_key(experiment))
    expected = st.session_state.get(_EXPECTED_KEY, {}).get(experiment.key, now)
    with st.container(key="verdict"):
        st.markdown(_describe(comparison))
        if expected is not None:
            st.markdown(
                _(
                    "You expected: dropout {expected}. Measured: {measured}.",
                    expected=_names()[expected],
                    measured=_measured(comparison),
                )
            )


def _widget_key(experiment: Experiment) -> str:
    """Return the key of the question: other settings ask again."""
    return f"expectation_{replace(experiment.config, drop_prob=0, seed=0).name}"


def _names() -> dict[str, str]:
    """Return the expectations in words: what dropout does."""
    return {"helps": _("helps"), "same": _("makes no difference"), "hurts": _("hurts")}


def _describe(comparison: Comparison) -> str:
    digits = 2 if comparison.test_images >= _FINE else 1
    means = comparison.means
    points = f"{abs(comparison.difference) * 100:.{digits}f}"
    margin = f"{comparison.margin * 100:.{digits}f}"
    if float(points) == 0:
        difference = _("no difference")
    elif comparison.difference > 0:
        difference = _("{points} points more", points=points)
    else:
        difference = _("{points} points less", points=points)
    seeds = _("one seed") if comparison.seeds == 1 else _("mean of {count} seeds", count=comparison.seeds)
    measured = _(
        "Test accuracy **{without}** without, **{with_dropout}** with dropout: **{difference}**, {seeds}, "
        "{images} test images.",
        without=f"{means[0]:.{digits}%}",
        with_dropout=f"{means[1]:.{digits}%}",
        difference=difference,
        seeds=seeds,
        images=f"{comparison.test_images:,}",
    )
    return f"{measured} {_describe_evidence(comparison, margin)}"


def _describe_evidence(comparison: Comparison, margin: str) -> str:
    if comparison.seeds == 1:
        if comparison.evidence is Evidence.CHANCE:
            return _(
                "**Could be chance**: on this many test images, equally good networks differ by up to {margin} points.",
                margin=margin,
            )
        return _(
            "**One seed is not enough**: the choice of the test images explains up to {margin} points only, but "
            "another seed can turn out differently.",
            margin=margin,
        )
    if comparison.evidence is Evidence.CHANCE:
        return _("**Could be chance**: ± {margin} points (95% confidence over seeds).", margin=margin)
    return _("**More than chance**: ± {margin} points (95% confidence over seeds).", margin=margin)


def _measured(comparison: Comparison) -> str:
    if comparison.evidence is Evidence.CHANCE:
        return _("no difference beyond chance")
    if comparison.difference > 0:
        return _("it helps, with this seed") if comparison.evidence is Evidence.ONE_SEED else _("it helps")
    return _("it hurts, with this seed") if comparison.evidence is Evidence.ONE_SEED else _("it hurts")
