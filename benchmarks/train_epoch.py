"""Compare the seconds per epoch of the notebook's recipe: this project, the notebook's loop, and the arithmetic alone.

All run in one process, one epoch of each in turn, for several rounds. Ratios are taken within a round. Keras and JAX
are included if they are installed (`benchmarks/requirements.txt`), with the same network, batches, dropout and
optimizer.

usage: python -m benchmarks.train_epoch [ROUNDS]
"""

import json
import os
import statistics
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from itertools import pairwise
from time import perf_counter

import torch
from torch import nn
from torch.nn import functional as F

from benchmarks.machine import describe_machine
from dropout_mnist.config import TrainConfig
from dropout_mnist.data.datasets import Dataset, load_dataset
from dropout_mnist.data.mnist_files import raw_folder
from dropout_mnist.preprocessing.inputs import scale
from dropout_mnist.shapes import CLASSES, INPUT_SIZE
from dropout_mnist.training import Training

CONFIG = TrainConfig()
SIZES = (INPUT_SIZE, *CONFIG.hidden_sizes, CLASSES)


def ours(dataset: Dataset, precision: str) -> Iterator[float]:
    """Yield the seconds of each epoch of `Training`."""
    for result in Training(TrainConfig(precision=precision, epochs=1_000), dataset):
        yield result.seconds


def notebook() -> Iterator[float]:
    """Yield the seconds of each epoch of the notebook's loop: DataLoader, ToTensor, costs added as tensors."""
    from torchvision import transforms
    from torchvision.datasets import MNIST

    torch.manual_seed(CONFIG.seed)
    images = MNIST(raw_folder().parents[1], train=True, transform=transforms.ToTensor())
    loader = torch.utils.data.DataLoader(images, batch_size=CONFIG.batch_size, shuffle=True, drop_last=True)
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(SIZES):
        layers += [nn.Linear(inputs, outputs), nn.ReLU(), nn.Dropout(CONFIG.drop_prob)]
        nn.init.xavier_uniform_(layers[-3].weight)
    model = nn.Sequential(*layers[:-2])
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=CONFIG.learning_rate)
    model.train()
    while True:
        begin = perf_counter()
        cost_of_epoch = 0
        for batch, labels in loader:
            optimizer.zero_grad()
            cost = criterion(model(batch.view(-1, INPUT_SIZE)), labels)
            cost.backward()
            optimizer.step()
            cost_of_epoch += cost / len(loader)
        yield perf_counter() - begin


def products(dtype: torch.dtype, batches: int) -> Iterator[float]:
    """Yield the seconds of an epoch's matrix products alone: forward, gradients of weights and activations."""
    random = torch.Generator().manual_seed(0)
    shapes = list(pairwise(SIZES))
    weights = [torch.rand(outputs, inputs, generator=random).to(dtype) for inputs, outputs in shapes]
    activations = [torch.rand(CONFIG.batch_size, size, generator=random).to(dtype) for size in SIZES]
    while True:
        begin = perf_counter()
        for _ in range(batches):
            for number, weight in enumerate(weights):
                F.linear(activations[number], weight)
                gradient = activations[number + 1]
                gradient.T @ activations[number]
                if number:
                    gradient @ weight
        yield perf_counter() - begin


def keras(dataset: Dataset) -> Iterator[float]:
    """Yield the seconds of each epoch of Keras's `fit`."""
    os.environ.setdefault("KERAS_BACKEND", "jax")
    import keras as framework

    layers = [framework.Input((INPUT_SIZE,))]
    for size in CONFIG.hidden_sizes:
        layers += [framework.layers.Dense(size, "relu"), framework.layers.Dropout(CONFIG.drop_prob)]
    model = framework.Sequential([*layers, framework.layers.Dense(CLASSES)])
    loss = framework.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(framework.optimizers.Adam(CONFIG.learning_rate), loss)
    images, labels = scale(dataset.train.pixels).numpy(), dataset.train.labels.numpy()
    while True:
        begin = perf_counter()
        model.fit(images, labels, batch_size=CONFIG.batch_size, verbose=0)
        yield perf_counter() - begin


