"""Weights for the real network, drawn by lot from a seed and named by their own hash."""

from __future__ import annotations

import hashlib
import io
import math
from pathlib import Path

import torch

from enrichscrapy.faces.published import make_inception_resnet


def random_state(seed: int) -> dict[str, torch.Tensor]:
    """A state dict of InceptionResnetV1 whose activations neither vanish nor explode."""
    torch.manual_seed(seed)
    network = make_inception_resnet()
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, torch.nn.Conv2d | torch.nn.Linear):
                fan = module.weight[0].numel()
                module.weight.normal_(0, math.sqrt(2 / fan))
            if isinstance(module, torch.nn.BatchNorm2d | torch.nn.BatchNorm1d):
                assert module.running_mean is not None
                assert module.running_var is not None
                module.running_mean.normal_(0, 0.1)
                module.running_var.uniform_(0.5, 1.5)
    state: dict[str, torch.Tensor] = network.state_dict()
    return state


def save_weights(folder: Path, state: dict[str, torch.Tensor]) -> tuple[Path, str]:
    buffer = io.BytesIO()
    torch.save(state, buffer)
    path = folder / "weights.pt"
    path.write_bytes(buffer.getvalue())
    return path, hashlib.sha256(buffer.getvalue()).hexdigest()
