import importlib.metadata
import math
import platform
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, replace

import pytest
import torch
from torch import Tensor

from dropout_mnist.checkpoint import Checkpoint
from dropout_mnist.config import RECIPES, TrainConfig
from dropout_mnist.data.datasets import Dataset, load_dataset
from dropout_mnist.data.label_noise import randomize_labels
from dropout_mnist.dropout import Dropout, GaussianDropout
from dropout_mnist.evaluation import evaluate, predict_batch
from dropout_mnist.hardware.device import choose_device, uses_bfloat16
from dropout_mnist.model import MLP
from dropout_mnist.train_step import StateError, TrainStep, inference_copy
from dropout_mnist.training import BatchProgress, DivergedError, Training, TrainingState, choose_images


@pytest.fixture(params=RECIPES)
def either_recipe(request: pytest.FixtureRequest, tiny_config: TrainConfig) -> TrainConfig:
    """The tiny config in either recipe."""
    return replace(tiny_config, recipe=request.param)


def trained(config: TrainConfig, dataset: Dataset) -> Training:
    """Return a run that has ended."""
    training = Training(config, dataset)
    assert len(list(training)) == config.epochs
    return training


def measurements(training: Training) -> list[dict[str, float]]:
    """Return the history without the times."""
    return [{name: value for name, value in asdict(result).items() if name != "seconds"} for result in training.history]


def same_bits(one: MLP, other: MLP) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))


def changed(state: TrainingState, **tensors: Tensor) -> TrainingState:
    """Return the state with some of its tensors replaced; `__` in a name stands for a dot."""
    return replace(state, tensors=state.tensors | {name.replace("__", "."): value for name, value in tensors.items()})


def test_network_learns(tiny: Dataset, tiny_config: TrainConfig) -> None:
    training = trained(replace(tiny_config, epochs=30), tiny)
    assert training.history[-1].train_loss < training.history[0].train_loss / 2
    assert training.history[-1].test_accuracy == 1
    assert evaluate(training.model, tiny.test).accuracy == 1


def test_each_epoch_is_yielded_with_its_measurements(tiny: Dataset, either_recipe: TrainConfig) -> None:
    training = Training(either_recipe, tiny)
    for epoch, result in enumerate(training, start=1):
        assert result.epoch == epoch
        assert result.seconds > 0
        assert result == training.history[-1]
        measured = evaluate(inference_copy(training.model), tiny.test)
        assert (result.test_loss, result.test_accuracy) == (measured.loss, measured.accuracy)
    assert epoch == either_recipe.epochs


def test_train_loss_is_measured_with_dropout_on(tiny: Dataset, tiny_config: TrainConfig) -> None:
    # At a tiny learning rate the two losses differ by dropout alone.
    still = replace(tiny_config, learning_rate=1e-6, epochs=1, drop_prob=0.9, precision="fp32")
    [dropped] = trained(still, tiny).history
    assert abs(dropped.train_loss - dropped.eval_train_loss) > 0.05
    [whole] = trained(replace(still, drop_prob=0.0), tiny).history
    assert whole.train_loss == pytest.approx(whole.eval_train_loss, abs=1e-3)


def test_same_config_gives_the_same_bits(tiny: Dataset, either_recipe: TrainConfig) -> None:
    one, other = trained(either_recipe, tiny), trained(either_recipe, tiny)
    assert same_bits(one.model, other.model)
    assert measurements(one) == measurements(other)


def test_another_seed_gives_other_bits(tiny: Dataset, either_recipe: TrainConfig) -> None:
    other = replace(either_recipe, seed=2)
    assert not same_bits(trained(either_recipe, tiny).model, trained(other, tiny).model)