def jax(dataset: Dataset) -> Iterator[float]:
    """Yield the seconds of each epoch of a loop over jitted steps in JAX, with its own Adam."""
    import jax as framework
    from jax import numpy as jnp

    images, labels = jnp.asarray(scale(dataset.train.pixels).numpy()), jnp.asarray(dataset.train.labels.numpy())
    keys = framework.random.split(framework.random.key(CONFIG.seed), len(SIZES))
    glorot = framework.nn.initializers.glorot_uniform()
    params = [(glorot(key, shape), jnp.zeros(shape[1])) for key, shape in zip(keys, pairwise(SIZES), strict=False)]

    def loss_of(params, batch, answers, key):  # type: ignore[no-untyped-def]
        for weight, bias in params[:-1]:
            key, mask_key = framework.random.split(key)
            batch = framework.nn.relu(batch @ weight + bias)
            kept = framework.random.bernoulli(mask_key, 1 - CONFIG.drop_prob, batch.shape)
            batch = jnp.where(kept, batch / (1 - CONFIG.drop_prob), 0)
        weight, bias = params[-1]
        chosen = framework.nn.log_softmax(batch @ weight + bias)[jnp.arange(len(answers)), answers]
        return -chosen.mean()

    @framework.jit
    def step(state, indices, key):  # type: ignore[no-untyped-def]
        params, first, second, count = state
        loss, gradients = framework.value_and_grad(loss_of)(params, images[indices], labels[indices], key)
        count = count + 1
        tree = framework.tree.map
        first = tree(lambda m, g: 0.9 * m + 0.1 * g, first, gradients)
        second = tree(lambda v, g: 0.999 * v + 0.001 * g * g, second, gradients)
        rate = CONFIG.learning_rate * jnp.sqrt(1 - 0.999**count) / (1 - 0.9**count)
        params = tree(lambda p, m, v: p - rate * m / (jnp.sqrt(v) + 1e-8), params, first, second)
        return (params, first, second, count), loss

    zeros = framework.tree.map(jnp.zeros_like, params)
    state, key = (params, zeros, zeros, 0), keys[-1]
    while True:
        begin = perf_counter()
        key, order_key, *mask_keys = framework.random.split(key, 2 + len(images) // CONFIG.batch_size)
        order = framework.random.permutation(order_key, len(images)).reshape(-1, CONFIG.batch_size)
        for indices, mask_key in zip(order, mask_keys, strict=True):
            state, loss = step(state, indices, mask_key)
        loss.block_until_ready()
        yield perf_counter() - begin


def main(rounds: int) -> None:
    """Print tables, and the same as JSON."""
    dataset = load_dataset("mnist")
    batches = len(dataset.train) // CONFIG.batch_size
    runs: dict[str, Iterator[float]] = {
        "this project, fp32": ours(dataset, "fp32"),
        "this project, auto": ours(dataset, "auto"),
        "notebook's loop": notebook(),
        "matrix products alone, fp32": products(torch.float32, batches),
        "matrix products alone, bf16": products(torch.bfloat16, batches),
    }
    others: dict[str, Callable[[Dataset], Iterator[float]]] = {"keras": keras, "jax": jax}
    runs |= {name: begin(dataset) for name, begin in others.items() if find_spec(name)}
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for number in range(rounds + 1):
        for name, run in runs.items():
            seconds[name].append(next(run))
        print(f"round {number}: " + ", ".join(f"{name} {taken[-1]:.2f}" for name, taken in seconds.items()), flush=True)

    # The first round is a warm-up.
    measured = {name: taken[1:] for name, taken in seconds.items()}

    def ratio(name: str, to: str) -> float:
        return statistics.median(one / other for one, other in zip(measured[name], measured[to], strict=True))

    medians = {name: statistics.median(taken) for name, taken in measured.items()}
    ratios = {
        f"{name} / {to}": ratio(name, to)
        for name in ("this project, fp32", "this project, auto")
        for to in medians
        if not to.startswith("this project")
    }
    print(f"\n| median of {rounds} rounds | seconds per epoch |\n| --- | --- |")
    for name, value in medians.items():
        print(f"| {name} | {value:.2f} |")
    print("\n| ratio, median over rounds | |\n| --- | --- |")
    for name, value in ratios.items():
        print(f"| {name} | {value:.2f} |")
    print(json.dumps({"machine": describe_machine(), "seconds": medians, "ratios": ratios}))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
