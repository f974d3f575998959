"""A trained network in plain PyTorch: it needs torch and the file `weights.safetensors` next to this one.

probs = load_model()(images).softmax(dim=1)  # images: (N, 784) float32 in [0, 1], preprocessed like MNIST's
"""

import json
from itertools import pairwise
from pathlib import Path

import torch
from torch import Tensor, nn

WEIGHTS = Path(__file__).with_name("weights.safetensors")


class MLP(nn.Module):
    def __init__(self, hidden_sizes: list[int], drop_prob: float) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for inputs, outputs in pairwise([784, *hidden_sizes, 10]):
            layers += [nn.Linear(inputs, outputs), nn.ReLU(), nn.Dropout(drop_prob)]
        self.layers = nn.Sequential(*layers[:-2])  # the last layer returns logits

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.layers(images)
        return logits


def load_model(path: str | Path = WEIGHTS) -> MLP:
    """Return the network in eval mode: dropout is off until `.train()`."""
    # A safetensors file: the length of the header, the header as JSON, the numbers. It cannot run code as a pickle can.
    data = bytearray(Path(path).read_bytes())
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:start])
    config = json.loads(header.pop("__metadata__")["dropout_mnist"])["config"]
    state_dict = {}
    for name, entry in header.items():
        begin, end = (start + offset for offset in entry["data_offsets"])
        state_dict[name] = torch.frombuffer(data[begin:end], dtype=torch.float32).reshape(entry["shape"])
    model = MLP(config["hidden_sizes"], config["drop_prob"])
    model.load_state_dict(state_dict)
    return model.eval()
