import math

import pytest
import torch

from dropout_mnist.checkpoint import Checkpoint
from dropout_mnist.data.datasets import Dataset, Split
from dropout_mnist.evaluation import Doubt, EpochResult, Evaluation, Prediction, evaluate, predict, predict_batch
from dropout_mnist.model import MLP


def answers(predictions: list[int], labels: list[int], confidence: float = 0.9) -> Evaluation:
    probs = torch.full((len(labels), 10), (1 - confidence) / 9)
    probs[torch.arange(len(labels)), torch.tensor(predictions)] = confidence
    return Evaluation(1.0, probs, torch.tensor(labels))


def test_accuracy_is_correct_over_total() -> None:
    evaluation = answers([1, 2, 3, 3], [1, 2, 3, 4])
    assert (evaluation.correct, evaluation.total, evaluation.accuracy) == (3, 4, 0.75)


def test_confusion_has_labels_in_rows_and_predictions_in_columns() -> None:
    confusion = answers([9, 4, 4], [4, 4, 9]).confusion
    assert confusion[4, 9] == confusion[4, 4] == confusion[9, 4] == 1
    assert confusion.sum() == 3


def test_digit_accuracy_is_none_without_images() -> None:
    digit_accuracy = answers([1, 7], [1, 1]).digit_accuracy
    assert digit_accuracy[1] == 0.5
    assert digit_accuracy[0] is None


def test_top_confusions_come_most_frequent_first() -> None:
    evaluation = answers([9, 9, 7, 4, 1], [4, 4, 1, 4, 1])
    assert evaluation.top_confusions(5) == [(4, 9, 2), (1, 7, 1)]
    assert evaluation.top_confusions(1) == [(4, 9, 2)]


def prediction(**probs: float) -> Prediction:
    """Give some digits their probability (`d4=0.5`), and the others what is left in equal parts."""
    given = {int(name[1]): prob for name, prob in probs.items()}
    rest = (1 - sum(given.values())) / (10 - len(given))
    return Prediction(tuple(given.get(digit, rest) for digit in range(10)))


@pytest.mark.parametrize(
    ("answer", "doubt"),
    [
        (prediction(d4=0.95), Doubt.NONE),
        (prediction(d4=0.9, d9=0.1), Doubt.NONE),
        (prediction(d4=0.89, d9=0.1), Doubt.AMBIGUOUS),
        (prediction(d4=0.89, d9=0.09), Doubt.UNSURE),
        (prediction(d4=0.4, d9=0.36), Doubt.AMBIGUOUS),
        (prediction(d4=0.4, d9=0.34), Doubt.NOT_A_DIGIT),
        (prediction(), Doubt.NOT_A_DIGIT),
    ],
)
def test_doubt_names_a_second_digit_only_if_it_is_possible(answer: Prediction, doubt: Doubt) -> None:
    assert answer.doubt is doubt


def test_ranking_begins_with_the_answer() -> None:
    answer = prediction(d4=0.6, d9=0.3)
    assert answer.digit == 4
    assert answer.ranking[:2] == (4, 9)
    assert sorted(answer.ranking) == list(range(10))


def test_mistakes_come_most_confident_first() -> None:
    evaluation = answers([1, 2, 3, 4], [1, 0, 0, 0])
    evaluation.probs[2, 3] = 0.99
    assert evaluation.mistakes == [2, 1, 3]


def test_images_of_the_same_confidence_keep_their_order() -> None:
    probs = torch.zeros(2_000, 10)
    probs[:, 3] = 1.0
    evaluation = Evaluation(0.0, probs, torch.full((2_000,), 4))
    assert evaluation.mistakes == list(range(2_000))


def test_images_of_a_confusion_come_most_confident_first() -> None:
    evaluation = answers([9, 4, 9, 9], [4, 4, 9, 4])
    evaluation.probs[3, 9] = 0.99
    assert evaluation.find(label=4, prediction=9) == [3, 0]
    assert evaluation.find(label=9, prediction=4) == []


def test_loss_is_the_mean_cross_entropy() -> None:
    model = MLP((4,), 0.0).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    [prediction] = predict_batch(model, torch.zeros(1, 784, dtype=torch.uint8))
    assert prediction.probs == pytest.approx([0.1] * 10)

    split = Split(torch.zeros(5, 784, dtype=torch.uint8), torch.arange(5))
    assert evaluate(model, split).loss == pytest.approx(math.log(10))


def test_model_in_train_mode_is_refused_and_left_alone(tiny: Dataset) -> None:
    model = MLP((4,), 0.5)
    with pytest.raises(ValueError, match=r"call model\.eval"):
        evaluate(model, tiny.test)
    assert model.training


def test_empty_split_is_refused(checkpoint: Checkpoint, tiny: Dataset) -> None:
    with pytest.raises(ValueError, match="no images"):
        evaluate(checkpoint.model, tiny.test[:0])


def test_answers_do_not_depend_on_the_size_of_the_batch(checkpoint: Checkpoint, tiny: Dataset) -> None:
    together = predict_batch(checkpoint.model, tiny.test.pixels)
    alone = [predict(checkpoint.model, row) for row in tiny.test.pixels]
    assert [prediction.digit for prediction in together] == [prediction.digit for prediction in alone]  # type: ignore[union-attr]
    for one, other in zip(together, alone, strict=True):
        assert one.probs == pytest.approx(other.probs, abs=1e-5)  # type: ignore[union-attr]


def test_calibration_error_adds_up_overconfidence_and_underconfidence() -> None:
    # Half the answers are 95 % confident and always wrong, half are 55 % confident and always right.
    probs = torch.zeros(4, 10)
    probs[:2, 1], probs[:2, 0] = 0.95, 0.05
    probs[2:, 2], probs[2:, 0] = 0.55, 0.45
    evaluation = Evaluation(1.0, probs, torch.tensor([0, 0, 2, 2]))
    assert evaluation.calibration_error == pytest.approx((0.95 + 0.45) / 2)


def test_only_a_split_is_evaluated(checkpoint: Checkpoint, tiny: Dataset) -> None:
    with pytest.raises(TypeError, match=r"a split is needed, such as dataset\.test, not Dataset"):
        evaluate(checkpoint.model, tiny)  # type: ignore[arg-type]


def test_results_print_as_one_line(checkpoint: Checkpoint, tiny: Dataset) -> None:
    assert repr(evaluate(checkpoint.model, tiny.test)).startswith("Evaluation(accuracy=")
    assert repr(tiny) == "Dataset('digits', 40 training and 40 test images)"
    assert repr(tiny.test) == "Split(40 images)"
    assert repr(prediction(d4=0.95)) == "Prediction(digit=4, confidence=0.9500, doubt='sure')"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("train_loss", float("nan")),
        ("test_loss", -1),
        ("test_accuracy", 1.01),
        ("seconds", "x"),
        ("test_loss", True),
        ("memorized", 1.01),
    ],
)
def test_epoch_result_holds_measurements_only(name: str, value: object) -> None:
    values = dict.fromkeys(("train_loss", "eval_train_loss", "test_loss", "seconds"), 0.5)
    values |= {"eval_train_accuracy": 1.0, "test_accuracy": 0.0}
    EpochResult(epoch=1, **values)
    with pytest.raises(ValueError, match=f"{name} must be a number from 0 to"):
        EpochResult(epoch=1, **values | {name: value})  # type: ignore[arg-type]
