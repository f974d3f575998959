"""Monte Carlo dropout: how far thinned networks disagree about a rotated digit."""

import altair as alt
import numpy as np
import pandas as pd
import streamlit as st
import torch
from PIL import Image
from torch import Tensor

from dropout_mnist.augmentation.non_digits import make_non_digits
from dropout_mnist.config import TrainConfig
from dropout_mnist.experiments.subnetworks import mutual_information, predictive_entropy, thinned_probs
from dropout_mnist.shapes import CLASSES, IMAGE_SIZE, INPUT_SIZE
from dropout_mnist.ui.images import enlarged_url
from dropout_mnist.ui.lab import charts, subject
from dropout_mnist.ui.lab.experiment import Experiment, Outcome, Screen, Verdict, percentage
from dropout_mnist.ui.lab.subject import Subject
from dropout_mnist.ui.language import mark
from dropout_mnist.ui.language import translate as _

PASSES = 100
ANGLES = range(0, 361, 10)
# The share of the passes that a band in the chart spans.
BAND = 0.8
_SEED = 1


def _show(screen: Screen) -> None:
    with screen.try_it:
        chosen, right = subject.show_beside(screen.controls)
        with right:
            angle = int(screen.controls.number("rotation", mark("Rotation (degrees)"), 0, 360, 0, 5))
            noise = screen.controls.number(
                "noise", mark("Noise"), 0.0, 1.0, 0.0, 0.05, help=_("Share of each pixel that is random")
            )
            scribble = screen.controls.switch("scribble", mark("Use a scribble instead of the digit"))
            if chosen is not None:
                _show_passes(chosen, _prepare(chosen.image, angle, noise, scribble))
    with screen.measured:
        if chosen is None:
            st.info(_("Draw a digit below. It is rotated and answered here."), icon=":material/draw:")
        else:
            _show_rotations(chosen, noise, scribble, angle, screen)


def _show_passes(chosen: Subject, image: Tensor) -> None:
    """Show what the thinned networks answer for an image."""
    probs = _passes(chosen, image[None])[:, 0]
    preview, numbers = st.columns([1, 2], gap="medium", vertical_alignment="center")
    with preview, st.container(key="uncertainty_input"):
        url = enlarged_url(image.mul(255).byte(), 5)
        st.image(url, width=140, alt=_("The networks' input"), caption=_("The networks' input"))
    with numbers:
        _show_numbers(probs)
    table = pd.DataFrame({"digit": list(range(CLASSES)) * PASSES, "probability": probs.flatten().tolist()})
    means = ", ".join(f"{digit} {prob:.0%}" for digit, prob in enumerate(probs.mean(dim=0).tolist()))
    alt_text = _("Mean probabilities over {count} passes: {means}", count=PASSES, means=means)
    charts.show(charts.pass_ticks(table), table, "passes", alt_text)
    st.caption(_("Each tick is the probability given by one thinned network."))


def _prepare(image: Tensor, angle: float, noise: float, scribble: bool) -> Tensor:
    """Return the image, or a scribble instead of it, rotated and mixed with noise, (784,) float32 in [0, 1]."""
    square = image.reshape(1, IMAGE_SIZE, IMAGE_SIZE)
    if scribble:
        # Labeled 0, an image always becomes a scribble: a mirrored or rotated 0 would still be a 0.
        square = make_non_digits(square, torch.zeros(1, dtype=torch.int64), torch.Generator().manual_seed(_SEED))
    rotated = Image.fromarray((square[0] * 255).byte().numpy()).rotate(angle, Image.Resampling.BICUBIC)
    pixels = torch.from_numpy(np.asarray(rotated, dtype=np.float32) / 255).reshape(INPUT_SIZE)
    return pixels * (1 - noise) + noise * torch.rand(INPUT_SIZE, generator=torch.Generator().manual_seed(_SEED))


def _passes(chosen: Subject, images: Tensor) -> Tensor:
    """Return the probabilities of `PASSES` thinned networks for each image, (N, 784) -> (PASSES, N, 10)."""
    repeated = images.expand(PASSES, *images.shape).reshape(-1, INPUT_SIZE)
    return thinned_probs(chosen.network, repeated, chosen.drop_prob, _SEED).reshape(PASSES, len(images), CLASSES)


