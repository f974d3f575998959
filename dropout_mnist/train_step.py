"""A network in training, with all that its next step depends on."""

import math
from copy import deepcopy
from typing import cast

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel

from dropout_mnist.config import TrainConfig
from dropout_mnist.dropout import Dropout
from dropout_mnist.model import MLP

# The augmented recipe's learning rate falls after these.
STEADY_EPOCHS = 30


class Learner:
    """A copy of a model that learns, its optimizer, its running average, and its random generators.

    Its state is all tensors: with it another learner goes on exactly where this one is.

    Args:
        config: of the training.
        model: untrained; it is copied.
        low_precision: whether matrix products are done in bfloat16.

    Attributes:
        model: the copy, with the weights of the last step.
        shuffler: decides the order of the images.
        generator: decides how images are varied; on the model's device.
    """

    def __init__(self, config: TrainConfig, model: MLP, low_precision: bool) -> None:
        self._config = config
        self._low_precision = low_precision
        self.model = deepcopy(model)
        self._optimizer = torch.optim.Adam(self.model.parameters(), lr=config.learning_rate, fused=True)
        self._average = AveragedModel(self.model, avg_fn=_weigh_latest) if config.recipe == "augmented" else None
        self.shuffler = torch.Generator().manual_seed(config.seed)
        self.generator = torch.Generator(model.device).manual_seed(config.seed)

    def begin_epoch(self, epoch: int) -> None:
        """Go into train mode, at the learning rate of this epoch, counted from 1."""
        factor = _fall(epoch) if self._average is not None else 1.0
        for group in self._optimizer.param_groups:
            group["lr"] = self._config.learning_rate * factor
        self.model.train()

    def step(self, images: Tensor, targets: Tensor) -> Tensor:
        """Learn from a batch, (N, 784) float32 with labels or probabilities as targets; return its mean loss."""
        with torch.autocast(images.device.type, torch.bfloat16, enabled=self._low_precision):
            logits = self.model(images)
        loss = F.cross_entropy(logits.float(), targets)
        self._optimizer.zero_grad()
        loss.backward()
        self._optimizer.step()
        if self._average is not None:
            self._average.update_parameters(self.model)
        return loss.detach()

    def learnt(self) -> MLP:
        """Return what was learnt up to now, in eval mode: the average of the weights, if there is one."""
        model = self.model if self._average is None else cast(MLP, self._average.module)
        return model.eval()

    def state_dict(self) -> dict[str, Tensor]:
        """Return all that the next step depends on; the tensors change with it."""
        state = {f"model.{name}": tensor for name, tensor in self.model.state_dict().items()}
        for number, moments in self._optimizer.state_dict()["state"].items():
            state |= {f"optimizer.{number}.{name}": tensor for name, tensor in moments.items()}
        if self._average is not None:
            state |= {f"average.{name}": tensor for name, tensor in self._average.state_dict().items()}
        return state | {f"random.{name}": source.get_state() for name, source in self._sources().items()}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Go on where the learner was whose state this is.

        Raises:
            KeyError, RuntimeError, ValueError: it is the state of a learner of another kind.
        """
        parts: dict[str, dict[str, Tensor]] = {"model": {}, "optimizer": {}, "average": {}, "random": {}}
        for name, tensor in state.items():
            part, _, rest = name.partition(".")
            parts[part][rest] = tensor
        self.model.load_state_dict(parts["model"])
        moments: dict[int, dict[str, Tensor]] = {}
        for name, tensor in parts["optimizer"].items():
            number, _, rest = name.partition(".")
            moments.setdefault(int(number), {})[rest] = tensor
        groups = self._optimizer.state_dict()["param_groups"]
        self._optimizer.load_state_dict({"state": moments, "param_groups": groups})
        if self._average is not None:
            self._average.load_state_dict(parts["average"])
        for name, source in self._sources().items():
            source.set_state(parts["random"][name])

    def _sources(self) -> dict[str, torch.Generator]:
        masks = {layer.generator for layer in self.model.layers if isinstance(layer, Dropout)} - {None}
        sources = {"shuffler": self.shuffler, "images": self.generator}
        return sources | {f"masks{number}": source for number, source in enumerate(masks) if source is not None}


def _fall(epoch: int) -> float:
    """Return the factor of the learning rate in an epoch: 1 at first, then falling with the epoch's square root.

    So it is in the proof that Adam converges: Kingma & Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015,
    theorem 4.1. Like the average it does not have to know when the end is.
    """
    return min(1.0, math.sqrt(STEADY_EPOCHS / epoch))


def _weigh_latest(average: Tensor, latest: Tensor, averaged: Tensor | int) -> Tensor:
    """Average the weights of all steps so that step t counts as t**8, which is to say about the last ninth of them.

    Polynomial-decay averaging: Shamir & Zhang, "Stochastic Gradient Descent for Non-smooth Optimization", ICML 2013.
    """
    return average.lerp(latest, 9 / (averaged + 9))
