"""What is known about the page's settings: runs without and with dropout, with one seed or several."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dropout_mnist.checkpoint import Checkpoint
from dropout_mnist.config import SETTINGS, TrainConfig
from dropout_mnist.data.datasets import TEST_SIZES
from dropout_mnist.evaluation import EpochResult
from dropout_mnist.experiments.comparison import Comparison
from dropout_mnist.server.runs import Run
from dropout_mnist.setting import Integer
from dropout_mnist.ui.resources import find_cached, load_cached

MAX_SEEDS = 10


@dataclass(frozen=True)
class Result:
    """What a run has measured so far, or had when it ended.

    Attributes:
        config: of the run.
        history: its finished epochs, at least one.
        model: the trained network, once the run has ended: a saved checkpoint, or one that could not be saved.
    """

    config: TrainConfig
    history: Sequence[EpochResult]
    model: Path | Checkpoint | None = None

    @property
    def complete(self) -> bool:
        """Whether all epochs are there."""
        return len(self.history) == self.config.epochs

    def is_of(self, checkpoint: Checkpoint) -> bool:
        """Whether a checkpoint is this result's model."""
        return not checkpoint.own_digits and replace(self.config, epochs=len(self.history)).trains_like(
            checkpoint.config
        )


def variants(config: TrainConfig) -> tuple[TrainConfig, ...]:
    """Return the settings without and with dropout; only one if `drop_prob` is 0."""
    return (replace(config, drop_prob=0.0), config) if config.drop_prob else (config,)


@dataclass(frozen=True)
class Experiment:
    """The same settings without and with dropout, with one seed or several.

    Attributes:
        config: with the dropout and the first seed.
        results: of the runs that there are, by the name of their config.
    """

    config: TrainConfig
    results: Mapping[str, Result]

    @property
    def key(self) -> str:
        """Identifies the experiment, whatever its seeds."""
        return replace(self.config, seed=0).name

    def get(self, config: TrainConfig) -> Result | None:
        """Return the result of one run of this experiment."""
        return self.results.get(config.name)

    def with_runs(self, runs: Sequence[Run]) -> "Experiment":
        """Return this experiment with what its active runs have measured so far."""
        active = {
            run.config.name: Result(run.config, run.history)
            for run in runs
            if run.history and belongs(run.config, self.config)
        }
        return replace(self, results={**self.results, **active})

    def pairs(self) -> Iterator[tuple[Result, Result]]:
        """Yield the complete results without and with dropout, seed by seed."""
        if not self.config.drop_prob:
            return
        for seed in _seeds(self.config):
            without, with_dropout = (self.get(variant) for variant in variants(replace(self.config, seed=seed)))
            if without and with_dropout and without.complete and with_dropout.complete:
                yield without, with_dropout

    def comparison(self) -> Comparison | None:
        """Compare the complete pairs; None if there is none."""
        pairs = list(self.pairs())
        if not pairs:
            return None
        without, with_dropout = (
            [result.history[-1].test_accuracy for result in part] for part in zip(*pairs, strict=True)
        )
        return Comparison(without, with_dropout, TEST_SIZES[self.config.dataset])

    def missing(self, seed: int) -> list[TrainConfig]:
        """Return what is left to train for one seed."""
        configs = variants(replace(self.config, seed=seed))
        return [config for config in configs if (result := self.get(config)) is None or not result.complete]

    def next_seed(self) -> int | None:
        """Return the first seed for which something is left to train; None if there are enough."""
        return next((seed for seed in _seeds(self.config) if self.missing(seed)), None)


def belongs(config: TrainConfig, to: TrainConfig) -> bool:
    """Whether a run is part of another one's experiment: perhaps without dropout or of another seed, else the same."""
    same = replace(config, drop_prob=to.drop_prob, seed=to.seed).trains_like(to)
    return same and config.drop_prob in (0, to.drop_prob)


def choose_subject(config: TrainConfig | None, runs: Sequence[Run]) -> TrainConfig | None:
    """Return the settings of the experiment to show: what is in training, or else the page's settings.

    Args:
        config: the page's settings; None if they are invalid.
        runs: the visitor's active runs.
    """
    working = next((run.config for run in runs if not run.waiting), None)
    if working is None or (config is not None and belongs(working, config)):
        return config
    if working.drop_prob:
        return working
    # Its partner, if there is one, waits behind it.
    partners = (run.config for run in runs if run.config.drop_prob and belongs(working, run.config))
    return next(partners, working)


def find_results(config: TrainConfig, ended: Mapping[str, Run]) -> Experiment:
    """Look for results of these settings, and of the following seeds as long as there are any.

    Args:
        config: the settings.
        ended: the session's ended runs by the name of their config; those that were stopped, or could not be saved, are
            nowhere else.
    """
    results: dict[str, Result] = {}
    for seed in _seeds(config):
        configs = variants(replace(config, seed=seed))
        found = [result for variant in configs if (result := _find_result(variant, ended))]
        if not found:
            break
        results |= {result.config.name: result for result in found}
    return Experiment(config, results)


def _find_result(config: TrainConfig, ended: Mapping[str, Run]) -> Result | None:
    if (path := find_cached(config)) is not None:
        return Result(config, load_cached(path)[1].history, path)
    run = ended.get(config.name)
    return Result(config, run.history, run.path or run.checkpoint) if run is not None else None


def _seeds(config: TrainConfig) -> range:
    seed = SETTINGS["seed"]
    assert isinstance(seed, Integer)
    return range(config.seed, min(config.seed + MAX_SEEDS, seed.high + 1))