@pytest.mark.slow
def test_bits_do_not_depend_on_other_work_in_the_process(digits: Dataset) -> None:
    config = TrainConfig(epochs=2, dataset="digits", device="cpu")
    alone = trained(config, digits)
    end = threading.Event()

    def disturb(work: str) -> None:
        torch.manual_seed(0)
        while not end.is_set():
            if work == "train":
                list(Training(replace(config, seed=9, epochs=1), digits))
            else:
                predict_batch(alone.model, digits.test.pixels)
                torch.rand(10)

    threads = [threading.Thread(target=disturb, args=(work,)) for work in ("train", "predict")]
    for thread in threads:
        thread.start()
    try:
        crowded = trained(config, digits)
    finally:
        end.set()
        for thread in threads:
            thread.join()
    assert same_bits(alone.model, crowded.model)
    assert measurements(alone) == measurements(crowded)


def test_stopped_run_equals_one_of_fewer_epochs(tiny: Dataset, either_recipe: TrainConfig) -> None:
    training = Training(either_recipe, tiny)
    seen: list[BatchProgress] = []
    results = training.run(
        on_batch=seen.append, should_stop=lambda: bool(seen) and seen[-1].epoch == 3 and seen[-1].done >= 20
    )
    assert [result.epoch for result in results] == [1, 2]
    assert (seen[-1].epoch, seen[-1].done) == (3, 20)
    assert same_bits(training.model, trained(replace(either_recipe, epochs=2), tiny).model)
    assert not training.model.training
    assert training.checkpoint().config.epochs == 2


def test_stopped_epoch_leaves_no_trace_when_the_run_continues(tiny: Dataset, either_recipe: TrainConfig) -> None:
    training = Training(either_recipe, tiny)
    for batches in (1, 2):
        answers = iter([False] * batches + [True])
        assert list(training.run(should_stop=lambda answers=answers: next(answers))) == []  # type: ignore[misc]
    next(iter(training))
    list(training)
    whole = trained(either_recipe, tiny)
    assert same_bits(training.model, whole.model)
    assert measurements(training) == measurements(whole)


def test_abandoned_iteration_keeps_the_last_epoch(tiny: Dataset, either_recipe: TrainConfig) -> None:
    training = Training(either_recipe, tiny)
    for _ in training:
        break
    assert same_bits(training.model, trained(replace(either_recipe, epochs=1), tiny).model)


def test_divergence_is_an_error_and_the_last_good_epoch_is_kept(tiny: Dataset, either_recipe: TrainConfig) -> None:
    good = trained(replace(either_recipe, epochs=1), tiny)
    state = replace(good.state, config=either_recipe)
    # Infinite moments make the weights of the next step infinite or not a number.
    moments = torch.full_like(state.tensors["optimizer.0.exp_avg"], float("inf"))
    training = Training(either_recipe, tiny, changed(state, optimizer__0__exp_avg=moments))
    with pytest.raises(DivergedError, match=r"epoch 2.*smaller learning rate"):
        list(training)
    assert len(training.history) == 1
    assert same_bits(training.model, good.model)
    assert training.checkpoint().config.epochs == 1


def test_last_incomplete_batch_is_dropped(tiny: Dataset, tiny_config: TrainConfig) -> None:
    seen: list[BatchProgress] = []
    list(Training(replace(tiny_config, batch_size=15, epochs=1), tiny).run(on_batch=seen.append))
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


def test_augmented_recipe_holds_images_out_for_calibration(digits: Dataset) -> None:
    chosen, held_out = choose_images(TrainConfig.augmented(dataset="digits", train_size=1000), digits)
    assert (len(chosen), len(held_out)) == (950, 50)
    together = torch.cat([chosen.pixels, held_out.pixels])
    plain, _ = choose_images(TrainConfig(dataset="digits", train_size=1000), digits)
    assert torch.equal(together.sum(dim=0), plain.pixels.sum(dim=0))


