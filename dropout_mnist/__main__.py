"""The command line: `python -m dropout_mnist train | evaluate | predict`.

Results go to stdout, progress and errors to stderr. Exit codes: 0 done, 1 some pictures could not be read,
2 an error, told in one line, 130 interrupted.
"""

import argparse
import json
import os
import random
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import NoReturn

import torch
from tqdm import tqdm

import dropout_mnist
from dropout_mnist.checkpoint import (
    Checkpoint,
    CheckpointError,
    load_checkpoint,
    make_checkpoint,
    save_checkpoint,
)
from dropout_mnist.checkpoint_cache import DEFAULT_NAME, SUFFIX, find_checkpoint, store_checkpoint, weights_folder
from dropout_mnist.config import DATASETS, DEVICES, TrainConfig
from dropout_mnist.data import TITLES, Dataset, dataset_is_here, load_dataset
from dropout_mnist.drawing import Pixels
from dropout_mnist.evaluation import evaluate, predict
from dropout_mnist.mnist_files import DataError, DownloadProgress
from dropout_mnist.model import INPUT_SIZE
from dropout_mnist.picture import PictureError, open_picture, read_picture
from dropout_mnist.training import BatchProgress, DivergedError, EpochResult, build_model, train

PREDICT_BATCH_SIZE = 256


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options)
        return code
    except (ValueError, OSError, DataError, CheckpointError, DivergedError) as error:
        print(f"dropout_mnist: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("dropout_mnist: interrupted", file=sys.stderr)
        return 130


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"dropout_mnist: {message} (see --help)\n")


