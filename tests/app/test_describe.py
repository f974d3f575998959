"""Answers in words."""

import pytest

from dropout_mnist.evaluation import Doubt, Prediction
from dropout_mnist.ui.describe import WEAK, describe


def prediction(**probs: float) -> Prediction:
    """Give some digits their probability (`d4=0.5`), and the others what is left in equal parts."""
    given = {int(name[1]): prob for name, prob in probs.items()}
    rest = (1 - sum(given.values())) / (10 - len(given))
    return Prediction(tuple(given.get(digit, rest) for digit in range(10)))


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (prediction(d4=0.95), ""),
        (prediction(d4=0.85, d9=0.12), "A 4, or perhaps a 9."),
        (prediction(d8=0.85, d4=0.12), "An 8, or perhaps a 4."),
        (prediction(d4=0.85, d8=0.02), "Probably a 4."),
        (prediction(d8=0.3), "This doesn't look like a digit. If it is one, perhaps an 8."),
    ],
)
def test_answer_names_a_second_digit_only_if_it_is_possible(answer: Prediction, sentence: str) -> None:
    assert describe(answer, test_accuracy=0.99) == sentence


def test_doubt_of_a_weak_model_is_its_own() -> None:
    answer = prediction(d4=0.3)
    assert answer.doubt is Doubt.NOT_A_DIGIT
    assert describe(answer, test_accuracy=0.509) == "This model cannot tell (it reads 51% of the test images)."
    assert "doesn't look like a digit" in describe(answer, WEAK)
