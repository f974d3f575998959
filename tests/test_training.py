import threading
from dataclasses import asdict, replace

import pytest
import torch

from dropout_mnist.config import RECIPES, TrainConfig
from dropout_mnist.data.datasets import Dataset, load_dataset
from dropout_mnist.evaluation import evaluate, predict
from dropout_mnist.model import MLP
from dropout_mnist.train_step import Learner
from dropout_mnist.training import (
    BatchProgress,
    DivergedError,
    EpochResult,
    TrainingState,
    build_model,
    choose_device,
    choose_images,
    inference_copy,
    train,
    uses_bfloat16,
)


@pytest.fixture(params=RECIPES)
def either_recipe(request: pytest.FixtureRequest, tiny_config: TrainConfig) -> TrainConfig:
    """The tiny config in either recipe."""
    return replace(tiny_config, recipe=request.param)


def run(config: TrainConfig, dataset: Dataset) -> tuple[MLP, list[dict[str, float]]]:
    model = build_model(config)
    history = [asdict(result) for result in train(config, dataset, model)]
    for result in history:
        del result["seconds"]
    return model, history


def same_bits(one: MLP, other: MLP) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))


def test_network_learns(tiny: Dataset, tiny_config: TrainConfig) -> None:
    model, history = run(replace(tiny_config, epochs=30), tiny)
    assert history[-1]["train_loss"] < history[0]["train_loss"] / 2
    assert history[-1]["test_accuracy"] == 1
    assert evaluate(model, tiny.test).accuracy == 1


def test_each_epoch_is_yielded_with_its_measurements(tiny: Dataset, either_recipe: TrainConfig) -> None:
    model = build_model(either_recipe)
    for epoch, result in enumerate(train(either_recipe, tiny, model), start=1):
        assert result.epoch == epoch
        assert result.seconds > 0
        measured = evaluate(inference_copy(model), tiny.test)
        assert (result.test_loss, result.test_accuracy) == (measured.loss, measured.accuracy)
    assert epoch == either_recipe.epochs


def test_cost_is_measured_with_dropout_on(tiny: Dataset, tiny_config: TrainConfig) -> None:
    # At a learning rate of almost nothing the two losses differ by dropout alone.
    still = replace(tiny_config, learning_rate=1e-12, epochs=1, drop_prob=0.9, precision="fp32")
    [dropped] = run(still, tiny)[1]
    assert abs(dropped["train_loss"] - dropped["eval_train_loss"]) > 0.05
    [whole] = run(replace(still, drop_prob=0.0), tiny)[1]
    assert whole["train_loss"] == pytest.approx(whole["eval_train_loss"], abs=1e-5)


def test_same_config_gives_the_same_bits(tiny: Dataset, either_recipe: TrainConfig) -> None:
    (model, history), (again, history_again) = run(either_recipe, tiny), run(either_recipe, tiny)
    assert same_bits(model, again)
    assert history == history_again


def test_another_seed_gives_other_bits(tiny: Dataset, either_recipe: TrainConfig) -> None:
    assert not same_bits(run(either_recipe, tiny)[0], run(replace(either_recipe, seed=2), tiny)[0])


def test_bits_are_the_same_beside_other_trainings_and_predictions(digits: Dataset) -> None:
    config = TrainConfig(epochs=2, dataset="digits", device="cpu")
    alone, history = run(config, digits)
    end = threading.Event()

    def disturb(work: str) -> None:
        torch.manual_seed(0)
        while not end.is_set():
            if work == "train":
                list(train(replace(config, seed=9, epochs=1), digits))
            else:
                predict(alone, digits.test.pixels)
                torch.rand(10)

    threads = [threading.Thread(target=disturb, args=(work,)) for work in ("train", "predict")]
    for thread in threads:
        thread.start()
    try:
        crowded, crowded_history = run(config, digits)
    finally:
        end.set()
        for thread in threads:
            thread.join()
    assert same_bits(alone, crowded)
    assert history == crowded_history


