"""MTCNN's three networks with facenet-pytorch's weights, laid out for speed.

Channels are padded to multiples of 16 and stored channels-last, which oneDNN and torch's
elementwise kernels run several times faster than the published 10, 28 and 48; both heads are one
multiplication, and P-Net's pooling is a maximum of slices. The padding channels are zero
throughout, so the outputs are the published networks' own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from enrichscrapy.faces import engines
from enrichscrapy.faces.published import load_mtcnn_state

LANES = 16
# Windows looked at together while the types are compared.
MEASURED = 32


class _Layer(NamedTuple):
    weight: Tensor
    bias: Tensor
    slope: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        return F.prelu(F.conv2d(x, self.weight, self.bias), self.slope)


class Proposals:
    """P-Net: (1, 3, h, w) -> face score (h', w') and box shift (4, h', w'), stride 2."""

    def __init__(self, device: torch.device) -> None:
        state = load_mtcnn_state("pnet")
        self._layers = _load_layers(state, 3, device, torch.float32)
        weight, bias = _side_by_side(state, "conv4_1", "conv4_2")
        self._head = weight.flatten(1).T.contiguous().to(device)
        self._bias = bias.to(device)

    def __call__(self, x: Tensor) -> tuple[Tensor, Tensor]:
        first, second, third = self._layers
        x = third(second(_halve(first(x))))
        rows = x.permute(0, 2, 3, 1)[0] @ self._head + self._bias
        return torch.softmax(rows[..., :2], dim=-1)[..., 1], rows[..., 2:]


class Refiner:
    """R-Net or O-Net: (n, 3, s, s) -> face score (n,) and the other heads side by side (n, k)."""

    def __init__(
        self,
        state: Mapping[str, Tensor],
        pools: Sequence[int],
        heads: Sequence[str],
        device: torch.device,
        dtype: torch.dtype,
    ) -> None:
        self._pools = pools
        self._dtype = dtype
        self._layers = _load_layers(state, len(pools), device, dtype)
        dense = len(pools) + 1
        self._dense = _to(device, *_side_by_side(state, f"dense{dense}"))
        self._slope = state[f"prelu{dense}.weight"].to(device)
        self._heads = _to(device, *_side_by_side(state, *heads))

    def __call__(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = x.to(self._dtype)
        for layer, pool in zip(self._layers, self._pools, strict=True):
            x = layer(x)
            if pool:
                x = F.max_pool2d(x, pool, 2, ceil_mode=True)
        # The published networks flatten width first.
        flat = x.permute(0, 3, 2, 1).flatten(1).float()
        hidden = F.prelu(F.linear(flat, *self._dense), self._slope)
        heads = F.linear(hidden, *self._heads)
        return torch.softmax(heads[:, :2], dim=1)[:, 1], heads[:, 2:]


def load_refiner(device: torch.device, dtype: torch.dtype) -> Refiner:
    """R-Net: windows of 24 pixels; the other heads are the box shift."""
    heads = ("dense5_1", "dense5_2")
    return Refiner(load_mtcnn_state("rnet"), (3, 3, 0), heads, device, dtype)


def load_finisher(device: torch.device, dtype: torch.dtype) -> Refiner:
    """O-Net: windows of 48 pixels; box shift, then the landmarks' five x and five y."""
    heads = ("dense6_1", "dense6_2", "dense6_3")
    return Refiner(load_mtcnn_state("onet"), (3, 3, 2, 0), heads, device, dtype)


def pick_dtype(device: torch.device, threads: int) -> torch.dtype:
    """bfloat16 for R-Net and O-Net where this machine is faster with it, else float32."""
    if device.type != "cpu" or not engines.multiplies_bfloat16():
        return torch.float32
    windows = torch.zeros(MEASURED, 3, 48, 48).contiguous(memory_format=torch.channels_last)
    types = {"float32": torch.float32, "bfloat16": torch.bfloat16}

    def build() -> dict[str, engines.Work]:
        return {
            name: partial(load_finisher(device, dtype), windows) for name, dtype in types.items()
        }

    with torch.inference_mode():
        return types[engines.fastest("mtcnn", list(types), threads, build)]


def _load_layers(
    state: Mapping[str, Tensor], count: int, device: torch.device, dtype: torch.dtype
) -> list[_Layer]:
    """The convolutions with their slopes; the last one keeps its channels for the dense layer."""
    layers, entering = [], 3
    for number in range(1, count + 1):
        convolution = state[f"conv{number}.weight"]
        leaving = -(-len(convolution) // LANES) * LANES
        tensors = (
            _pad(convolution, leaving, entering),
            _pad(state[f"conv{number}.bias"], leaving),
            _pad(state[f"prelu{number}.weight"], leaving),
        )
        weight, bias, slope = (tensor.to(device, dtype) for tensor in tensors)
        weight = weight.contiguous(memory_format=torch.channels_last)
        layers.append(_Layer(weight, bias, slope))
        entering = leaving
    return layers


def _side_by_side(state: Mapping[str, Tensor], *layers: str) -> tuple[Tensor, Tensor]:
    """Weight and bias of layers with the same input, as one layer."""
    weight, bias = (
        torch.cat([state[f"{layer}.{kind}"] for layer in layers]) for kind in ("weight", "bias")
    )
    return weight, bias


def _to(device: torch.device, *tensors: Tensor) -> tuple[Tensor, ...]:
    return tuple(tensor.to(device) for tensor in tensors)


def _pad(tensor: Tensor, *sizes: int) -> Tensor:
    """``tensor`` in the corner of zeros whose first dimensions are ``sizes``."""
    padded = torch.zeros(*sizes, *tensor.shape[len(sizes) :])
    padded[tuple(slice(size) for size in tensor.shape)] = tensor
    return padded


def _halve(x: Tensor) -> Tensor:
    """2x2 maximum pooling that keeps a last odd row and column; overwrites ``x``."""
    for axis in (2, 3):
        even, odd = (x[:, :, 0::2], x[:, :, 1::2]) if axis == 2 else (x[..., 0::2], x[..., 1::2])
        paired = even.narrow(axis, 0, odd.shape[axis])
        torch.maximum(paired, odd, out=paired)
        x = even
    return x.contiguous(memory_format=torch.channels_last)
