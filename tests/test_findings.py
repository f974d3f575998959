"""What was measured about the claims, and the document that lists it."""

from pathlib import Path

import pandas as pd
import pytest

from benchmarks.claims import render
from dropout_mnist.experiments.claims import CLAIMS
from dropout_mnist.experiments.findings import FINDINGS, HOLDS, NOT_HERE, find
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
