"""A run as code: a short training script in plain PyTorch, to read and change and run anywhere, or a command."""

from importlib.resources import files

from jinja2 import Environment, StrictUndefined

from dropout_mnist.config import SETTINGS, TrainConfig

# The settings that the script has. A config that needs another one is refused.
SCRIPTED = {
    "drop_prob",
    "dropout_kind",
    "first_dropout_epoch",
    "last_dropout_epoch",
    "dataset",
    "hidden_sizes",
    "epochs",
    "seed",
    "train_size",
    "label_noise",
    "repeats",
    "batch_size",
    "learning_rate",
    "weight_decay",
}


def write_script(config: TrainConfig) -> str:
    """Write a self-contained PyTorch script that reproduces a run of the plain recipe, up to masks and rounding.

    It computes in float32 on the CPU, whatever the config's device and precision. It needs torch, and torchvision for
    MNIST or this package for scikit-learn's digits.

    Raises:
        ValueError: the config has the augmented recipe, which is too long for a script, or a setting that it lacks.
    """
    if config.recipe != "plain":
        raise ValueError(
            f"the {config.recipe} recipe does not fit into a short script: it also varies the images, mixes in "
            "non-digits, averages the weights and calibrates the probabilities. Use the plain recipe, or train with "
            "this package"
        )
    different = set(config.differences())
    if unknown := different - SCRIPTED:
        raise ValueError(f"the script has no {', '.join(sorted(unknown))}")
    # Nothing is escaped: this is no HTML.
    environment = Environment(  # noqa: S701
        trim_blocks=True, keep_trailing_newline=True, undefined=StrictUndefined
    )
    template = environment.from_string((files("dropout_mnist.export") / "train.py.jinja").read_text(encoding="utf-8"))
    return template.render(
        config.to_dict(),
        name=config.name,
        limited_dropout=bool(different & {"first_dropout_epoch", "last_dropout_epoch"}),
    )


def write_command(config: TrainConfig) -> str:
    """Write the command line that trains with a config, without its device and precision."""
    chosen = {"recipe": config.recipe, "drop_prob": config.drop_prob, **config.differences()}
    options = [f"--{name.replace('_', '-')} {SETTINGS[name].format(value)}" for name, value in chosen.items()]
    return " ".join(["dropout-mnist train", *options])
