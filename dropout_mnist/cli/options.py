"""Options for the hyperparameters, read from the declarations in `TrainConfig`."""

import argparse
from collections.abc import Callable, Iterable
from typing import Any

from dropout_mnist.config import SETTINGS, TrainConfig
from dropout_mnist.setting import Choice


def add_settings(
    parser: argparse.ArgumentParser, names: Iterable[str] = SETTINGS, *, several: Iterable[str] = ()
) -> None:
    """Add an option for each of these hyperparameters; those in `several` take one value or more.

    An option that is not given is missing from the result, so that the recipe decides.
    """
    for name in names:
        setting = SETTINGS[name]
        defaults = [setting.format(setting.default)]
        if setting.augmented is not None and name != "recipe":
            defaults.append(f"augmented: {setting.format(setting.augmented)}")
        # Help texts of options begin in lower case, and a `%` in them would be a format character.
        help_text = setting.help[0].lower() + setting.help[1:].rstrip(".").replace("%", "%%")
        options: dict[str, Any] = {"choices": setting.options} if isinstance(setting, Choice) else {}
        if name in several:
            options["nargs"] = "+"
        if name in several or not isinstance(setting, Choice):
            options["metavar"] = "VALUE"
        parser.add_argument(
            "--" + name.replace("_", "-"),
            type=_parser(name),
            default=argparse.SUPPRESS,
            help=f"{help_text} (default: {'; '.join(defaults)})",
            **options,
        )


def chosen_settings(options: argparse.Namespace) -> dict[str, Any]:
    """Return the hyperparameters that were given on the command line."""
    return {name: value for name, value in vars(options).items() if name in SETTINGS}


def chosen_config(options: argparse.Namespace) -> TrainConfig:
    """Return the config that the command line describes.

    Raises:
        ValueError: the settings do not go together.
    """
    return TrainConfig(**chosen_settings(options))


def _parser(name: str) -> Callable[[str], Any]:
    def parse(text: str) -> Any:
        try:
            return SETTINGS[name].parse(name, text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return parse
