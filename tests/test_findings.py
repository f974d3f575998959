"""What was measured about the claims, and the document that lists it."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from benchmarks.claims import render
from dropout_mnist.experiments.claims import CLAIMS
from dropout_mnist.experiments.finding import HOLDS, NOT_HERE
from dropout_mnist.experiments.findings import FINDINGS, find
from dropout_mnist.experiments.intervals import differences, means

ROOT = Path(__file__).parents[1]


def test_document_of_claims_is_current() -> None:
    assert (ROOT / "docs" / "claims.md").read_text(encoding="utf-8") == render(), (
        "run `python -m benchmarks.claims > docs/claims.md`"
    )


def test_every_finding_is_of_a_claim() -> None:
    assert set(FINDINGS) <= {claim.key for claim in CLAIMS}


def test_only_a_claim_with_a_prediction_comes_true_or_fails() -> None:
    for claim in CLAIMS:
        if (finding := find(claim.key)) is not None:
            assert (finding.came_true is None) == (claim.prediction is None), claim.key


def test_claim_whose_sweep_is_missing_has_no_finding(tmp_path: Path) -> None:
    assert find("memorization", tmp_path) is None
    assert find("width", tmp_path) is None


@pytest.mark.parametrize(("memorized", "verdict", "came_true"), [(0.05, HOLDS, True), (0.6, NOT_HERE, False)])
def test_finding_follows_from_the_table(tmp_path: Path, memorized: float, verdict: str, came_true: bool) -> None:
    rows = [
        {"run": f"{rate}-{seed}", "drop_prob": rate, "seed": seed, "label_noise": 0.4, "epoch": 20, "memorized": share}
        for rate, share in ((0.0, 0.9), (0.5, memorized))
        for seed in (1, 2)
    ]
    (tmp_path / "wrong_labels").mkdir()
    pd.DataFrame(rows).to_csv(tmp_path / "wrong_labels" / "epochs.csv", index=False)
    finding = find("memorization", tmp_path)
    assert finding is not None
    assert (finding.verdict, finding.came_true) == (verdict, came_true)
    assert f"drop_prob 0.5: {100 * memorized:.1f} ± 0.0%" in finding.measured


def test_interval_over_three_seeds_is_students() -> None:
    table = pd.DataFrame({"drop_prob": 0.0, "value": [0.1, 0.2, 0.3]})
    [row] = means(table, ["drop_prob"], "value").to_dict("records")
    assert row["mean"] == pytest.approx(0.2)
    # The standard error is 0.1 / sqrt(3), and the factor for two degrees of freedom 4.3027.
    assert row["margin"] == pytest.approx(4.3027 * 0.1 / 3**0.5, rel=1e-4)


def test_difference_is_of_pairs_that_share_their_seed() -> None:
    table = pd.DataFrame(
        {"drop_prob": [0.0, 0.0, 0.5, 0.5], "seed": [1, 2, 2, 1], "size": 100, "value": [0.1, 0.5, 0.6, 0.2]}
    )
    [row] = differences(table, ["size"], "value", (0.0, 0.5)).to_dict("records")
    assert row["mean"] == pytest.approx(10)
    assert row["margin"] == pytest.approx(0, abs=1e-9)


WIDTHS = [
    {"run": f"{width}-{rate}-{seed}", "drop_prob": rate, "seed": seed, "hidden_sizes": f"{width}x{width}"}
    | {"epoch": 15, "epochs": 15, "test_accuracy": accuracy}
    for width, rate, accuracy in ((32, 0.0, 0.96), (32, 0.5, 0.90), (2048, 0.0, 0.98), (2048, 0.5, 0.985))
    for seed in (1, 2)
]


def test_dropout_must_be_wider_if_it_hurts_narrow_networks_only(tmp_path: Path) -> None:
    write(tmp_path, "width", WIDTHS)
    finding = find("width", tmp_path)
    assert finding is not None
    assert (finding.verdict, finding.came_true) == (HOLDS, True)
    assert "by +6.00, -0.50 points with 32, 2,048 units" in str(finding.measured)


@pytest.mark.parametrize(("early", "verdict"), [(0.1, HOLDS), (0.3, NOT_HERE)])
def test_early_dropout_holds_if_it_lowers_the_training_loss(tmp_path: Path, early: float, verdict: str) -> None:
    times = {"never": (0.0, 1, None, 0.2), "first": (0.5, 1, 5, early), "always": (0.5, 1, None, 0.4)}
    rows = [
        {"run": f"{when}-{seed}", "drop_prob": rate, "first_dropout_epoch": first, "last_dropout_epoch": last}
        | {"seed": seed, "hidden_sizes": "32x32", "eval_train_loss": loss, "test_accuracy": 0.9}
        | {"epoch": 15, "epochs": 15}
        for when, (rate, first, last, loss) in times.items()
        for seed in (1, 2)
    ]
    write(tmp_path, "schedule", rows)
    finding = find("early-dropout", tmp_path)
    assert finding is not None
    assert finding.verdict == verdict


def test_weight_decay_is_compared_at_the_strength_that_is_best_on_held_out_images(tmp_path: Path) -> None:
    # The strength with the lowest test error, 1.0, is not the one that held-out images choose.
    write_regularizers(
        tmp_path,
        [
            {"size": 1_000, "error": 0.10, "accuracy": 0.9},
            {"size": 1_000, "error": 0.12, "accuracy": 0.8, "epochs": 5},
            {"size": 1_000, "error": 0.09, "accuracy": 0.92, "weight_decay": 0.1},
            {"size": 1_000, "error": 0.01, "accuracy": 0.91, "weight_decay": 1.0},
            {"size": 1_000, "error": 0.07, "accuracy": 0.9, "drop_prob": 0.2},
            {"size": 1_000, "error": 0.06, "accuracy": 0.95, "drop_prob": 0.5},
            {"size": 1_000, "error": 0.06, "accuracy": 0.95, "drop_prob": 0.5, "dropout_kind": "gaussian"},
        ],
    )
    finding = find("weight-decay", tmp_path)
    assert finding is not None
    assert (finding.verdict, finding.came_true) == (NOT_HERE, True)
    assert "9.00 ± 0.00% with weight decay (0.1), 6.00 ± 0.00% with dropout (drop_prob 0.5)" in str(finding.measured)


def test_weight_decay_that_costs_accuracy_is_not_dropout(tmp_path: Path) -> None:
    """Not even if dropout costs as much."""
    errors = [{"error": 0.10}, {"error": 0.12, "weight_decay": 0.1}, {"error": 0.12, "drop_prob": 0.5}]
    errors += [{"error": 0.10, "epochs": 5}, {"error": 0.10, "drop_prob": 0.5, "dropout_kind": "gaussian"}]
    write_regularizers(tmp_path, [{"size": 1_000, "accuracy": 0.9, **row} for row in errors])
    finding = find("weight-decay", tmp_path)
    assert finding is not None
    assert finding.verdict == NOT_HERE


def test_settings_for_all_images_are_chosen_with_fewer_of_them(tmp_path: Path) -> None:
    """They are reported with all, which no held-out images judge."""
    few = [
        {"size": 50_000, "error": 0.5, "accuracy": accuracy, "drop_prob": rate, "dropout_kind": kind}
        for kind, best in (("bernoulli", 0.2), ("gaussian", 0.5))
        for rate in (0.2, 0.5)
        for accuracy in ([0.98] if rate == best else [0.97])
    ]
    all_images: list[dict[str, Any]] = [
        {"size": None, "error": 0.02, "drop_prob": 0.2},
        {"size": None, "error": 0.01, "drop_prob": 0.5},
        {"size": None, "error": 0.01, "drop_prob": 0.2, "dropout_kind": "gaussian"},
        {"size": None, "error": 0.02, "drop_prob": 0.5, "dropout_kind": "gaussian"},
    ]
    others = [{}, {"epochs": 5}, {"weight_decay": 0.1}]
    few += [{"size": 50_000, "error": 0.5, "accuracy": 0.9, **other} for other in others]
    all_images += [{"size": None, "error": 0.03, **other} for other in others]
    write_regularizers(tmp_path, few + all_images)
    finding = find("gaussian", tmp_path)
    assert finding is not None
    assert (finding.verdict, finding.came_true) == (HOLDS, True)
    text = str(finding.measured)
    assert "2.00 ± 0.00% with dropout (drop_prob 0.2), 2.00 ± 0.00% with Gaussian noise (drop_prob 0.5)" in text


def test_methods_are_not_compared_before_each_is_measured(tmp_path: Path) -> None:
    write_regularizers(tmp_path, [{"size": 1_000, "error": 0.1, "accuracy": 0.9}])
    assert find("weight-decay", tmp_path) is None


def write_regularizers(folder: Path, rows: list[dict[str, Any]]) -> None:
    """Write the two tables of the study, for two seeds: without `accuracy`, a row has no held-out images."""
    plain = {"drop_prob": 0.0, "dropout_kind": "bernoulli", "weight_decay": 0.0, "epochs": 15}
    runs = [
        {"run": f"{number}-{seed}", "seed": seed, "train_size": row["size"], **plain, **row}
        for number, row in enumerate(rows)
        for seed in (1, 2)
    ]
    write(folder, "regularizers", [run | {"epoch": run["epochs"], "test_accuracy": 1 - run["error"]} for run in runs])
    held_out = pd.DataFrame([run for run in runs if "accuracy" in run])
    held_out.to_csv(folder / "regularizers" / "held_out.csv", index=False)


def write(folder: Path, sweep: str, rows: list[dict[str, object]]) -> None:
    (folder / sweep).mkdir()
    pd.DataFrame(rows).to_csv(folder / sweep / "epochs.csv", index=False)
