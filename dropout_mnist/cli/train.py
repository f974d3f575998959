"""`train`: train the network, or load the weights of an earlier training with the same settings."""

import argparse
import random
import sys
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from dropout_mnist.checkpoint import Checkpoint, make_checkpoint, save_checkpoint
from dropout_mnist.checkpoints.folder import find_checkpoint, store_checkpoint
from dropout_mnist.checkpoints.resume import discard_state, load_state, save_state
from dropout_mnist.cli.output import DownloadBar, EpochBar, print_json, print_line
from dropout_mnist.config import DATASETS, DEVICES, PRECISIONS, RECIPES, TrainConfig
from dropout_mnist.data.datasets import TITLES, Dataset, dataset_is_here, load_dataset
from dropout_mnist.evaluation import predict
from dropout_mnist.training import DivergedError, EpochResult, build_model, train


def add_parser(commands: Any) -> None:
    """Add the command to the parser's commands."""
    parser = commands.add_parser(
        "train", help="train the network, or load the weights of an earlier training with the same settings"
    )
    parser.set_defaults(run=run)
    add = parser.add_argument
    notebook, augmented = TrainConfig(), TrainConfig.of_recipe("augmented")

    def add_setting(name: str, kind: type, help_text: str, **options: Any) -> None:
        defaults = [str(getattr(notebook, name))]
        if getattr(augmented, name) != getattr(notebook, name):
            defaults.append(f"augmented: {getattr(augmented, name)}")
        add(
            "--" + name.replace("_", "-"),
            type=kind,
            default=argparse.SUPPRESS,
            help=f"{help_text} (default: {'; '.join(defaults)})".replace("default: None", "default: all"),
            **options,
        )

    add("--recipe", choices=RECIPES, default="plain", help="plain: the notebook's; augmented: for what people draw")
    add_setting("drop_prob", float, "probability to drop a hidden unit, in [0, 1)")
    add_setting("epochs", int, "passes over the training images")
    add_setting("learning_rate", float, "Adam's step size")
    add_setting("batch_size", int, "images a step; an incomplete last batch is dropped")
    add_setting("seed", int, "decides initial weights, order of images, masks and variations")
    add_setting("train_size", int, "train on N images, drawn by the seed", metavar="N")
    add_setting("repeats", int, "show each training image so often in an epoch")
    add_setting("dataset", str, "digits: 1,497 small ones, without a download", choices=DATASETS)
    add_setting("device", str, "where to compute; auto: cuda, else mps, else cpu", choices=DEVICES)
    add_setting("precision", str, "of matrix products; auto: bf16 where the hardware has it", choices=PRECISIONS)
    add(
        "--output",
        type=Path,
        metavar="FILE",
        help="write the checkpoint here (default: under its own name in the weights folder)",
    )
    add("--retrain", action="store_true", help="train even if weights for these settings exist")
    add("--json", action="store_true", help="print a JSON object for each epoch, and a last one with the result")


def run(options: argparse.Namespace) -> int:
    """Train and save, or load, and print the result; return the exit code."""
    names = {field.name for field in fields(TrainConfig)}
    config = TrainConfig.of_recipe(**{name: value for name, value in vars(options).items() if name in names})
    output: Path | None = options.output
    if output and output.is_dir():
        raise ValueError(f"--output must name a file, and {output} is a folder")
    dataset = None
    code = 0
    found = None if options.retrain else find_checkpoint(config)
    if found:
        path, checkpoint = found
        print(f"Trained before: loaded {path} (--retrain trains anew)", file=sys.stderr)
        for result in checkpoint.history:
            _print_epoch(result, options.json)
        # The data set is wanted for one sample image; that is not worth a download.
        if dataset_is_here(config.dataset):
            dataset = load_dataset(config.dataset)
    else:
        with DownloadBar() as bar:
            dataset = load_dataset(config.dataset, bar.report)
        if options.retrain:
            discard_state(config)
        checkpoint, code = _train_now(config, dataset, options.json)
    if output:
        path, code = _save_output(checkpoint, output, code)
    elif not found:
        path = store_checkpoint(checkpoint)
    discard_state(config)
    _print_result(checkpoint, dataset, path, options.json)
    return code


def _save_output(checkpoint: Checkpoint, path: Path, code: int) -> tuple[Path, int]:
    """Save where the user wishes, or, not to lose the training, in the weights folder."""
    try:
        save_checkpoint(checkpoint, path)
    except OSError as error:
        print(f"dropout_mnist: {path} cannot be written ({error}); saved elsewhere", file=sys.stderr)
        return store_checkpoint(checkpoint), 2
    return path, code


def _train_now(config: TrainConfig, dataset: Dataset, as_json: bool) -> tuple[Checkpoint, int]:
    """Train with a line for each epoch; return the finished ones' checkpoint, and the exit code."""
    model = build_model(config)
    state = load_state(config)
    history: list[EpochResult] = list(state.history) if state else []
    code = 0
    if history:
        print(f"Interrupted before: going on after epoch {len(history)}", file=sys.stderr)
        for result in history:
            _print_epoch(result, as_json)
    with EpochBar() as bar:
        try:
            for result in train(
                config,
                dataset,
                model,
                state=state,
                on_state=lambda state: save_state(config, state),
                on_batch=bar.on_batch,
            ):
                history.append(result)
                bar.clear()
                _print_epoch(result, as_json)
        except (KeyboardInterrupt, DivergedError) as error:
            if not history:
                raise
            bar.clear()
            reason, code = (str(error), 2) if isinstance(error, DivergedError) else ("Interrupted.", 130)
            print(f"dropout_mnist: {reason} The {len(history)} finished epochs are kept.", file=sys.stderr)
    return make_checkpoint(config, dataset, model, history), code


def _print_epoch(result: EpochResult, as_json: bool) -> None:
    if as_json:
        values = asdict(result)
        print_json({key: values[key] for key in ("epoch", "train_loss", "test_loss", "test_accuracy", "seconds")})
    else:
        print_line(
            f"Epoch: {result.epoch} Cost: {result.train_loss:.6f} | dropout off: "
            f"train loss {result.eval_train_loss:.4f}, test loss {result.test_loss:.4f}, "
            f"test accuracy {result.test_accuracy:.4f} | {result.seconds:.1f} s"
        )


def _print_result(checkpoint: Checkpoint, dataset: Dataset | None, path: Path, as_json: bool) -> None:
    sample = _sample(checkpoint, dataset) if dataset else None
    if as_json:
        print_json(
            {
                "weights": str(path),
                "config": checkpoint.config.to_dict(),
                "test_accuracy": checkpoint.test_accuracy,
                "correct": checkpoint.correct,
                "total": checkpoint.total,
                "sample": sample,
            }
        )
        return
    title = TITLES[checkpoint.config.dataset]
    print_line(f"Accuracy: {checkpoint.test_accuracy:.4f} ({checkpoint.correct:,} of {checkpoint.total:,}, {title})")
    if sample:
        print_line(f"Test image {sample['index']:,}: Label: {sample['label']} Prediction: {sample['prediction']}")
    print_line(f"Weights: {path}")


def _sample(checkpoint: Checkpoint, dataset: Dataset) -> dict[str, int]:
    index = random.randrange(len(dataset.test))
    image = dataset.test[index : index + 1]
    [answer] = predict(checkpoint.model, image.pixels)
    return {"index": index, "label": int(image.labels[0]), "prediction": answer.digit}
