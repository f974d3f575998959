"""The network's answer in words. The live panel fills the same sentences in the browser."""

from dropout_mnist.evaluation import Doubt, Prediction
from dropout_mnist.shapes import CLASSES
from dropout_mnist.ui.language import translate as _

# A model that reads a smaller share of the test images is unsure about digits too, so its doubt is its own.
WEAK = 0.9


def describe(answer: Prediction, test_accuracy: float) -> str:
    """Return what to say about an answer besides the digit; nothing if the answer is sure.

    Args:
        answer: of a network.
        test_accuracy: the network's, a fraction.
    """
    first, second = (digit_names()[digit] for digit in answer.ranking[:2])
    sentence = sentences(test_accuracy)[answer.doubt].format(first=first, second=second)
    return sentence[:1].upper() + sentence[1:]


def sentences(test_accuracy: float) -> dict[Doubt, str]:
    """Return the sentence for each doubt of a network.

    `{first}` and `{second}` stand for the names of the two most probable digits, as `digit_names` has them. A sentence
    that begins with one begins with a capital letter.
    """
    return {
        Doubt.NONE: "",
        Doubt.UNSURE: _("Probably {first}."),
        Doubt.AMBIGUOUS: _("{first}, or perhaps {second}."),
        Doubt.NOT_A_DIGIT: _("This doesn't look like a digit. If it is one, perhaps {first}.")
        if test_accuracy >= WEAK
        else _("This model cannot tell (it reads {share} of the test images).", share=f"{test_accuracy:.0%}"),
    }


def digit_names() -> list[str]:
    """Return the ten digits with their articles, as they stand within a sentence."""
    return [_("an {digit}", digit=digit) if digit == 8 else _("a {digit}", digit=digit) for digit in range(CLASSES)]
