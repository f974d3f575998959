"""Measure what recording a run for the page costs it: losses, networks at moments, and answers to a visitor's digit.

Epochs of two runs take turns in one process, one of them recorded. The ratio of their speeds is taken within a pair of
epochs. Besides all epochs, it is given for the first one, in which networks are recorded most often. The answers
of all moments to a drawing are timed, too, as a page computes them.

usage: python -m benchmarks.watch [ROUNDS [EPOCHS]]
"""

import json
import sys
from collections.abc import Callable, Iterator
from statistics import median
from time import perf_counter

from benchmarks.machine import describe_machine
from dropout_mnist.config import TrainConfig
from dropout_mnist.data.datasets import Dataset, load_dataset
from dropout_mnist.recording.recorder import Recorder
from dropout_mnist.recording.recording import Recording
from dropout_mnist.training import Training


def timed(dataset: Dataset, epochs: int, recording: Recording | None) -> Iterator[float]:
    """Yield the seconds of each epoch of a run, its evaluations included."""
    run = Training(TrainConfig(epochs=epochs), dataset)
    begin = perf_counter()
    recorder = Recorder(run, recording) if recording is not None else lambda progress: None
    for _ in run.run(on_batch=recorder):
        yield perf_counter() - begin
        begin = perf_counter()


def milliseconds(call: Callable[[], object]) -> float:
    """Return the time that a call takes."""
    begin = perf_counter()
    call()
    return (perf_counter() - begin) * 1_000


def main(rounds: int, epochs: int) -> None:
    """Print a table, and the same as JSON."""
    dataset = load_dataset("mnist")
    first, all_epochs, whole = [], [], []
    for number in range(rounds):
        recording = Recording()
        recording.watch(dataset.test.pixels[number])
        runs = [timed(dataset, epochs, None), timed(dataset, epochs, recording)]
        totals = [0.0, 0.0]
        for epoch in range(epochs):
            seconds = [0.0, 0.0]
            # Each goes first in every other epoch.
            for index in (0, 1) if (epoch + number) % 2 else (1, 0):
                seconds[index] = next(runs[index])
                totals[index] += seconds[index]
            all_epochs.append(seconds[0] / seconds[1])
            if not epoch:
                first.append(all_epochs[-1])
        whole.append(totals[0] / totals[1])
        print(f"round {number + 1}: {whole[-1]:.3f}", file=sys.stderr)
    drawing = dataset.test.pixels[-1]
    result = {
        "rounds": rounds,
        "epochs": epochs,
        "speed recorded / alone, median of epochs": median(all_epochs),
        "speed recorded / alone, median of first epochs": median(first),
        "speed recorded / alone, median of runs": median(whole),
        "moments": len(recording.moments),
        "MB of networks": sum(moment.nbytes for moment in recording.moments) / 1e6,
        "answers of all moments to a new drawing, ms": milliseconds(lambda: recording.answers(drawing)),
        "the same again, ms": milliseconds(lambda: recording.answers(drawing)),
    }
    print("| figure | value |\n| --- | --- |")
    for name, value in result.items():
        print(f"| {name} | {value:,.3f} |" if isinstance(value, float) else f"| {name} | {value:,} |")
    print(json.dumps({"machine": describe_machine(), **result}))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3, int(sys.argv[2]) if len(sys.argv) > 2 else 5)
