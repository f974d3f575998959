"""Measure accuracy for each pen width and size of the drawing: `python -m benchmarks.pen STROKES`."""

import json

from benchmarks.arguments import parse_arguments
from benchmarks.machine import describe_machine
from dropout_mnist.checkpoint import Checkpoint
from dropout_mnist.data.pen_strokes import load_pen_digits, render_split
from dropout_mnist.evaluation import evaluate

PEN_WIDTHS = (8, 14, 20, 28, 40)
SIZES = (0.25, 0.4, 0.55, 0.7, 0.85, 1.0)


def main() -> None:
    """Print a table, and the same as JSON."""
    options = parse_arguments(__doc__)
    digits = load_pen_digits(options.strokes)
    model = Checkpoint.load(options.weights).model
    print("pen \\ size" + "".join(f"{size:>9.0%}" for size in SIZES))
    cells: dict[str, dict[str, float]] = {}
    for pen_width in PEN_WIDTHS:
        row = cells[str(pen_width)] = {}
        for size in SIZES:
            split = render_split(digits, pen_width=pen_width, smallest=size, largest=size)
            row[str(size)] = evaluate(model, split).accuracy
        print(f"{pen_width:>7} px" + "".join(f"{accuracy:9.2%}" for accuracy in row.values()), flush=True)
    accuracies = [accuracy for row in cells.values() for accuracy in row.values()]
    best, worst = max(accuracies), min(accuracies)
    print(f"best {best:.2%}, worst {worst:.2%}, difference {100 * (best - worst):.2f} percentage points")
    print(json.dumps({"machine": describe_machine(), "weights": options.weights.name, "accuracy": cells}))


if __name__ == "__main__":
    main()