@pytest.mark.parametrize(
    ("changes", "expected_error"),
    [
        ({"batch_size": 41}, "batch_size 41 is larger than an epoch of 40 images"),
        ({"train_size": 50}, "train_size 50 is more than the 40 training images"),
        ({"dataset": "mnist"}, r"config is for the data set 'mnist', not 'digits': use load_dataset\('mnist'\)"),
    ],
)
def test_config_that_does_not_fit_the_data_set_is_refused(
    tiny: Dataset, tiny_config: TrainConfig, changes: dict[str, int], expected_error: str
) -> None:
    with pytest.raises(ValueError, match=expected_error):
        Training(replace(tiny_config, **changes), tiny)  # type: ignore[arg-type]


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_checkpoint_says_what_it_was_trained_with(tiny: Dataset, tiny_config: TrainConfig, precision: str) -> None:
    training = Training(replace(tiny_config, epochs=1, precision=precision), tiny)
    list(training)
    assert training.checkpoint().versions == {
        "python": platform.python_version(),
        "torch": importlib.metadata.version("torch"),
        "device": training.model.device.type,
        "precision": precision,
    }


def test_run_without_an_epoch_makes_no_checkpoint(tiny: Dataset, tiny_config: TrainConfig) -> None:
    with pytest.raises(ValueError, match="no epoch has finished yet"):
        Training(tiny_config, tiny).checkpoint()


@pytest.mark.parametrize(("capabilities", "expected"), [({}, False), ({"avx512_bf16": True}, True)])
def test_auto_precision_is_bfloat16_where_the_processor_has_it(
    monkeypatch: pytest.MonkeyPatch, capabilities: dict[str, bool], expected: bool
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)
    cpu = torch.device("cpu")
    assert uses_bfloat16("auto", cpu) is expected
    assert uses_bfloat16("bf16", cpu)
    assert not uses_bfloat16("fp32", cpu)


@pytest.mark.slow
def test_bfloat16_learns_as_well_with_float32_weights(digits: Dataset) -> None:
    config = TrainConfig(epochs=3, dataset="digits", device="cpu")
    accuracies = {}
    for precision in ("fp32", "bf16"):
        training = trained(replace(config, precision=precision), digits)
        assert {parameter.dtype for parameter in training.model.parameters()} == {torch.float32}
        accuracies[precision] = training.history[-1].test_accuracy
    assert accuracies["bf16"] == pytest.approx(accuracies["fp32"], abs=0.03)


def test_augmented_recipe_averages_the_weights_of_the_steps(tiny_config: TrainConfig) -> None:
    step = TrainStep(replace(tiny_config, recipe="augmented"))
    step.begin_epoch(1)
    images, labels = torch.rand(10, 784), torch.arange(10)
    average: Sequence[Tensor] = []
    for count in range(5):
        step(images, labels)
        weights = [parameter.detach().clone() for parameter in step.model.parameters()]
        average = (
            [torch.lerp(old, new, 9 / (count + 9)) for old, new in zip(average, weights, strict=True)]
            if count
            else weights
        )
    for parameter, expected in zip(step.trained_model().parameters(), average, strict=True):
        assert torch.allclose(parameter, expected, atol=1e-6)


def test_missing_device_is_refused_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ValueError, match=r"'cuda' is not available.*use device 'auto'"):
        choose_device("cuda")


