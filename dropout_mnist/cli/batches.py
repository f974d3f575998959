"""Print what happens within the epochs of a run, as JSON: the loss of every batch, and the answers to a picture."""

import math
from pathlib import Path

from PIL import Image

from dropout_mnist.cli.output import print_json
from dropout_mnist.preprocessing.picture import MAX_FILE_BYTES, open_picture
from dropout_mnist.recording.recorder import Recorder
from dropout_mnist.recording.recording import Recording
from dropout_mnist.storage.files import read_file
from dropout_mnist.training import BatchProgress, Training

# Reading a loss may wait for the device, so losses are read in blocks of this many seconds.
BLOCK_SECONDS = 0.25


class BatchPrinter:
    """Print a JSON object for each batch of a run, and one for each answer to a picture.

    Args:
        picture: of one digit; None to print losses only.

    Raises:
        OSError: the picture cannot be read.
        PictureError: it shows no digit, or several.
    """

    def __init__(self, picture: Path | None) -> None:
        self._recording = Recording(max_moments=0)
        self._image: Image.Image | None = None
        if picture is not None:
            self._image = open_picture(read_file(picture, MAX_FILE_BYTES))
            self._recording.watch(self._image)
        self._epoch, self._printed, self._printed_at = 0, 0, 0.0
        self._answered = -1

    def on_begin(self, training: Training) -> None:
        """Begin to record a run."""
        self._recorder = Recorder(training, self._recording)
        self._steps = training.steps_per_epoch

    def on_batch(self, progress: BatchProgress) -> None:
        """Record a batch, and print those of the latest block once it is complete."""
        self._recorder(progress)
        if progress.epoch != self._epoch:
            self._epoch, self._printed, self._printed_at = progress.epoch, 0, 0.0
        if progress.done < progress.total and progress.seconds - self._printed_at < BLOCK_SECONDS:
            return
        losses = progress.losses[self._printed :].tolist()
        for batch, loss in enumerate(losses, self._printed + 1):
            print_json({"epoch": progress.epoch, "batch": batch, "loss": loss if math.isfinite(loss) else None})
        self._printed, self._printed_at = len(progress.losses), progress.seconds
        self._print_answers()

    def _print_answers(self) -> None:
        if self._image is None:
            return
        for answer in self._recording.answers(self._image):
            if answer.step > self._answered:
                epoch, batch = divmod(answer.step - 1, self._steps)
                print_json({"epoch": epoch + 1, "batch": batch + 1, "probs": answer.prediction.probs})
                self._answered = answer.step
