"""Training images with random labels: what their labels say, and what a network says."""

import streamlit as st

from dropout_mnist.config import TrainConfig
from dropout_mnist.data.label_noise import randomize_labels
from dropout_mnist.evaluation import evaluate
from dropout_mnist.model import MLP
from dropout_mnist.training import choose_images
from dropout_mnist.ui.images import enlarged_url
from dropout_mnist.ui.language import translate as _
from dropout_mnist.ui.resources import get_dataset

_SHOWN = 12
# Of the wrong labels, this many are looked at.
_SAMPLE = 1_000


def show(network: MLP, config: TrainConfig) -> None:
    """Show wrongly labeled training images of a run with its network's answers.

    Args:
        network: trained with `config`.
        config: with label noise.
    """
    clean = choose_images(config, get_dataset(config.dataset))[0]
    noisy = randomize_labels(clean, config.label_noise, config.seed)
    numbers = (noisy.labels != clean.labels).nonzero().flatten()[:_SAMPLE]
    if not len(numbers):
        st.caption(_("No training image has a wrong label."))
        return
    answers = evaluate(network, noisy[numbers]).predictions
    labels, digits = noisy.labels[numbers], clean.labels[numbers]
    memorized, right = int((answers == labels).sum()), int((answers == digits).sum())
    st.container(key="gallery_text").markdown(
        _(
            "Of {count} wrongly labeled training images, the network answers **{memorized}** as they are labeled: it "
            "has memorized them. **{right}** it answers as the digit that they show.",
            count=f"{len(numbers):,}",
            memorized=f"{memorized:,}",
            right=f"{right:,}",
        )
    )
    with st.container(key="gallery", horizontal=True, gap="small"):
        for number, label, answer in zip(numbers[:_SHOWN], labels.tolist(), answers.tolist(), strict=False):
            caption = _("label {label}, network {answer}", label=label, answer=answer)
            st.image(enlarged_url(clean.pixels[number], 3), width=84, caption=caption, alt=caption)
