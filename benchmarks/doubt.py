"""Measure how well doubt separates digits from non-digits: `python -m benchmarks.doubt STROKES`.

The digits are handwritten. The non-digits are letters and signs drawn with a trembling hand, scribbles, and the first
halves of digits. The tables show the area under the ROC curve for several criteria, points on the curve of the first
one, and how often the page would express doubt.
"""

import json

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score, roc_curve
from torch import Tensor

from benchmarks.arguments import parse_arguments
from benchmarks.machine import describe_machine
from dropout_mnist.checkpoint import Checkpoint
from dropout_mnist.data.pen_strokes import PenDigit, load_pen_digits, render_split
from dropout_mnist.evaluation import Doubt, compute_logits, predict_batch
from dropout_mnist.experiments.non_digits import make_scribble, make_sign, make_thing
from dropout_mnist.experiments.subnetworks import mutual_information, predictive_entropy
from dropout_mnist.model import MLP
from dropout_mnist.preprocessing.inputs import scale
from dropout_mnist.train_step import inference_copy

COUNT = 1_500
MC_PASSES = 50
FALSE_ALARMS = (0.01, 0.02, 0.05)


def half(digit: PenDigit) -> PenDigit | None:
    """Return the first half of a digit's points; None if it is only a dot."""
    left = sum(map(len, digit.strokes)) // 2
    kept: list[NDArray[np.float64]] = []
    for stroke in digit.strokes:
        if left > 1:
            kept.append(stroke[:left])
            left -= len(stroke)
    return make_thing(kept) if kept and np.ptp(np.concatenate(kept), axis=0).max() > 0 else None


def mc_dropout(model: MLP, pixels: Tensor) -> tuple[Tensor, Tensor]:
    """Return entropy and mutual information over passes with dropout on (Gal & Ghahramani, ICML 2016)."""
    noisy = inference_copy(model).train()
    torch.manual_seed(0)
    with torch.inference_mode():
        passes = torch.stack([noisy(scale(pixels)).softmax(dim=1) for _ in range(MC_PASSES)])
    return predictive_entropy(passes), mutual_information(passes)


def criteria(model: MLP, pixels: Tensor) -> dict[str, NDArray[np.float32]]:
    """Return several scores for each image, by name; a higher score means that it is less likely to be a digit."""
    logits = compute_logits(model, pixels)
    probs = logits.softmax(dim=1)
    entropy, information = mc_dropout(model, pixels)
    found = {
        "sum of two highest probabilities": -probs.topk(2, dim=1).values.sum(dim=1),
        "highest probability": -probs.amax(dim=1),
        "entropy": torch.special.entr(probs).sum(dim=1),
        "energy": -logits.logsumexp(dim=1),
        "entropy, MC dropout": entropy,
        "mutual information, MC dropout": information,
    }
    return {name: values.numpy() for name, values in found.items()}


def main() -> None:
    """Print tables, and the same as JSON."""
    options = parse_arguments(__doc__)
    random = np.random.default_rng(0)
    drawn = load_pen_digits(options.strokes)
    model = Checkpoint.load(options.weights).model
    halves = [part for digit in drawn[:: max(1, len(drawn) // COUNT)] if (part := half(digit)) is not None]
    others = {
        "signs": render_split([make_sign(random) for _ in range(COUNT)]),
        "scribbles": render_split([make_scribble(random) for _ in range(COUNT)]),
        "half digits": render_split(halves),
    }
    digits = render_split(drawn)

    of_digits = criteria(model, digits.pixels)
    of_others = {kind: criteria(model, split.pixels) for kind, split in others.items()}
    print(f"area under the ROC curve, {len(drawn):,} digits against")
    print(f"{'':<32}" + "".join(f"{kind:>13}" for kind in others))
    areas: dict[str, dict[str, float]] = {}
    for name, values in of_digits.items():
        areas[name] = {}
        for kind, found in of_others.items():
            truth = np.r_[np.zeros(len(values)), np.ones(len(found[name]))]
            areas[name][kind] = float(roc_auc_score(truth, np.r_[values, found[name]]))
        print(f"{name:<32}" + "".join(f"{area:13.3f}" for area in areas[name].values()))

    [name, *_] = of_digits
    caught: dict[str, dict[str, float]] = {}
    for alarms in FALSE_ALARMS:
        row = caught[f"{alarms:.0%}"] = {}
        for kind, found in of_others.items():
            truth = np.r_[np.zeros(len(of_digits[name])), np.ones(len(found[name]))]
            false, true, _ = roc_curve(truth, np.r_[of_digits[name], found[name]])
            row[kind] = float(np.interp(alarms, false, true))
        print(f"{f'caught at {alarms:.0%} false alarms':<32}" + "".join(f"{share:13.1%}" for share in row.values()))

    bounds: dict[str, dict[str, float]] = {}
    print(f"\ndoubt on the page\n{'':<32}" + "".join(f"{doubt.value:>22}" for doubt in Doubt))
    answers = predict_batch(model, digits.pixels)
    wrong = [answer for answer, label in zip(answers, digits.labels.tolist(), strict=True) if answer.digit != label]
    shown = {"digits": answers, "misread digits": wrong} | {
        kind: predict_batch(model, split.pixels) for kind, split in others.items()
    }
    for kind, given in shown.items():
        bounds[kind] = {doubt.value: sum(answer.doubt is doubt for answer in given) / len(given) for doubt in Doubt}
        print(f"{kind:<32}" + "".join(f"{share:22.1%}" for share in bounds[kind].values()))
    result = {"roc_area": areas, "caught": caught, "page": bounds}
    print(json.dumps({"machine": describe_machine(), "weights": options.weights.name, **result}))


if __name__ == "__main__":
    main()