def _show_numbers(probs: Tensor) -> None:
    mean = probs.mean(dim=0)
    agreed = float((probs.argmax(dim=1) == mean.argmax()).float().mean())
    with st.container(key="uncertainty_numbers"):
        st.markdown(
            _(
                "Average answer: **{digit}**; **{agreed}** of the networks agree.",
                digit=int(mean.argmax()),
                agreed=f"{agreed:.0%}",
            )
            + "  \n"
            + _(
                "Entropy: **{entropy}** nats. Of these, mutual information (the networks' disagreement) is "
                "**{disagreement}** nats.",
                entropy=f"{float(predictive_entropy(probs)):.2f}",
                disagreement=f"{float(mutual_information(probs)):.2f}",
            )
        )


def _show_rotations(chosen: Subject, noise: float, scribble: bool, angle: int, screen: Screen) -> None:
    images = torch.stack([_prepare(chosen.image, degrees, noise, scribble) for degrees in ANGLES])
    probs = _passes(chosen, images)
    mean = probs.mean(dim=0)
    edges = probs.quantile(torch.tensor([(1 - BAND) / 2, (1 + BAND) / 2]), dim=0)
    # The four that are most probable at some angle; the others would be lines at the bottom.
    digits = sorted(mean.amax(dim=0).topk(4).indices.tolist())
    table = pd.DataFrame(
        [
            {
                "degrees": degrees,
                "digit": str(digit),
                "mean": float(mean[index, digit]),
                "low": float(edges[0, index, digit]),
                "high": float(edges[1, index, digit]),
            }
            for digit in digits
            for index, degrees in enumerate(ANGLES)
        ]
    )
    x = alt.X(
        "degrees:Q",
        title=_("rotation (degrees)"),
        scale=alt.Scale(domain=[0, 360]),
        axis=alt.Axis(values=[0, 90, 180, 270, 360]),
    )
    charts.show(
        charts.layers(charts.bands(table, x, digits), charts.rule_at(angle, x)),
        table,
        "rotations",
        _(
            "Probabilities of {digits} as the digit is rotated from 0 to 360 degrees.",
            digits=", ".join(map(str, digits)),
        ),
    )
    st.caption(
        _(
            "Computed now, from the digit below: mean and central {share} of {count} thinned networks, for the four "
            "most probable digits.",
            share=f"{BAND:.0%}",
            count=PASSES,
        )
    )
    st.markdown(_describe(probs, screen))


def _describe(probs: Tensor, screen: Screen) -> str:
    """Describe where the networks disagree most, (PASSES, N, 10) for N angles."""
    disagreement = mutual_information(probs)
    worst = int(disagreement.argmax())
    agreed = (probs.argmax(dim=2) == probs.mean(dim=0).argmax(dim=1)).float().mean(dim=0)
    upright, quarter = int(probs.mean(dim=0)[0].argmax()), int(probs.mean(dim=0)[ANGLES.index(90)].argmax())
    text = _(
        "Upright, the networks answer {upright} on average, and {agree} of them agree. Rotated by 90 degrees, they "
        "answer {rotated}, and {agree_rotated} agree. They disagree most at {degrees} degrees, by {nats} nats.",
        upright=upright,
        agree=f"{agreed[0]:.0%}",
        rotated=quarter,
        agree_rotated=f"{agreed[ANGLES.index(90)]:.0%}",
        degrees=ANGLES[worst],
        nats=f"{float(disagreement[worst]):.2f}",
    )
    if not isinstance(screen.answer, int | float):
        return text
    predicted = _("You predicted that {share} agree at 90 degrees.", share=f"{screen.answer:.0f}%")
    return f"{text} {predicted}"


def _verdict() -> Verdict:
    return Verdict(
        Outcome.ONLY_WHEN,
        _(
            "Where networks disagree, the answer is often wrong. But they share their weights, and can agree on a "
            "wrong answer. With the augmented weights, mutual information separates handwritten digits from "
            "non-digits worse than the full network's own probabilities do (`benchmarks/doubt.py`, docs/results.md)."
        ),
    )


EXPERIMENT = Experiment(
    key="uncertainty",
    title=mark("Uncertainty"),
    question=mark("Does the network know when it does not know?"),
    why=mark(
        "Monte Carlo dropout keeps dropout on and asks many thinned networks. The more they disagree, the less certain "
        "the network is said to be about this image."
    ),
    prediction=percentage(
        mark("A digit is rotated by 90 degrees. How many of 100 thinned networks agree on the most frequent answer?"),
    ),
    show=_show,
    verdict=_verdict,
    claims=("monte-carlo",),
    source=mark(
        "Gal & Ghahramani, “Dropout as a Bayesian Approximation”, ICML 2016, figure 4; Gal, “Uncertainty in Deep "
        "Learning” (2016), section 3.3: the uncertainty grows as a digit is rotated, without a number."
    ),
    config=TrainConfig(drop_prob=0.5),
)
