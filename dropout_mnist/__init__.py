"""Train the classic MNIST network with dropout, and find out what dropout does.

import dropout_mnist as dm

run = dm.Training(dm.TrainConfig(dataset="digits", drop_prob=0.5, epochs=3), dm.load_dataset("digits"))
for epoch in run:
    print(epoch.epoch, epoch.train_loss, epoch.test_accuracy)
run.checkpoint().save("mine.safetensors")

model = dm.load("augmented")
print(model.predict("photo.jpg"))
print(model.evaluate(dm.load_dataset("mnist").test).accuracy)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dropout_mnist.adaptation.examples import ExamplesError as ExamplesError
    from dropout_mnist.adaptation.examples import read_folder as read_folder
    from dropout_mnist.adaptation.fine_tuning import Adaptation as Adaptation
    from dropout_mnist.adaptation.fine_tuning import adapt as adapt
    from dropout_mnist.checkpoint import Checkpoint as Checkpoint
    from dropout_mnist.checkpoint import CheckpointError as CheckpointError
    from dropout_mnist.checkpoints.folder import load as load
    from dropout_mnist.config import TrainConfig as TrainConfig
    from dropout_mnist.data.datasets import Dataset as Dataset
    from dropout_mnist.data.datasets import Split as Split
    from dropout_mnist.data.datasets import load_dataset as load_dataset
    from dropout_mnist.data.mnist_files import DataError as DataError
    from dropout_mnist.dropout import Dropout as Dropout
    from dropout_mnist.evaluation import Doubt as Doubt
    from dropout_mnist.evaluation import EpochResult as EpochResult
    from dropout_mnist.evaluation import Evaluation as Evaluation
    from dropout_mnist.evaluation import Prediction as Prediction
    from dropout_mnist.evaluation import evaluate as evaluate
    from dropout_mnist.evaluation import predict as predict
    from dropout_mnist.model import MLP as MLP
    from dropout_mnist.preprocessing.picture import FoundDigit as FoundDigit
    from dropout_mnist.preprocessing.picture import PictureError as PictureError
    from dropout_mnist.preprocessing.picture import read_digits as read_digits
    from dropout_mnist.recording.recorder import Recorder as Recorder
    from dropout_mnist.recording.recording import Recording as Recording
    from dropout_mnist.train_step import StateError as StateError
    from dropout_mnist.training import DivergedError as DivergedError
    from dropout_mnist.training import Training as Training
    from dropout_mnist.training import TrainingState as TrainingState

__version__ = "0.1.0"

# Importing torch takes a second or more, so a name's module is imported when the name is first used.
_MODULES = {
    "Adaptation": "adaptation.fine_tuning",
    "Checkpoint": "checkpoint",
    "CheckpointError": "checkpoint",
    "DataError": "data.mnist_files",
    "Dataset": "data.datasets",
    "DivergedError": "training",
    "Doubt": "evaluation",
    "Dropout": "dropout",
    "EpochResult": "evaluation",
    "Evaluation": "evaluation",
    "ExamplesError": "adaptation.examples",
    "FoundDigit": "preprocessing.picture",
    "MLP": "model",
    "PictureError": "preprocessing.picture",
    "Prediction": "evaluation",
    "Recorder": "recording.recorder",
    "Recording": "recording.recording",
    "Split": "data.datasets",
    "StateError": "train_step",
    "TrainConfig": "config",
    "Training": "training",
    "TrainingState": "training",
    "adapt": "adaptation.fine_tuning",
    "evaluate": "evaluation",
    "load": "checkpoints.folder",
    "load_dataset": "data.datasets",
    "predict": "evaluation",
    "read_digits": "preprocessing.picture",
    "read_folder": "adaptation.examples",
}

__all__ = [*_MODULES]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
