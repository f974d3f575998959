"""One training step, with everything that the next one depends on: weights, optimizer, average, random generators."""

import math
from collections.abc import Mapping
from copy import deepcopy
from typing import cast

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel

from dropout_mnist.config import TrainConfig
from dropout_mnist.dropout import Dropout
from dropout_mnist.hardware.device import choose_device, uses_bfloat16
from dropout_mnist.messages.message import Message
from dropout_mnist.model import MLP

# The augmented recipe's learning rate decays after this many epochs.
CONSTANT_EPOCHS = 30


class StateError(ValueError):
    """A saved state does not fit the run that is to resume from it; the message says why."""


class TrainStep:
    """A network being trained, its optimizer, its running average and its random generators.

    The state is all tensors: a step that loads it continues exactly where the other one was.

    Args:
        config: the hyperparameters; the seed decides initial weights and masks.

    Attributes:
        model: with the weights of the last step.
        shuffler: decides the order of the images; on the CPU.
        augmenter: decides how images are varied; on the model's device.

    Raises:
        ValueError: the config's device is not available.
    """

    def __init__(self, config: TrainConfig) -> None:
        device = choose_device(config.device)
        masks = torch.Generator(device).manual_seed(config.seed)
        self.model = MLP(config.hidden_sizes, config.drop_prob, masks, config.dropout_kind)
        self.shuffler = torch.Generator().manual_seed(config.seed)
        self.augmenter = torch.Generator(device).manual_seed(config.seed)
        self.low_precision = uses_bfloat16(config.precision, device)
        self._config = config
        self._optimizer = torch.optim.AdamW(
            self.model.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay, fused=True
        )
        self._average = AveragedModel(self.model, avg_fn=_average_latest) if config.recipe == "augmented" else None
        self._generators = {"shuffler": self.shuffler, "images": self.augmenter, "masks": masks}

    def begin_epoch(self, epoch: int) -> None:
        """Switch to train mode, and to the learning rate and the dropout of this epoch, counted from 1."""
        factor = _decay(epoch) if self._average is not None else 1.0
        for group in self._optimizer.param_groups:
            group["lr"] = self._config.learning_rate * factor
        self.model.train()
        for layer in self.model.layers:
            if isinstance(layer, Dropout):
                layer.train(self._config.drops_in(epoch))

    def __call__(self, images: Tensor, targets: Tensor) -> Tensor:
        """Update the weights with one batch, (N, 784) float32 with labels or probabilities; return its mean loss."""
        with torch.autocast(images.device.type, torch.bfloat16, enabled=self.low_precision):
            logits = self.model(images)
        loss = F.cross_entropy(logits.float(), targets)
        self._optimizer.zero_grad()
        loss.backward()
        self._optimizer.step()
        if self._average is not None:
            self._average.update_parameters(self.model)
        return loss.detach()

    @property
    def evaluated_model(self) -> MLP:
        """The network to evaluate: the average of the weights, if there is one; in any mode."""
        return self.model if self._average is None else cast(MLP, self._average.module)

    def trained_model(self) -> MLP:
        """Return the network to evaluate, in eval mode."""
        return self.evaluated_model.eval()

    def state_dict(self) -> dict[str, Tensor]:
        """Return a copy of everything that the next step depends on."""
        state = {f"model.{name}": tensor for name, tensor in self.model.state_dict().items()}
        for number, moments in self._optimizer.state_dict()["state"].items():
            state |= {f"optimizer.{number}.{name}": tensor for name, tensor in moments.items()}
        if self._average is not None:
            state |= {f"average.{name}": tensor for name, tensor in self._average.state_dict().items()}
        state |= {f"random.{name}": generator.get_state() for name, generator in self._generators.items()}
        return {name: tensor.clone() for name, tensor in state.items()}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Restore a state that `state_dict()` returned.

        Raises:
            StateError: it does not fit this network. This step must not be used then.
        """
        self._check(state)
        parts: dict[str, dict[str, Tensor]] = {"model": {}, "optimizer": {}, "average": {}, "random": {}}
        for name, tensor in state.items():
            part, _, rest = name.partition(".")
            parts[part][rest] = tensor
        self.model.load_state_dict(parts["model"])
        moments: dict[int, dict[str, Tensor]] = {}
        for name, tensor in parts["optimizer"].items():
            number, _, rest = name.partition(".")
            moments.setdefault(int(number), {})[rest] = tensor.clone()
        groups = self._optimizer.state_dict()["param_groups"]
        self._optimizer.load_state_dict({"state": moments, "param_groups": groups})
        if self._average is not None:
            self._average.load_state_dict(parts["average"])
        for name, generator in self._generators.items():
            try:
                generator.set_state(parts["random"][name])
            except RuntimeError as error:
                message = Message("the saved state has an unreadable random generator: {error}", error=str(error))
                raise StateError(message) from None

    def _check(self, state: Mapping[str, Tensor]) -> None:
        """Compare names, shapes and types with those of this step after its first update, or before it."""
        expected = {name: tensor for name, tensor in self.state_dict().items() if not name.startswith("optimizer.")}
        if any(name.startswith("optimizer.") for name in state):
            for number, weights in enumerate(self.model.parameters()):
                for name in ("exp_avg", "exp_avg_sq"):
                    expected[f"optimizer.{number}.{name}"] = weights
                expected[f"optimizer.{number}.step"] = torch.zeros(())
        if wrong := sorted(expected.keys() ^ state.keys()):
            names = ", ".join(wrong)[:200]
            raise StateError(Message("the saved state has missing or unknown tensors: {names}", names=names))
        for name, tensor in state.items():
            if (tensor.shape, tensor.dtype) != (expected[name].shape, expected[name].dtype):
                raise StateError(
                    Message(
                        "the saved state does not fit this network: {name} is {found}, not {expected}",
                        name=name,
                        found=f"{tensor.dtype} {tuple(tensor.shape)}",
                        expected=f"{expected[name].dtype} {tuple(expected[name].shape)}",
                    )
                )


def inference_copy(model: MLP) -> MLP:
    """Return a copy on the CPU, in eval mode, that shares nothing with the model and needs no gradients."""
    return deepcopy(model).cpu().eval().requires_grad_(False)


def _decay(epoch: int) -> float:
    """Return the factor of the learning rate in an epoch: 1 at first, then falling with the epoch's square root.

    The proof that Adam converges assumes this schedule: Kingma & Ba, "Adam: A Method for Stochastic Optimization",
    ICLR 2015, theorem 4.1. Like the average, it does not depend on the planned number of epochs.
    """
    return min(1.0, math.sqrt(CONSTANT_EPOCHS / epoch))


def _average_latest(average: Tensor, latest: Tensor, averaged: Tensor | int) -> Tensor:
    """Average the weights of all steps so that step t counts as t**8: in effect, the last ninth of them.

    Polynomial-decay averaging: Shamir & Zhang, "Stochastic Gradient Descent for Non-smooth Optimization", ICML 2013.
    """
    return average.lerp(latest, 9 / (averaged + 9))