@pytest.mark.parametrize(
    ("cuda", "mps", "expected"),
    [(False, False, "cpu"), (True, False, "cuda"), (False, True, "mps"), (True, True, "cuda")],
)
def test_auto_device_is_the_fastest_there_is(
    monkeypatch: pytest.MonkeyPatch, cuda: bool, mps: bool, expected: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert choose_device("auto").type == expected
    assert choose_device("cpu").type == "cpu"


def test_seconds_of_an_epoch_are_those_of_its_training(tiny: Dataset, tiny_config: TrainConfig) -> None:
    start = time.perf_counter()
    reported: list[BatchProgress] = []
    results = list(Training(tiny_config, tiny).run(on_batch=reported.append))
    assert sum(result.seconds for result in results) < time.perf_counter() - start
    for result in results:
        last = [progress.seconds for progress in reported if progress.epoch == result.epoch][-1]
        assert last <= result.seconds


def test_inference_copy_shares_nothing() -> None:
    model = MLP((8,))
    copy = inference_copy(model)
    with torch.no_grad():
        next(model.parameters()).zero_()
    assert model.training
    assert not copy.training
    assert next(copy.parameters()).abs().sum() > 0
    assert all(weights.requires_grad for weights in model.parameters())
    assert not any(weights.requires_grad for weights in copy.parameters())


@pytest.mark.slow
def test_costs_are_the_notebooks(mnist_folder: object) -> None:
    # The first two of the costs that the reference notebook gave, run as it is on the same data.
    training = trained(TrainConfig(epochs=2), load_dataset("mnist"))
    assert [result.train_loss for result in training.history] == pytest.approx([0.3078, 0.1464], rel=0.05)
    assert training.history[1].test_accuracy > 0.96


def test_repeats_show_each_image_several_times_per_epoch(tiny: Dataset) -> None:
    config = TrainConfig(dataset="digits", epochs=1, batch_size=20, repeats=3, hidden_sizes=(8,))
    steps: list[BatchProgress] = []
    list(Training(config, tiny).run(on_batch=steps.append))
    assert steps[-1].total == 3 * len(tiny.train)
    assert len(steps) == 3 * len(tiny.train) // 20


@pytest.mark.parametrize(
    ("precision", "repeats", "chooses"), [("bf16", 25, True), ("bf16", 24, False), ("fp32", 25, False)]
)
def test_threads_are_chosen_in_long_runs_of_bfloat16_only(
    tiny: Dataset,
    tiny_config: TrainConfig,
    monkeypatch: pytest.MonkeyPatch,
    precision: str,
    repeats: int,
    chooses: bool,
) -> None:
    chosen: list[bool] = []

    def find(compute: object) -> tuple[int, ...]:
        chosen.append(compute is not None)
        return (1,)

    monkeypatch.setattr("dropout_mnist.training.find_candidates", find)
    # A repeat has four batches.
    config = replace(tiny_config, epochs=1, precision=precision, repeats=repeats)
    list(Training(config, tiny).run(should_stop=lambda: True))
    assert chosen == [chooses]


def test_trying_what_a_run_computes_leaves_no_trace(
    digits: Dataset, either_recipe: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = replace(either_recipe, precision="bf16", batch_size=3, epochs=1, train_size=400)
    tried: list[list[Tensor]] = []

    def find(compute: Callable[[], Iterable[Tensor]] | None) -> tuple[int, ...]:
        assert compute is not None
        tried.extend(list(compute()) for _ in range(2))
        return (1,)

    monkeypatch.setattr("dropout_mnist.training.find_candidates", find)
    after_tries = trained(config, digits)
    for one, other in zip(*tried, strict=True):
        assert torch.equal(one, other)
    # The images, the loss, the state, and the answers that are evaluated after each epoch.
    images, loss, *state, on_train, on_test = tried[0]
    assert len(images) == 999
    assert loss.isfinite()
    assert len(state) > 10
    assert len(on_train) == len(choose_images(config, digits)[0])
    assert len(on_test) == len(digits.test)
    monkeypatch.setattr("dropout_mnist.training.find_candidates", lambda compute: (1,))
    alone = trained(config, digits)
    assert same_bits(after_tries.model, alone.model)
    assert measurements(after_tries) == measurements(alone)


@pytest.mark.parametrize(
    ("batch_size", "precision"), [(3, "bf16"), (8, "fp32"), pytest.param(100, "bf16", marks=pytest.mark.slow)]
)
def test_bits_do_not_depend_on_the_choice_of_threads(
    digits: Dataset, either_recipe: TrainConfig, batch_size: int, precision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    # Enough steps for a choice, also without the images that are held out for calibration.
    size = min(60 * batch_size, 1_000)
    config = replace(
        either_recipe,
        precision=precision,
        batch_size=batch_size,
        epochs=2,
        train_size=size,
        repeats=math.ceil(60 * batch_size / size),
    )
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        chosen = trained(config, digits)
        monkeypatch.setattr("dropout_mnist.training.find_candidates", lambda compute: (2,))
        alone = trained(config, digits)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    assert same_bits(chosen.model, alone.model)
    assert measurements(chosen) == measurements(alone)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_resumed_run_ends_with_the_same_bits(tiny: Dataset, either_recipe: TrainConfig, precision: str) -> None:
    config = replace(either_recipe, epochs=6, precision=precision)
    whole = Training(config, tiny)
    states = [whole.state for _ in whole]
    for state in states:
        resumed = Training(config, tiny, state)
        assert [result.epoch for result in resumed] == list(range(len(state.history) + 1, 7))
        assert measurements(resumed) == measurements(whole)
        assert same_bits(resumed.model, whole.model)


def test_state_does_not_change_when_training_continues(tiny: Dataset, either_recipe: TrainConfig) -> None:
    training = Training(either_recipe, tiny)
    next(iter(training))
    state = training.state
    before = {name: tensor.clone() for name, tensor in state.tensors.items()}
    list(training)
    assert len(state.history) == 1
    assert all(torch.equal(tensor, before[name]) for name, tensor in state.tensors.items())
    # Nor does a run that resumes from it change it.
    list(Training(either_recipe, tiny, state))
    assert all(torch.equal(tensor, before[name]) for name, tensor in state.tensors.items())


def test_state_that_does_not_fit_is_refused(tiny: Dataset, either_recipe: TrainConfig, digits: Dataset) -> None:
    training = Training(either_recipe, tiny)
    next(iter(training))
    state = training.state
    for refused, reason in (
        (replace(state, config=replace(either_recipe, hidden_sizes=(8,))), "not of .* as configured here"),
        (replace(state, dataset_checksum=digits.checksum), "trained on other images"),
        (replace(state, history=state.history * 2), "does not list its epochs"),
        (changed(state, model__layers__0__weight=torch.zeros(2, 2)), "model.layers.0.weight is torch.float32"),
        (changed(state, optimizer__1__exp_avg=torch.zeros(7)), "optimizer.1.exp_avg is"),
        (changed(state, random__shuffler=torch.zeros(3)), "random.shuffler is"),
        (changed(state, extra=torch.zeros(1)), "missing or unknown tensors: extra"),
    ):
        with pytest.raises(StateError, match=reason):
            Training(either_recipe, tiny, refused)
    for missing in ("model.layers.0.bias", "optimizer.0.step", "random.images"):
        rest = {name: tensor for name, tensor in state.tensors.items() if name != missing}
        with pytest.raises(StateError, match=f"missing or unknown tensors: {missing}"):
            Training(either_recipe, tiny, replace(state, tensors=rest))


def test_random_labels_replace_their_share_and_are_all_equally_likely(digits: Dataset) -> None:
    images = digits.train[torch.arange(50_000) % len(digits.train)]
    noisy = randomize_labels(images, 0.4, seed=5)
    assert torch.equal(noisy.pixels, images.pixels)
    wrong = noisy.labels != images.labels
    # One in ten random labels is right.
    assert wrong.float().mean().item() == pytest.approx(0.4 * 0.9, abs=0.01)
    assert (noisy.labels[wrong].bincount(minlength=10) / wrong.sum()).tolist() == pytest.approx([0.1] * 10, abs=0.01)
    assert torch.equal(randomize_labels(images, 0.4, seed=5).labels, noisy.labels)
    assert not torch.equal(randomize_labels(images, 0.4, seed=6).labels, noisy.labels)
    assert torch.equal(randomize_labels(images, 0.0, seed=5).labels, images.labels)


def test_label_noise_leaves_the_test_images_and_the_data_set_alone(digits: Dataset) -> None:
    labels = digits.train.labels.clone()
    noisy = TrainConfig(dataset="digits", label_noise=1.0, epochs=1)
    training = trained(noisy, digits)
    assert torch.equal(digits.train.labels, labels)
    assert training.history[-1].test_accuracy == evaluate(training.model, digits.test).accuracy < 0.5


@pytest.mark.slow
def test_memorized_share_is_of_the_wrong_labels(digits: Dataset) -> None:
    config = TrainConfig(dataset="digits", label_noise=0.4, drop_prob=0.0, epochs=60, seed=3)
    training = trained(config, digits)
    clean, _ = choose_images(config, digits)
    noisy = randomize_labels(clean, 0.4, config.seed)
    wrong = noisy.labels != clean.labels
    answers = evaluate(training.model, noisy).predictions
    assert training.history[-1].memorized == pytest.approx((answers == noisy.labels)[wrong].float().mean().item())
    assert training.history[0].memorized < training.history[-1].memorized  # type: ignore[operator]
    assert trained(replace(config, label_noise=0.0, epochs=1), digits).history[-1].memorized is None


def test_dropout_is_on_in_its_epochs_only(tiny_config: TrainConfig) -> None:
    step = TrainStep(replace(tiny_config, epochs=9, first_dropout_epoch=3, last_dropout_epoch=5))
    on = []
    for epoch in range(1, 10):
        step.begin_epoch(epoch)
        assert step.model.training
        [state] = {layer.training for layer in step.model.layers if isinstance(layer, Dropout)}
        on.append(state)
    assert on == [False, False, True, True, True, False, False, False, False]


def test_kind_of_dropout_reaches_the_network_and_its_checkpoint(tiny: Dataset, tiny_config: TrainConfig) -> None:
    checkpoint = trained(replace(tiny_config, epochs=1, dropout_kind="gaussian"), tiny).checkpoint()
    loaded = Checkpoint.from_bytes(checkpoint.to_bytes(), "gaussian")
    assert sum(isinstance(layer, GaussianDropout) for layer in loaded.model.layers) == len(tiny_config.hidden_sizes)


def test_weight_decay_shrinks_the_weights_besides_adams_step(tiny_config: TrainConfig) -> None:
    images, labels = torch.zeros(10, 784), torch.arange(10)
    config = replace(tiny_config, precision="fp32", learning_rate=0.01)
    steps = [TrainStep(replace(config, weight_decay=decay)) for decay in (0.0, 2.0)]
    before = steps[0].model.layers[0].weight.detach().clone()
    for step in steps:
        step.begin_epoch(1)
        step(images, labels)
    # Black images give the first layer's weights no gradient.
    assert torch.equal(steps[0].model.layers[0].weight, before)
    assert torch.allclose(steps[1].model.layers[0].weight, before * (1 - 0.01 * 2.0))


@pytest.mark.parametrize(
    ("recipe", "rates"),
    [
        ("plain", {1: 0.001, 30: 0.001, 31: 0.001, 120: 0.001}),
        ("augmented", {1: 0.001, 30: 0.001, 31: 0.001 * (30 / 31) ** 0.5, 120: 0.0005}),
    ],
)
def test_learning_rate_falls_after_30_epochs_in_the_augmented_recipe_only(
    tiny_config: TrainConfig, recipe: str, rates: dict[int, float]
) -> None:
    """Adam's first step moves each weight by the learning rate, in the direction of its gradient."""
    images, labels = torch.ones(10, 784), torch.arange(10)
    config = replace(tiny_config, recipe=recipe, learning_rate=0.001, weight_decay=0.0, drop_prob=0.0, precision="fp32")
    for epoch, rate in rates.items():
        step = TrainStep(config)
        before = step.model.layers[-1].bias.detach().clone()
        step.begin_epoch(epoch)
        step(images, labels)
        moved = (step.model.layers[-1].bias - before).abs().max().item()
        assert moved == pytest.approx(rate, rel=1e-3)


def test_gradients_of_earlier_batches_are_forgotten(tiny_config: TrainConfig) -> None:
    step = TrainStep(replace(tiny_config, precision="fp32", drop_prob=0.0))
    step.begin_epoch(1)
    for labels in (torch.arange(10), torch.zeros(10, dtype=torch.int64)):
        images = torch.ones(10, 784)
        expected = torch.autograd.grad(
            torch.nn.functional.cross_entropy(step.model(images), labels), list(step.model.parameters())
        )
        step(images, labels)
    for weights, gradient in zip(step.model.parameters(), expected, strict=True):
        torch.testing.assert_close(weights.grad, gradient)
