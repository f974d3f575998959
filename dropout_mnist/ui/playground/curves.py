"""The curves of a run, and what they mean."""

from collections.abc import Sequence

import streamlit as st

from dropout_mnist.evaluation import EpochResult
from dropout_mnist.ui import charts
from dropout_mnist.ui.format import epochs


def show(history: Sequence[EpochResult], recipe: str) -> None:
    """Show losses and accuracies over the epochs of a run by this recipe."""
    loss, accuracy = st.columns(2, gap="medium")
    last = history[-1]
    loss.altair_chart(
        charts.loss_curves(history, recipe),
        key="loss_chart",
        alt=f"Losses of {epochs(last.epoch)}; the last: {charts.TRAIN_LOSS_NAMES[recipe]} {last.train_loss:.4f}, "
        f"train with dropout off {last.eval_train_loss:.4f}, test {last.test_loss:.4f}",
    )
    accuracy.altair_chart(
        charts.accuracy_curves(history),
        key="accuracy_chart",
        alt=f"Accuracies of {epochs(last.epoch)}; the last: train {last.eval_train_accuracy:.2%}, "
        f"test {last.test_accuracy:.2%}",
    )


def explain() -> None:
    """Show what the curves mean, and what train() and eval() change."""
    with st.expander("Why does the training loss start above the test loss? What do train() and eval() change?"):
        st.markdown(
            "**The orange curve** is measured *with dropout on*: on networks with a share of their units missing, "
            "while they learn, and averaged over the epoch. Green and blue are measured after the epoch *with dropout "
            "off*, on the whole network, which does better. The more units are dropped, the later the orange curve "
            "crosses below the blue one, if ever: compare the weights with `drop_prob` 0.00, 0.30 and 0.50. The "
            "*augmented* recipe's orange curve is high for another reason: its images are varied, and a tenth of them "
            "are non-digits, for which only ten equal probabilities are right.\n\n"
            "**train() and eval()** switch dropout on and off, and for this network that is all they do. In train() "
            "each hidden unit is set to zero with probability `drop_prob`, and the rest are scaled by "
            "1/(1 - `drop_prob`), so that the next layer receives as much on average. In eval() nothing is dropped "
            "and nothing is scaled. (Running statistics belong to batch normalization; there is none here.)"
        )