def test_stopped_training_equals_one_of_fewer_epochs(tiny: Dataset, either_recipe: TrainConfig) -> None:
    model = build_model(either_recipe)
    seen: list[BatchProgress] = []
    results = list(
        train(
            either_recipe,
            tiny,
            model,
            on_batch=seen.append,
            should_stop=lambda: bool(seen) and seen[-1].epoch == 3 and seen[-1].done >= 20,
        )
    )
    assert [result.epoch for result in results] == [1, 2]
    assert (seen[-1].epoch, seen[-1].done) == (3, 20)
    assert same_bits(model, run(replace(either_recipe, epochs=2), tiny)[0])
    assert not model.training


def test_training_abandoned_by_its_caller_keeps_the_last_epoch(tiny: Dataset, either_recipe: TrainConfig) -> None:
    model = build_model(either_recipe)
    iteration = train(either_recipe, tiny, model)
    next(iteration)
    iteration.close()  # type: ignore[attr-defined]
    assert same_bits(model, run(replace(either_recipe, epochs=1), tiny)[0])


def test_divergence_is_an_error_and_the_last_good_epoch_is_kept(
    tiny: Dataset, either_recipe: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    history: list[EpochResult] = []
    steps: list[torch.Tensor] = []
    step = Learner.step

    def spoil(learner: Learner, *batch: torch.Tensor) -> torch.Tensor:
        loss = step(learner, *batch)
        steps.append(loss)
        if len(steps) > len(choose_images(either_recipe, tiny)[0]) // either_recipe.batch_size:
            next(learner.learnt().parameters()).data.fill_(float("inf"))
        return loss

    monkeypatch.setattr(Learner, "step", spoil)
    model = build_model(either_recipe)
    with pytest.raises(DivergedError, match=r"epoch 2.*smaller learning rate"):
        history.extend(train(either_recipe, tiny, model))
    assert len(history) == 1
    monkeypatch.undo()
    assert same_bits(model, run(replace(either_recipe, epochs=1), tiny)[0])


def test_last_incomplete_batch_is_dropped(tiny: Dataset, tiny_config: TrainConfig) -> None:
    seen: list[BatchProgress] = []
    list(train(replace(tiny_config, batch_size=15, epochs=1), tiny, on_batch=seen.append))
    assert [progress.done for progress in seen] == [15, 30]
    assert seen[0].total == 30


def test_train_size_chooses_images_by_the_seed(digits: Dataset) -> None:
    config = TrainConfig(train_size=100, dataset="digits")
    chosen, held_out = choose_images(config, digits)
    again, _ = choose_images(config, digits)
    others, _ = choose_images(replace(config, seed=2), digits)
    assert len(chosen) == len(others) == 100
    assert torch.equal(chosen.pixels, again.pixels)
    assert not torch.equal(chosen.pixels, others.pixels)
    assert not len(held_out)


def test_augmented_recipe_holds_images_out_to_calibrate_on(digits: Dataset) -> None:
    chosen, held_out = choose_images(TrainConfig.of_recipe("augmented", dataset="digits", train_size=1000), digits)
    assert (len(chosen), len(held_out)) == (950, 50)
    together = torch.cat([chosen.pixels, held_out.pixels])
    plain, _ = choose_images(TrainConfig(dataset="digits", train_size=1000), digits)
    assert torch.equal(together.sum(dim=0), plain.pixels.sum(dim=0))


@pytest.mark.parametrize(
    ("changes", "expected_error"),
    [
        ({"batch_size": 41}, "batch_size 41 is larger than an epoch of 40 images"),
        ({"train_size": 50}, "train_size 50 is more than the 40 training images"),
    ],
)
def test_config_that_does_not_fit_the_data_is_refused(
    tiny: Dataset, tiny_config: TrainConfig, changes: dict[str, int], expected_error: str
) -> None:
    with pytest.raises(ValueError, match=expected_error):
        next(train(replace(tiny_config, **changes), tiny))  # type: ignore[arg-type]


@pytest.mark.parametrize(("capabilities", "expected"), [({}, False), ({"avx512_bf16": True}, True)])
def test_auto_precision_is_bfloat16_where_the_processor_has_it(
    monkeypatch: pytest.MonkeyPatch, capabilities: dict[str, bool], expected: bool
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)
    cpu = torch.device("cpu")
    assert uses_bfloat16("auto", cpu) is expected
    assert uses_bfloat16("bf16", cpu)
    assert not uses_bfloat16("fp32", cpu)


def test_low_precision_learns_as_well_with_float32_weights(digits: Dataset) -> None:
    config = TrainConfig(epochs=3, dataset="digits", device="cpu")
    accuracies = {}
    for precision in ("fp32", "bf16"):
        model, history = run(replace(config, precision=precision), digits)
        assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
        accuracies[precision] = history[-1]["test_accuracy"]
    assert accuracies["bf16"] == pytest.approx(accuracies["fp32"], abs=0.03)


def test_augmented_recipe_gives_the_average_of_the_steps(tiny: Dataset, tiny_config: TrainConfig) -> None:
    config = replace(tiny_config, recipe="augmented", epochs=1)
    steps: list[list[torch.Tensor]] = []

    def note(learner: Learner, *batch: torch.Tensor) -> torch.Tensor:
        loss = step(learner, *batch)
        steps.append([parameter.detach().clone() for parameter in learner.model.parameters()])
        return loss

    step = Learner.step
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Learner, "step", note)
        model, _ = run(config, tiny)
    average = steps[0]
    for count, weights in enumerate(steps[1:], start=1):
        average = [torch.lerp(old, new, 9 / (count + 9)) for old, new in zip(average, weights, strict=True)]
    for parameter, expected in zip(model.parameters(), average, strict=True):
        assert torch.allclose(parameter, expected, atol=1e-6)


