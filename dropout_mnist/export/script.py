"""A run as code: a short training script in plain PyTorch, to read and change and run anywhere, or a command."""

from string import Template

from dropout_mnist.config import SETTINGS, TrainConfig

_SCRIPT = Template('''\
"""Train the classic MNIST network with dropout, in plain PyTorch: the run $name.

It sees the same images in the same order and starts from the same weights as this run of dropout_mnist. Dropout masks
and rounding differ, so the costs agree closely, but not to the last digit.
"""

from itertools import pairwise

import torch
$imports

DROP_PROB = $drop_prob  # the probability to drop a unit; the paper's p is the probability to keep it
HIDDEN_SIZES = $hidden_sizes
EPOCHS = $epochs
TRAIN_SIZE = $train_size  # images drawn at random; None for all
REPEATS = $repeats  # of each image in an epoch
BATCH_SIZE = $batch_size
LEARNING_RATE = $learning_rate
SEED = $seed


$load_dataset


def build_network():
    generator = torch.Generator().manual_seed(SEED)
    layers = []
    for inputs, outputs in pairwise([784, *HIDDEN_SIZES, 10]):
        linear = nn.Linear(inputs, outputs)
        nn.init.xavier_uniform_(linear.weight, generator=generator)
        nn.init.uniform_(linear.bias, -(inputs**-0.5), inputs**-0.5, generator=generator)
        layers += [linear, nn.ReLU(), nn.Dropout(DROP_PROB)]
    return nn.Sequential(*layers[:-2])  # the last layer returns logits


torch.manual_seed(SEED)  # decides the dropout masks
images, labels = load(train=True)
test_images, test_labels = load(train=False)
chosen = torch.randperm(len(images), generator=torch.Generator().manual_seed(SEED))[:TRAIN_SIZE]
images, labels = images[chosen], labels[chosen]
network = build_network()
optimizer = torch.optim.Adam(network.parameters(), lr=LEARNING_RATE)
shuffler = torch.Generator().manual_seed(SEED)
steps = len(images) * REPEATS // BATCH_SIZE  # an incomplete last batch is dropped

for epoch in range(1, EPOCHS + 1):
    network.train()  # dropout on
    total = 0.0
    order = torch.randperm(len(images) * REPEATS, generator=shuffler) % len(images)
    for batch in order[: steps * BATCH_SIZE].split(BATCH_SIZE):
        loss = F.cross_entropy(network(images[batch]), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()  # a number: a sum of tensors would keep the graph of every step in memory
    network.eval()  # dropout off
    with torch.no_grad():
        accuracy = (network(test_images).argmax(dim=1) == test_labels).float().mean()
    print(f"Epoch: {epoch} Cost: {total / steps:.6f} | test accuracy {accuracy:.4f}")
''')

_IMPORTS = ("from torch import nn", "from torch.nn import functional as F")
_IMPORT_DATASET = {
    "mnist": "from torchvision.datasets import MNIST",
    "digits": "from dropout_mnist import load_dataset",
}
_LOAD_DATASET = {
    "mnist": """\
def load(train):
    mnist = MNIST("data", train=train, download=True)
    # Test images are scaled to [0, 1] as well: a network must be tested on what it was trained on.
    return mnist.data.reshape(-1, 784) / 255, mnist.targets""",
    "digits": """\
def load(train):
    # Only here the script needs dropout_mnist: it enlarges scikit-learn's 8 x 8 digits like MNIST's.
    digits = load_dataset("digits")
    split = digits.train if train else digits.test
    return split.pixels / 255, split.labels""",
}


def write_script(config: TrainConfig) -> str:
    """Write a self-contained PyTorch script that reproduces a run of the plain recipe, up to masks and rounding.

    It computes in float32 on the CPU, whatever the config's device and precision. It needs torch, and torchvision for
    MNIST.

    Raises:
        ValueError: the config has the augmented recipe, which is too long for a script.
    """
    if config.recipe != "plain":
        raise ValueError(
            f"the {config.recipe} recipe does not fit into a short script: it also varies the images, mixes in "
            "non-digits, averages the weights and calibrates the probabilities. Use the plain recipe, or train with "
            "this package"
        )
    return _SCRIPT.substitute(
        {name: repr(value) for name, value in config.to_dict().items()},
        name=config.name,
        hidden_sizes=list(config.hidden_sizes),
        imports="\n".join(sorted([*_IMPORTS, _IMPORT_DATASET[config.dataset]])),
        load_dataset=_LOAD_DATASET[config.dataset],
    )


def write_command(config: TrainConfig) -> str:
    """Write the command line that trains with a config, without its device and precision."""
    chosen = {"recipe": config.recipe, "drop_prob": config.drop_prob, **config.differences()}
    options = [f"--{name.replace('_', '-')} {SETTINGS[name].format(value)}" for name, value in chosen.items()]
    return " ".join(["dropout-mnist train", *options])
