"""The Dropout lab."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from dropout_mnist.config import TrainConfig
from dropout_mnist.experiments.claims import CLAIMS
from dropout_mnist.experiments.results import measurements_folder
from dropout_mnist.ui.lab.experiments.train_size import gains_by_size
from dropout_mnist.ui.lab.measurements import means

from .page import TIMEOUT, checked, english_sentences, texts, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("fresh_server", "shipped")]

PARTS = ["1. Question", "2. Your prediction", "3. Measured", "4. Try it", "5. Verdict"]
EXPERIMENTS = (
    "wrong-labels",
    "little-data",
    "rate",
    "gap",
    "width",
    "zeros-or-noise",
    "schedule",
    "bad-pictures",
    "thinned",
    "averaging",
    "co-adaptation",
    "small",
    "sparsity",
    "uncertainty",
    "doubt-over-data",
)


def show_lab() -> None:
    from dropout_mnist.ui.lab import page

    page.show()


def show_lab_with_a_drawing() -> None:
    import streamlit as st

    from dropout_mnist.preprocessing.drawing import read_strokes
    from dropout_mnist.preprocessing.fabricjs import make_path, read_path
    from dropout_mnist.ui.inputs import canvas
    from dropout_mnist.ui.lab import page

    if "drawing" not in st.session_state:
        strokes = [make_path([(150, 40), (140, 140), (130, 240)], 20)]
        pixels = read_strokes([read_path(stroke) for stroke in strokes])
        st.session_state["drawing"] = canvas.Drawing(strokes, pixels)
    page.show()


def open_lab(show: Callable[[], None] = show_lab, **parameters: str) -> AppTest:
    page = AppTest.from_function(show, default_timeout=TIMEOUT)
    for name, value in parameters.items():
        page.query_params[name] = value
    return checked(page.run())


def open_experiment(key: str, show: Callable[[], None] = show_lab, **parameters: str) -> AppTest:
    """Open an experiment and skip its question."""
    page = open_lab(show, experiment=key, **parameters)
    return checked(page.button(key="skip_prediction").click().run())


def titles(page: AppTest) -> list[str]:
    return [title.value for title in page.subheader]


def test_list_has_every_experiment_with_a_verdict() -> None:
    page = open_lab()
    assert f"0 of {len(EXPERIMENTS)} experiments answered" in [bar.proto.text for bar in page.get("progress")]
    links = [link.proto.query_string for link in page.get("page_link")]
    assert [link for link in links if "experiment=" in link][: len(EXPERIMENTS)] == [
        f"experiment={key}" for key in EXPERIMENTS
    ]


@pytest.mark.parametrize("key", EXPERIMENTS)
def test_experiment_has_five_parts_without_a_data_set(key: str) -> None:
    page = open_lab(experiment=key)
    assert titles(page) == PARTS[:2]
    checked(page.button(key="skip_prediction").click().run())
    assert titles(page) == PARTS
    assert not page.error
    assert not page.warning


@pytest.mark.parametrize("key", EXPERIMENTS)
def test_experiment_is_korean_throughout(key: str) -> None:
    page = open_experiment(key, show_lab_with_a_drawing, lang="ko")
    assert len(page.subheader) == len(PARTS)
    assert english_sentences(page) == []


def test_list_and_claims_are_korean_throughout() -> None:
    page = open_lab(lang="ko")
    assert english_sentences(page) == []
    assert page.expander[0].label == "드롭아웃은 네트워크가 틀린 레이블을 암기하지 못하게 한다. **성립함**"


def test_claims_are_listed_with_their_predictions_and_measurements() -> None:
    page = open_lab()
    labels = [box.label for box in page.expander]
    assert all(label.startswith(claim.text) for label, claim in zip(labels, CLAIMS, strict=True))
    assert labels[0] == "Dropout keeps a network from memorizing wrong labels. **holds**"
    assert "**Predicted before it was measured**: With 40% random labels" in texts(page)
    assert "**Measured**: Wrong labels memorized after 20 epochs" in texts(page)
    assert "The prediction **failed**" in texts(page)


def list_unknown_claims() -> None:
    import streamlit as st

    from dropout_mnist.experiments.claims import CLAIMS
    from dropout_mnist.ui.lab.catalog import EXPERIMENTS

    known = {claim.key for claim in CLAIMS}
    st.json([claim for experiment in EXPERIMENTS for claim in experiment.claims if claim not in known])


def test_experiments_test_known_claims() -> None:
    assert AppTest.from_function(list_unknown_claims, default_timeout=TIMEOUT).run().json[0].value == "[]"


def test_unknown_experiment_is_reported_above_the_list() -> None:
    page = open_lab(experiment="nonsense")
    assert "There is no experiment nonsense" in texts(page)
    assert "experiment" not in page.query_params


def test_prediction_is_kept_and_counted() -> None:
    page = open_lab(experiment="co-adaptation")
    page.slider(key="prediction_co-adaptation").set_value(30).run()
    checked(page.button(key="predict").click().run())
    assert "You predicted **30%**" in texts(page)
    del page.query_params["experiment"]
    checked(page.run())
    assert f"1 of {len(EXPERIMENTS)} experiments answered" in [bar.proto.text for bar in page.get("progress")]


def test_prediction_can_be_made_again() -> None:
    page = open_experiment("rate")
    checked(page.button(key="predict_again").click().run())
    assert titles(page) == PARTS[:2]


def test_curve_cannot_be_kept_before_it_is_drawn() -> None:
    assert open_lab(experiment="rate").button(key="predict").disabled


@pytest.mark.parametrize(
    ("key", "drawn"),
    [("rate", (3.0,) * 9 + (80.0,)), ("little-data", (-4.0, 1.0, 0.8, 0.3, 0.0, 0.0)), ("small", (50.0,) * 6)],
)
def test_drawn_curve_is_in_the_chart_and_compared(key: str, drawn: tuple[float, ...]) -> None:
    page = AppTest.from_function(show_lab, default_timeout=TIMEOUT)
    page.query_params["experiment"] = key
    page.session_state["lab_predictions"] = {key: drawn}
    checked(page.run())
    assert "Your curve is furthest off at" in texts(page)
    predicted = [chart for chart in page.get("vega_lite_chart") if "Your prediction: " in chart.proto.alt]
    assert len(predicted) == 1
    assert "your prediction" in predicted[0].proto.spec


def test_answer_is_compared_with_the_measured_one() -> None:
    page = open_lab(experiment="sparsity")
    assert page.button(key="predict").disabled
    page.radio(key="prediction_sparsity").set_value("more").run()
    checked(page.button(key="predict").click().run())
    assert "You predicted **More are zero with dropout, in every layer**" in texts(page)
    assert "Measured: more in some layers, fewer in others" in texts(page)


def test_address_sets_the_controls_and_follows_them() -> None:
    page = open_experiment("co-adaptation", removed="75", order="random", scaled="off", image="7")
    assert page.slider(key="co-adaptation_removed").value == 75
    assert "With 75% of the units removed, at random" in texts(page)
    assert page.toggle(key="co-adaptation_scaled").value is False
    checked(page.slider(key="co-adaptation_removed").set_value(80).run())
    assert page.query_params["removed"] == "80"
    checked(page.slider(key="co-adaptation_removed").set_value(50).run())
    assert "removed" not in page.query_params


@pytest.mark.parametrize("removed", ["96", "-5", "nonsense", "nan", "1e999", ""])
def test_impossible_values_in_the_address_are_ignored(removed: str) -> None:
    page = open_experiment("co-adaptation", removed=removed, order="sideways", model="missing", image="x")
    assert page.slider(key="co-adaptation_removed").value == 50
    assert not page.error


def test_commands_of_the_measurements_are_shown() -> None:
    for key, sweep in {"averaging": "networks", "rate": "rate", "wrong-labels": "wrong_labels"}.items():
        page = open_experiment(key)
        assert any(f"--output measurements/{sweep}" in block.value for block in page.code)


def test_missing_and_damaged_measurements_are_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "measurements"
    shutil.copytree(measurements_folder(), folder)
    shutil.rmtree(folder / "rate")
    (folder / "train_size" / "epochs.csv").write_text("rubbish\n")
    monkeypatch.setenv("DROPOUT_MNIST_MEASUREMENTS", str(folder))
    assert "Not measured here yet" in texts(open_lab())
    page = open_experiment("rate")
    assert "These measurements are missing" in texts(page)
    assert "Not measured here yet" in texts(page)
    assert "is not a table of a sweep" in texts(open_experiment("little-data"))


def test_drawing_is_the_subject_of_the_experiments() -> None:
    page = open_experiment("averaging", show_lab_with_a_drawing)
    assert page.segmented_control(key="averaging_digit").value == "drawing"
    assert "Its label is" not in texts(page)


@pytest.mark.parametrize(
    ("key", "name", "value"),
    [
        ("averaging", "averaged", 200),
        ("uncertainty", "rotation", 180),
        ("uncertainty", "noise", 1.0),
        ("co-adaptation", "removed", 95),
        ("thinned", "drop_prob", 0.9),
        ("bad-pictures", "severity", 5),
    ],
)
def test_sliders_accept_extreme_values(key: str, name: str, value: float) -> None:
    page = open_experiment(key)
    checked(page.slider(key=f"{key}_{name}").set_value(value).run())


def test_scribble_increases_the_entropy() -> None:
    page = open_experiment("uncertainty", show_lab_with_a_drawing)
    before = shown_entropy(page)
    checked(page.toggle(key="uncertainty_scribble").set_value(True).run())
    assert shown_entropy(page) > before


def shown_entropy(page: AppTest) -> float:
    text = texts(page)
    return float(text.partition("Entropy: **")[2].partition("**")[0])


def test_every_shipped_model_can_be_the_subject(shipped: Path) -> None:
    page = open_experiment("averaging")
    for path in sorted(shipped.iterdir()):
        checked(page.selectbox(key="lab_model").set_value(str(path)).run())
        assert not page.error


def test_gap_of_any_models_is_drawn(shipped: Path) -> None:
    page = open_experiment("gap", models="plain-p0.50,nonsense")
    assert page.multiselect(key="gap_models").value == ["plain-p0.50"]
    checked(page.segmented_control(key="gap_measure").set_value("loss").run())
    checked(page.multiselect(key="gap_models").set_value([]).run())


@pytest.mark.usefixtures("no_weights")
def test_lab_without_weights_says_what_to_do() -> None:
    page = open_experiment("averaging")
    assert "Train one on the Playground first" in texts(page)


def test_live_run_with_the_bundled_digits_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    short = TrainConfig(dataset="digits", epochs=1, hidden_sizes=(8,), seed=3)
    monkeypatch.setattr("dropout_mnist.ui.lab.live_run.trainable", lambda config: short)
    page = open_experiment("rate")
    assert "bundled digits stand in" in texts(page)
    checked(page.button(key="lab_train").click().run())
    wait_until(lambda: not checked(page.run()).button(key="lab_train").disabled, "the run has ended")
    assert page.button(key="lab_train").label.startswith("Train again")
    assert "live: drop_prob 0.3, scikit-learn's bundled digits: test accuracy" in texts(page)


def test_doubt_of_a_live_run_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    short = TrainConfig(dataset="digits", epochs=1, hidden_sizes=(8,), drop_prob=0.5, seed=4)
    monkeypatch.setattr("dropout_mnist.ui.lab.live_run.trainable", lambda config: short)
    page = open_experiment("doubt-over-data")
    count = len(page.metric)
    checked(page.button(key="lab_train").click().run())
    wait_until(lambda: not checked(page.run()).button(key="lab_train").disabled, "the run has ended")
    assert len(page.metric) == 2 * count
    assert page.metric[-2].label.startswith("live: ")


def test_gains_are_differences_of_pairs_with_the_same_seed() -> None:
    runs = pd.DataFrame(
        {
            "drop_prob": [0.0, 0.5] * 3,
            "train_size": [100] * 6,
            "seed": [1, 1, 2, 2, 3, 3],
            "error": [0.30, 0.28, 0.20, 0.18, 0.40, 0.38],
        }
    )
    [gain] = gains_by_size(runs).to_dict("records")
    assert gain["mean"] == pytest.approx(2.0)
    assert gain["margin"] == pytest.approx(0.0, abs=1e-9)
    assert gain["runs"] == 3


def test_intervals_are_students() -> None:
    table = pd.DataFrame({"group": [1, 1, 1, 2], "value": [1.0, 2.0, 3.0, 5.0]})
    several, single = means(table, ["group"], "value").to_dict("records")
    assert several["margin"] == pytest.approx(4.302653 / 3**0.5, rel=1e-5)
    assert (single["low"], single["high"]) == (5.0, 5.0)
