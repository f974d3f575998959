"""Section 3: Monte Carlo dropout. Does the network know when it does not know?"""

import altair as alt
import numpy as np
import pandas as pd
import streamlit as st
import torch
from PIL import Image
from torch import Tensor

from dropout_mnist.augmentation.non_digits import make_non_digits
from dropout_mnist.experiments.subnetworks import mutual_information, predictive_entropy, thinned_probs
from dropout_mnist.shapes import CLASSES, IMAGE_SIZE, INPUT_SIZE
from dropout_mnist.ui.images import enlarged_url
from dropout_mnist.ui.lab import charts, figure
from dropout_mnist.ui.lab.subject import Subject

PASSES = 100
ANGLES = range(0, 361, 10)
# The share of the passes that a band in the chart spans.
BAND = 0.8
_SEED = 1


@st.fragment
def show(subject: Subject) -> None:
    """Show the section."""
    st.markdown(
        f"**Monte Carlo dropout: keep dropout on and see how much {PASSES} thinned networks disagree.** The more they "
        "disagree, the less certain the network is about this image."
    )
    controls, preview = st.columns([2, 1], gap="medium")
    with controls:
        angle = st.slider("Rotation (degrees)", 0, 360, 0, 5, key="rotation")
        noise = st.slider("Noise", 0.0, 1.0, 0.0, 0.05, key="noise", help="Share of each pixel that is random")
        scribble = st.toggle("Use a scribble instead of the digit", key="scribble")
    image = _prepare(subject.image, angle, noise, scribble)
    with preview, st.container(key="uncertainty_input"):
        st.image(
            enlarged_url(image.mul(255).byte(), 5), width=140, alt="The networks' input", caption="The networks' input"
        )
    probs = _passes(subject, image[None])[:, 0]
    left, right = st.columns(2, gap="medium")
    with left:
        _show_numbers(probs)
        table = pd.DataFrame({"digit": list(range(CLASSES)) * PASSES, "probability": probs.flatten().tolist()})
        figure.show(
            charts.pass_ticks(table),
            table,
            "passes",
            f"Mean probabilities over {PASSES} passes: "
            + ", ".join(f"{digit} {prob:.0%}" for digit, prob in enumerate(probs.mean(dim=0).tolist())),
        )
        st.caption("Each tick is the probability given by one thinned network.")
    with right:
        _show_rotations(subject, noise, scribble, angle)
    st.markdown(
        "*What to see:* rotated by 90 or 180 degrees, a digit can turn into another digit or a non-digit, and the "
        "ticks spread out. But the networks can also agree on a wrong answer: they share their weights. Measured with "
        "the augmented weights (`benchmarks/doubt.py`), mutual information separates handwritten digits from "
        "non-digits *worse* than the full network's own probabilities do."
    )
    st.caption(
        "Gal & Ghahramani, “Dropout as a Bayesian Approximation”, ICML 2016, figure 4; "
        "Gal, “Uncertainty in Deep Learning” (2016), section 3.3."
    )


def _prepare(image: Tensor, angle: float, noise: float, scribble: bool) -> Tensor:
    """Return the image, or a scribble instead of it, rotated and mixed with noise, (784,) float32 in [0, 1]."""
    square = image.reshape(1, IMAGE_SIZE, IMAGE_SIZE)
    if scribble:
        # Labeled 0, an image always becomes a scribble: a mirrored or rotated 0 would still be a 0.
        square = make_non_digits(square, torch.zeros(1, dtype=torch.int64), torch.Generator().manual_seed(_SEED))
    rotated = Image.fromarray((square[0] * 255).byte().numpy()).rotate(angle, Image.Resampling.BICUBIC)
    pixels = torch.from_numpy(np.asarray(rotated, dtype=np.float32) / 255).reshape(INPUT_SIZE)
    return pixels * (1 - noise) + noise * torch.rand(INPUT_SIZE, generator=torch.Generator().manual_seed(_SEED))


def _passes(subject: Subject, images: Tensor) -> Tensor:
    """Return the probabilities of `PASSES` thinned networks for each image, (N, 784) -> (PASSES, N, 10)."""
    repeated = images.expand(PASSES, *images.shape).reshape(-1, INPUT_SIZE)
    return thinned_probs(subject.network, repeated, subject.drop_prob, _SEED).reshape(PASSES, len(images), CLASSES)


def _show_numbers(probs: Tensor) -> None:
    mean = probs.mean(dim=0)
    agreed = float((probs.argmax(dim=1) == mean.argmax()).float().mean())
    with st.container(key="uncertainty_numbers"):
        st.markdown(
            f"Average answer: **{int(mean.argmax())}**; **{agreed:.0%}** of the networks agree.  \n"
            f"Entropy: **{float(predictive_entropy(probs)):.2f}** nats. Of these, mutual information (the networks' "
            f"disagreement) is **{float(mutual_information(probs)):.2f}** nats."
        )


def _show_rotations(subject: Subject, noise: float, scribble: bool, angle: int) -> None:
    images = torch.stack([_prepare(subject.image, degrees, noise, scribble) for degrees in ANGLES])
    probs = _passes(subject, images)
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
        title="rotation (degrees)",
        scale=alt.Scale(domain=[0, 360]),
        axis=alt.Axis(values=[0, 90, 180, 270, 360]),
    )
    st.markdown("**At every rotation**")
    figure.show(
        charts.bands(table, x, digits) + charts.rule_at(angle, "degrees"),
        table,
        "rotations",
        f"Probabilities of {', '.join(map(str, digits))} as the digit is rotated from 0 to 360 degrees.",
    )
    st.caption(f"Mean and central {BAND:.0%} of the networks, for the four most probable digits.")
