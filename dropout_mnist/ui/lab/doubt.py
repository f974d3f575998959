"""Section 3: Monte Carlo dropout. Does the network know that it does not know?"""

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
from dropout_mnist.ui.lab.subject import Specimen

PASSES = 100
ANGLES = range(0, 361, 10)
# Of the passes lie between the edges of a band.
BAND = 0.8
_SEED = 1


@st.fragment
def show(specimen: Specimen) -> None:
    """Show the section."""
    st.markdown(
        f"**Keep dropping units while it answers, and see how far {PASSES} thinned networks disagree**: Monte Carlo "
        "dropout. If they disagree, the network has not learnt what this is."
    )
    controls, seen = st.columns([2, 1], gap="medium")
    with controls:
        angle = st.slider("Turn the digit (degrees)", 0, 360, 0, 5, key="turned")
        noise = st.slider("Noise", 0.0, 1.0, 0.0, 0.05, key="noise", help="Share of each pixel that is random")
        none = st.toggle("Show them a scribble instead", key="no_digit")
    image = _prepare(specimen.image, angle, noise, none)
    with seen, st.container(key="doubt_input"):
        st.image(
            enlarged_url(image.mul(255).byte(), 5), width=140, alt="What the networks see", caption="What they see"
        )
    probs = _passes(specimen, image[None])[:, 0]
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
        st.caption("Each tick is one thinned network's probability.")
    with right:
        _show_turns(specimen, noise, none, angle)
    st.markdown(
        "*What to see:* turned by 90 or 180 degrees a digit becomes another one or none, and the ticks spread. But the "
        "networks may also agree on nonsense: they share what they never learnt. Measured with the augmented weights "
        "(`benchmarks/doubt.py`), mutual information tells written digits from scribbles *worse* than the full "
        "network's own probabilities do."
    )
    st.caption(
        "Gal & Ghahramani, “Dropout as a Bayesian Approximation”, ICML 2016, figure 4; "
        "Gal, “Uncertainty in Deep Learning” (2016), section 3.3."
    )


def _prepare(image: Tensor, angle: float, noise: float, none: bool) -> Tensor:
    """Return the image, (784,), or a scribble in its stead, turned, and mixed with noise."""
    square = image.reshape(1, IMAGE_SIZE, IMAGE_SIZE)
    if none:
        # Of what is called a 0 only a scribble can be made: mirrored or on its side it would still be one.
        square = make_non_digits(square, torch.zeros(1, dtype=torch.int64), torch.Generator().manual_seed(_SEED))
    turned = Image.fromarray((square[0] * 255).byte().numpy()).rotate(angle, Image.Resampling.BICUBIC)
    pixels = torch.from_numpy(np.asarray(turned, dtype=np.float32) / 255).reshape(INPUT_SIZE)
    return pixels * (1 - noise) + noise * torch.rand(INPUT_SIZE, generator=torch.Generator().manual_seed(_SEED))


def _passes(specimen: Specimen, images: Tensor) -> Tensor:
    """Return the probabilities, (PASSES, N, 10), of different thinned networks for images, (N, 784)."""
    many = images.expand(PASSES, *images.shape).reshape(-1, INPUT_SIZE)
    return thinned_probs(specimen.network, many, specimen.drop_prob, _SEED).reshape(PASSES, len(images), CLASSES)


def _show_numbers(probs: Tensor) -> None:
    mean = probs.mean(dim=0)
    agreed = float((probs.argmax(dim=1) == mean.argmax()).float().mean())
    with st.container(key="doubt_numbers"):
        st.markdown(
            f"Answer of the average: **{int(mean.argmax())}**; **{agreed:.0%}** of the networks agree.  \n"
            f"Entropy: **{float(predictive_entropy(probs)):.2f}** nats, of which mutual information, the networks' "
            f"disagreement: **{float(mutual_information(probs)):.2f}** nats."
        )


def _show_turns(specimen: Specimen, noise: float, none: bool, angle: int) -> None:
    images = torch.stack([_prepare(specimen.image, turn, noise, none) for turn in ANGLES])
    probs = _passes(specimen, images)
    mean = probs.mean(dim=0)
    edges = probs.quantile(torch.tensor([(1 - BAND) / 2, (1 + BAND) / 2]), dim=0)
    # The digits that are ever likely; the rest would be lines at the bottom.
    digits = sorted(mean.amax(dim=0).topk(4).indices.tolist())
    table = pd.DataFrame(
        [
            {
                "degrees": turn,
                "digit": str(digit),
                "mean": float(mean[place, digit]),
                "low": float(edges[0, place, digit]),
                "high": float(edges[1, place, digit]),
            }
            for digit in digits
            for place, turn in enumerate(ANGLES)
        ]
    )
    x = alt.X(
        "degrees:Q",
        title="turned by (degrees)",
        scale=alt.Scale(domain=[0, 360]),
        axis=alt.Axis(values=[0, 90, 180, 270, 360]),
    )
    st.markdown("**All the way round**")
    figure.show(
        charts.bands(table, x, digits) + charts.rule_at(angle, "degrees"),
        table,
        "turns",
        f"Probabilities of {', '.join(map(str, digits))} as the digit is turned from 0 to 360 degrees.",
    )
    st.caption(f"Mean, and where {BAND:.0%} of the networks lie, for the four likeliest digits.")
