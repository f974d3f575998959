"""What was measured about the claims, and the document that lists it."""

from pathlib import Path

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


def test_weight_decay_is_compared_at_its_best_strength(tmp_path: Path) -> None:
    settings = [(0.0, 0.0, 0.10), (0.0, 0.1, 0.09), (0.0, 1.0, 0.3), (0.2, 0.0, 0.07), (0.5, 0.0, 0.06)]
    rows = [
        {"run": f"{rate}-{decay}-{seed}", "drop_prob": rate, "weight_decay": decay, "seed": seed}
        | {"dropout_kind": "bernoulli", "train_size": 1000, "epoch": 1, "epochs": 1, "test_accuracy": 1 - error}
        for rate, decay, error in settings
        for seed in (1, 2)
    ]
    write(tmp_path, "regularizers", rows)
    finding = find("weight-decay", tmp_path)
    assert finding is not None
    assert (finding.verdict, finding.came_true) == (NOT_HERE, True)
    assert "9.00 ± 0.00% with the best weight decay (0.1)" in str(finding.measured)


def write(folder: Path, sweep: str, rows: list[dict[str, object]]) -> None:
    (folder / sweep).mkdir()
    pd.DataFrame(rows).to_csv(folder / sweep / "epochs.csv", index=False)
