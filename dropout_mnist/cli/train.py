"""`train`: train the network, or load the weights of an earlier run with the same settings."""

import argparse
import random
from dataclasses import asdict
from pathlib import Path
from typing import Any

from dropout_mnist.checkpoint import Checkpoint
from dropout_mnist.checkpoints.folder import find_checkpoint
from dropout_mnist.checkpoints.resume import discard_state
from dropout_mnist.checkpoints.run import Outcome, lost_epochs, train_and_store
from dropout_mnist.cli.batches import BatchPrinter
from dropout_mnist.cli.learn_hand import learn_hand
from dropout_mnist.cli.options import add_settings, chosen_config
from dropout_mnist.cli.output import (
    DownloadBar,
    EpochBar,
    file_argument,
    path_argument,
    print_error,
    print_json,
    print_line,
    print_note,
)
from dropout_mnist.cli.storing import check_destination, store
from dropout_mnist.config import TrainConfig
from dropout_mnist.data.datasets import TITLES, Dataset, dataset_is_available, load_dataset
from dropout_mnist.evaluation import EpochResult, predict_batch
from dropout_mnist.training import BatchProgress, DivergedError, Training


def add_parser(commands: Any) -> None:
    """Add the command to the parser's commands."""
    parser = commands.add_parser(
        "train",
        help="train the network, or load the weights of an earlier run with the same settings",
        description="Train the network, or load the weights of an earlier run with the same settings. An interrupted "
        "run is resumed by the same command. With --from and --examples, fine-tune a trained network on your own "
        "digits instead, in seconds.",
    )
    parser.set_defaults(run=run)
    add_settings(parser)
    parser.add_argument(
        "--output",
        type=file_argument,
        metavar="FILE",
        help="write the checkpoint here (default: under its own name in the weights folder)",
    )
    parser.add_argument("--retrain", action="store_true", help="train even if weights for these settings exist")
    parser.add_argument("--json", action="store_true", help="print a JSON object per epoch, then one with the result")
    parser.add_argument(
        "--batches", action="store_true", help="with --json: print an object per batch, too, with its loss"
    )
    parser.add_argument(
        "--watch",
        type=path_argument,
        metavar="PICTURE",
        help="with --batches: every 100 steps, print the probabilities that the network gives this picture of a digit",
    )
    parser.add_argument(
        "--from",
        dest="start",
        type=path_argument,
        metavar="MODEL",
        help="with --examples: start from this network, a file or the name of a shipped or stored one",
    )
    parser.add_argument(
        "--examples",
        type=path_argument,
        metavar="FOLDER",
        help="with --from: learn from the pictures of digits in this folder's subfolders 0 to 9",
    )


def run(options: argparse.Namespace) -> int:
    """Train and save, or load, and print the result; return the exit code."""
    if options.start or options.examples:
        return learn_hand(options)
    config = chosen_config(options)
    if options.batches and not options.json:
        raise ValueError("--batches needs --json")
    if options.watch and not options.batches:
        raise ValueError("--watch needs --batches")
    batches = BatchPrinter(options.watch) if options.batches else None
    output: Path | None = options.output
    found = None if options.retrain else find_checkpoint(config)
    if found:
        path, checkpoint = found
        print_note(f"Already trained: loaded {path} (--retrain trains again)")
        for result in checkpoint.history:
            _print_epoch(result, options.json)
        code = 0
        if output:
            checkpoint.save(output)
            path = output
        # The data set is needed for one sample image only; that is not worth a download.
        dataset = load_dataset(config.dataset) if dataset_is_available(config.dataset) else None
    else:
        check_destination(output, config.name)
        with DownloadBar() as bar:
            dataset = load_dataset(config.dataset, bar.report)
        if options.retrain:
            discard_state(config)
        elif epochs := lost_epochs(config):
            print_note(
                f"The state after the {epochs} epochs that are trained already is not kept: starting from epoch 1"
            )
        checkpoint, path, code = _train(config, dataset, output, options.json, batches)
    _print_result(checkpoint, dataset, path, options.json)
    return code


def _train(
    config: TrainConfig, dataset: Dataset, output: Path | None, as_json: bool, batches: BatchPrinter | None
) -> tuple[Checkpoint, Path, int]:
    """Train with a line for each epoch; return the checkpoint, where it was saved, and the exit code."""
    code = 0

    def store_it(checkpoint: Checkpoint) -> Path:
        nonlocal code
        path, code = store(checkpoint, output)
        return path

    with EpochBar() as bar:

        def on_resume(history: tuple[EpochResult, ...]) -> None:
            print_note(f"Resuming an earlier run after epoch {len(history)}")
            for result in history:
                _print_epoch(result, as_json)

        def on_begin(training: Training) -> None:
            if batches:
                batches.on_begin(training)

        def on_batch(progress: BatchProgress) -> None:
            bar.on_batch(progress)
            if batches:
                batches.on_batch(progress)

        def on_epoch(result: EpochResult) -> None:
            bar.clear()
            _print_epoch(result, as_json)

        outcome = train_and_store(
            config,
            dataset,
            store=store_it,
            on_resume=on_resume,
            on_restart=lambda error: print_error(f"{error}: training starts from scratch"),
            on_begin=on_begin,
            on_batch=on_batch,
            on_epoch=on_epoch,
        )
    if outcome.error is not None:
        code = _report_early_end(outcome)
    if outcome.store_error is not None:
        raise outcome.store_error
    assert outcome.checkpoint is not None
    assert outcome.path is not None
    return outcome.checkpoint, outcome.path, code


def _report_early_end(outcome: Outcome) -> int:
    """Say why training ended early; return the exit code. Without a finished epoch, raise the error."""
    error = outcome.error
    assert error is not None
    kept = len(outcome.history)
    if not kept or not isinstance(error, KeyboardInterrupt | DivergedError):
        raise error
    reason, code = (str(error), 2) if isinstance(error, DivergedError) else ("Interrupted.", 130)
    print_error(f"{reason} {'The finished epoch is' if kept == 1 else f'The {kept} finished epochs are'} kept.")
    return code


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
    [prediction] = predict_batch(checkpoint.model, image.pixels)
    return {"index": index, "label": int(image.labels[0]), "prediction": prediction.digit}
