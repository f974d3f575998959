"""Choose the device and the precision of matrix products."""

import torch

from dropout_mnist.messages.message import Message


def choose_device(name: str) -> torch.device:
    """Return the device for "auto", "cpu", "cuda" or "mps".

    Raises:
        ValueError: this machine has no such device.
    """
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        name = next(device for device, there in available.items() if there)
    if not available.get(name, False):
        raise ValueError(
            Message("device {name!r} is not available on this machine; use device 'auto' or 'cpu'", name=name)
        )
    return torch.device(name)


def uses_bfloat16(precision: str, device: torch.device) -> bool:
    """Whether matrix products are computed in bfloat16: "bf16" asks for it, "auto" where the hardware has it."""
    if precision != "auto":
        return precision == "bf16"
    if device.type == "cpu":
        capabilities = torch.cpu.get_capabilities()
        return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))
    return device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