def test_missing_device_is_refused_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ValueError, match=r"'cuda' is not available.*use device 'auto'"):
        choose_device("cuda")


def test_inference_copy_shares_nothing() -> None:
    model = build_model(TrainConfig(hidden_sizes=(8,), device="cpu"))
    copy = inference_copy(model)
    with torch.no_grad():
        next(model.parameters()).zero_()
    assert model.training
    assert not copy.training
    assert next(copy.parameters()).abs().sum() > 0


def test_costs_are_the_notebooks(mnist_folder: object) -> None:
    # The first two of the costs that the reference notebook gave, run as it is on the same data.
    results = list(train(TrainConfig(epochs=2), load_dataset("mnist")))
    assert [result.train_loss for result in results] == pytest.approx([0.3078, 0.1464], rel=0.05)
    assert results[1].test_accuracy > 0.96


def test_repeats_show_each_image_so_often_in_an_epoch(tiny: Dataset) -> None:
    config = TrainConfig(dataset="digits", epochs=1, batch_size=20, repeats=3, hidden_sizes=(8,))
    steps: list[BatchProgress] = []
    list(train(config, tiny, on_batch=steps.append))
    assert steps[-1].total == 3 * len(tiny.train)
    assert len(steps) == 3 * len(tiny.train) // 20


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_training_gone_on_with_ends_as_if_it_had_not_been_interrupted(
    tiny: Dataset, either_recipe: TrainConfig, precision: str
) -> None:
    config = replace(either_recipe, epochs=6, precision=precision)
    whole, history = run(config, tiny)
    states: list[TrainingState] = []

    def keep(state: TrainingState) -> None:
        states.append(TrainingState(state.history, {name: tensor.clone() for name, tensor in state.tensors.items()}))

    list(train(config, tiny, on_state=keep))
    for state in states:
        model = build_model(config)
        rest = [asdict(result) for result in train(config, tiny, model, state=state)]
        assert [result["epoch"] for result in rest] == list(range(len(state.history) + 1, 7))
        assert [result["train_loss"] for result in rest] == [
            result["train_loss"] for result in history[len(state.history) :]
        ]
        assert same_bits(model, whole)


def test_state_of_another_config_is_refused(tiny: Dataset, tiny_config: TrainConfig) -> None:
    states: list[TrainingState] = []
    list(train(tiny_config, tiny, on_state=states.append))
    with pytest.raises((KeyError, RuntimeError)):
        list(train(replace(tiny_config, hidden_sizes=(8,)), tiny, state=states[0]))