def _parser() -> argparse.ArgumentParser:
    defaults = TrainConfig()
    parser = _Parser(prog="python -m dropout_mnist", description=dropout_mnist.__doc__)
    commands = parser.add_subparsers(required=True, metavar="train | evaluate | predict")

    command = commands.add_parser(
        "train",
        help="train the network, or load the weights of an earlier training with the same settings",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    command.set_defaults(run=_train)
    add = command.add_argument
    add("--drop-prob", type=float, default=defaults.drop_prob, help="probability to drop a hidden unit, in [0, 1)")
    add("--epochs", type=int, default=defaults.epochs, help="passes over the training images")
    add("--learning-rate", type=float, default=defaults.learning_rate, help="Adam's step size")
    add(
        "--batch-size", type=int, default=defaults.batch_size, help="images a step; an incomplete last batch is dropped"
    )
    add("--seed", type=int, default=defaults.seed, help="decides initial weights, order of images and masks")
    add(
        "--train-size",
        type=int,
        metavar="N",
        default=argparse.SUPPRESS,
        help="train on N images, drawn by the seed (default: all)",
    )
    add("--dataset", choices=DATASETS, default=defaults.dataset, help="digits: 1,497 small ones, without a download")
    add("--device", choices=DEVICES, default=defaults.device, help="where to compute; auto: cuda, else mps, else cpu")
    add(
        "--output",
        type=Path,
        metavar="FILE",
        default=argparse.SUPPRESS,
        help="write the checkpoint here (default: under its own name in the weights folder)",
    )
    add("--retrain", action="store_true", help="train even if weights for these settings exist")
    add("--json", action="store_true", help="print a JSON object for each epoch, and a last one with the result")

    command = commands.add_parser("evaluate", help="measure a checkpoint's accuracy on its data set's test images")
    command.set_defaults(run=_evaluate)
    _add_weights(command)
    command.add_argument("--json", action="store_true", help="print one JSON object")

    command = commands.add_parser("predict", help="recognise the digit in each picture")
    command.set_defaults(run=_predict)
    command.add_argument("paths", type=Path, nargs="+", metavar="PATH", help="a picture, or a folder of pictures")
    _add_weights(command)
    command.add_argument("--json", action="store_true", help="print a JSON object for each picture")
    return parser


def _add_weights(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--weights",
        type=Path,
        default=weights_folder() / (DEFAULT_NAME + SUFFIX),
        metavar="FILE",
        help=f"a checkpoint (default: the shipped {DEFAULT_NAME}{SUFFIX})",
    )


def _train(options: argparse.Namespace) -> int:
    config = TrainConfig(
        drop_prob=options.drop_prob,
        epochs=options.epochs,
        learning_rate=options.learning_rate,
        batch_size=options.batch_size,
        seed=options.seed,
        train_size=getattr(options, "train_size", None),
        dataset=options.dataset,
        device=options.device,
    )
    output: Path | None = getattr(options, "output", None)
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
        with _DownloadBar() as bar:
            dataset = load_dataset(config.dataset, bar.report)
        checkpoint, code = _train_now(config, dataset, options.json)
    if output:
        path, code = _save_output(checkpoint, output, code)
    elif not found:
        path = store_checkpoint(checkpoint)
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
    history: list[EpochResult] = []
    code = 0
    with _EpochBar() as bar:
        try:
            for result in train(config, dataset, model, on_batch=bar.on_batch):
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
        _print_json({key: values[key] for key in ("epoch", "train_loss", "test_loss", "test_accuracy", "seconds")})
    else:
        _print(
            f"Epoch: {result.epoch} Cost: {result.train_loss:.6f} | dropout off: "
            f"train loss {result.eval_train_loss:.4f}, test loss {result.test_loss:.4f}, "
            f"test accuracy {result.test_accuracy:.4f} | {result.seconds:.1f} s"
        )


def _print_result(checkpoint: Checkpoint, dataset: Dataset | None, path: Path, as_json: bool) -> None:
    sample = _sample(checkpoint, dataset) if dataset else None
    if as_json:
        _print_json(
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
    _print(f"Accuracy: {checkpoint.test_accuracy:.4f} ({checkpoint.correct:,} of {checkpoint.total:,}, {title})")
    if sample:
        _print(f"Test image {sample['index']:,}: Label: {sample['label']} Prediction: {sample['prediction']}")
    _print(f"Weights: {path}")


def _sample(checkpoint: Checkpoint, dataset: Dataset) -> dict[str, int]:
    index = random.randrange(len(dataset.test))
    image = dataset.test[index : index + 1]
    [answer] = predict(checkpoint.model, image.pixels)
    return {"index": index, "label": int(image.labels[0]), "prediction": answer.digit}


def _evaluate(options: argparse.Namespace) -> int:
    checkpoint = load_checkpoint(options.weights)
    with _DownloadBar() as bar:
        dataset = load_dataset(checkpoint.config.dataset, bar.report)
    evaluation = evaluate(checkpoint.model, dataset.test)
    if options.json:
        _print_json(
            {
                "weights": str(options.weights),
                "dataset": dataset.name,
                "accuracy": evaluation.accuracy,
                "correct": evaluation.correct,
                "total": evaluation.total,
                "loss": evaluation.loss,
                "digit_accuracy": evaluation.digit_accuracy,
            }
        )
        return 0
    _print(f"Accuracy: {evaluation.accuracy:.4f} ({evaluation.correct:,} of {evaluation.total:,}, {dataset.title})")
    _print(f"Loss: {evaluation.loss:.6f}")
    for digit, accuracy in enumerate(evaluation.digit_accuracy):
        _print(f"Digit {digit}: {'no images' if accuracy is None else f'{accuracy:.4f}'}")
    return 0


def _predict(options: argparse.Namespace) -> int:
    checkpoint = load_checkpoint(options.weights)
    all_read = True
    batch: list[tuple[Path, Pixels]] = []

    def answer() -> None:
        if not batch:
            return
        pixels = torch.stack([torch.from_numpy(image).reshape(INPUT_SIZE) for _, image in batch])
        for (path, _), prediction in zip(batch, predict(checkpoint.model, pixels), strict=True):
            if options.json:
                _print_json({"path": str(path), "digit": prediction.digit, "probs": prediction.probs})
            else:
                _print(f"{path}: {prediction.digit} ({prediction.probs[prediction.digit]:.1%})")
        batch.clear()

    def complain(path: Path, error: object) -> None:
        nonlocal all_read
        all_read = False
        print(f"dropout_mnist: {path}: {error}", file=sys.stderr)

    for path in options.paths:
        files = _find_files(path)
        if not files:
            complain(path, "There are no files in this folder.")
        for file in files:
            try:
                image = read_picture(open_picture(file.read_bytes()))
                if image is None:
                    raise PictureError("The picture shows nothing that stands out from its background.")
                batch.append((file, image))
            except (PictureError, OSError) as error:
                complain(file, error)
            if len(batch) == PREDICT_BATCH_SIZE:
                answer()
    answer()
    return 0 if all_read else 1


def _find_files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return sorted(file for file in path.rglob("*") if file.is_file() and not file.name.startswith("."))


def _print_json(values: dict[str, object]) -> None:
    _print(json.dumps(values))


def _print(line: str) -> None:
    """Print a line at once; when nobody reads any more (`| head`), go on in silence: a training is worth it."""
    try:
        print(line, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _EpochBar:
    """A progress bar on stderr, one epoch long, while stderr is a terminal."""

    def __init__(self) -> None:
        self._bar: tqdm[NoReturn] | None = None
        self._epoch = 0

    def __enter__(self) -> "_EpochBar":
        return self

    def __exit__(self, *_: object) -> None:
        self.clear()

    def on_batch(self, progress: BatchProgress) -> None:
        if self._bar is None or progress.epoch != self._epoch:
            self.clear()
            self._epoch = progress.epoch
            self._bar = tqdm(
                total=progress.total,
                desc=f"Epoch {progress.epoch}",
                unit=" images",
                unit_scale=True,
                leave=False,
                disable=None,
            )
        self._bar.update(progress.done - self._bar.n)

    def clear(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None


class _DownloadBar:
    """A line for each file that is downloaded, and a progress bar while stderr is a terminal."""

    def __init__(self) -> None:
        self._bar: tqdm[NoReturn] | None = None
        self._source: tuple[str, str] | None = None

    def __enter__(self) -> "_DownloadBar":
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def report(self, progress: DownloadProgress) -> None:
        if self._source != (progress.file, progress.mirror):
            self.__exit__()
            self._source = (progress.file, progress.mirror)
            print(f"{progress.reason}: downloading {progress.file} from {progress.mirror}", file=sys.stderr)
            self._bar = tqdm(total=progress.total, unit="B", unit_scale=True, leave=False, disable=None)
        if self._bar is not None:
            self._bar.update(progress.done - self._bar.n)


if __name__ == "__main__":
    sys.exit(main())
