"""Print docs/claims.md: claims about dropout, and what was measured here.

usage: python -m benchmarks.claims > docs/claims.md
"""

from dropout_mnist.experiments.claims import CLAIMS, Claim
from dropout_mnist.experiments.findings import find

HEADER = """# Claims about dropout

Claims from papers and tutorials, and what this project measured: the classic network on MNIST, with the recipe of the
reference notebook. Figures are means over seeds with 95% intervals (Student's t). Predictions were written down before
the runs that test them, and stay as they are. Claims without one had been measured before.

Printed by `python -m benchmarks.claims` from the tables in [`measurements/`](../measurements). The Dropout lab shows
the measurements as experiments.
"""


def main() -> None:
    """Print the document."""
    print(render(), end="")


def render() -> str:
    """Return the document."""
    measured = sum(find(claim.key) is not None for claim in CLAIMS)
    lines = [HEADER, f"{measured} of {len(CLAIMS)} claims are measured so far.", ""]
    lines += ["| claim | source, and what it reports | measured here | verdict | our prediction |", "| --- " * 5 + "|"]
    return "\n".join([*lines, *(_row(claim) for claim in CLAIMS)]) + "\n"


def _row(claim: Claim) -> str:
    finding = find(claim.key)
    prediction = claim.prediction or "none"
    if finding is None:
        measured, verdict = "not measured yet", ""
    else:
        measured, verdict = finding.measured, f"**{finding.verdict}**"
        if finding.came_true is not None:
            prediction += " **Came true.**" if finding.came_true else " **Failed.**"
    return f"| {claim.text} | {claim.source}: {claim.reported} | {measured} | {verdict} | {prediction} |"


if __name__ == "__main__":
    main()
