"""MTCNN's three networks with facenet-pytorch's weights, laid out for speed.

Channels are padded to multiples of 16 and stored channels-last, which oneDNN and torch's
elementwise kernels run several times faster than the published 10, 28 and 48; both heads are one
multiplication, and pooling is a maximum of slices, which takes half of torch's time. The padding
channels are zero throughout, so the outputs are the published networks' own.

All of it is float32 on every machine. In bfloat16 R-Net and O-Net move a face's box by 0.5 % of its
width in the median and 10 % at worst, which moves its vector by cosines of .9997 and .958: faces
would be other ones on another processor. What bfloat16 saves is 1.5 ms a photo.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from enrichscrapy.faces.published import load_mtcnn_state

LANES = 16
STRIDE = 2
"""Of every pooling."""


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
        self._layers = _load_layers(state, 3, device)
        weight, bias = _join_side_by_side(state, "conv4_1", "conv4_2")
        self._head = weight.flatten(1).T.contiguous().to(device)
        self._bias = bias.to(device)

    def __call__(self, x: Tensor) -> tuple[Tensor, Tensor]:
        first, second, third = self._layers
        x = third(second(_pool(first(x), 2)))
        rows = x.permute(0, 2, 3, 1)[0] @ self._head + self._bias
        return _score(rows), rows[..., 2:]


class Refiner:
    """R-Net or O-Net: (n, 3, s, s) -> face score (n,) and the other heads side by side (n, k)."""

    def __init__(
        self,
        state: Mapping[str, Tensor],
        pools: Sequence[int],
        heads: Sequence[str],
        device: torch.device,
    ) -> None:
        self._pools = pools
        self._layers = _load_layers(state, len(pools), device)
        dense = len(pools) + 1
        self._dense = _move_to(device, *_join_side_by_side(state, f"dense{dense}"))
        self._slope = state[f"prelu{dense}.weight"].to(device)
        self._heads = _move_to(device, *_join_side_by_side(state, *heads))

    def __call__(self, x: Tensor) -> tuple[Tensor, Tensor]:
        for layer, pool in zip(self._layers, self._pools, strict=True):
            x = layer(x)
            if pool:
                x = _pool(x, pool)
        # The published networks flatten width first.
        flat = x.permute(0, 3, 2, 1).flatten(1)
        hidden = F.prelu(F.linear(flat, *self._dense), self._slope)
        heads = F.linear(hidden, *self._heads)
        return _score(heads), heads[:, 2:]


def load_refiner(device: torch.device) -> Refiner:
    """R-Net: windows of 24 pixels; the other heads are the box shift."""
    heads = ("dense5_1", "dense5_2")
    return Refiner(load_mtcnn_state("rnet"), (3, 3, 0), heads, device)


def load_finisher(device: torch.device) -> Refiner:
    """O-Net: windows of 48 pixels; box shift, then the landmarks' five x and five y."""
    heads = ("dense6_1", "dense6_2", "dense6_3")
    return Refiner(load_mtcnn_state("onet"), (3, 3, 2, 0), heads, device)


def _load_layers(state: Mapping[str, Tensor], count: int, device: torch.device) -> list[_Layer]:
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
        weight, bias, slope = (tensor.to(device) for tensor in tensors)
        weight = weight.contiguous(memory_format=torch.channels_last)
        layers.append(_Layer(weight, bias, slope))
        entering = leaving
    return layers


def _join_side_by_side(state: Mapping[str, Tensor], *layers: str) -> tuple[Tensor, Tensor]:
    """Weight and bias of layers with the same input, as one layer."""
    weight, bias = (
        torch.cat([state[f"{layer}.{kind}"] for layer in layers]) for kind in ("weight", "bias")
    )
    return weight, bias


def _move_to(device: torch.device, *tensors: Tensor) -> tuple[Tensor, ...]:
    return tuple(tensor.to(device) for tensor in tensors)


def _pad(tensor: Tensor, *sizes: int) -> Tensor:
    """``tensor`` in the corner of zeros whose first dimensions are ``sizes``."""
    padded = torch.zeros(*sizes, *tensor.shape[len(sizes) :])
    padded[tuple(slice(size) for size in tensor.shape)] = tensor
    return padded


def _score(heads: Tensor) -> Tensor:
    """The softmax of two classes' heads (..., 2 and more): how likely the second is."""
    return torch.sigmoid(heads[..., 1] - heads[..., 0])


def _pool(x: Tensor, size: int) -> Tensor:
    """Maximum pooling that keeps a last incomplete window; may overwrite ``x``."""
    for axis in (2, 3):
        length = (x.shape[axis] - size + 1) // STRIDE + 1
        pooled = _take_every_other(x, axis, 0, length)
        for offset in range(1, size):
            other = _take_every_other(x, axis, offset, length)
            if other.shape == pooled.shape:
                pooled = torch.maximum(pooled, other)
            else:
                most = pooled.narrow(axis, 0, other.shape[axis])
                torch.maximum(most, other, out=most)
        x = pooled
    return x.contiguous(memory_format=torch.channels_last)


def _take_every_other(x: Tensor, axis: int, offset: int, length: int) -> Tensor:
    rows = slice(offset, offset + STRIDE * length, STRIDE)
    return x[:, :, rows] if axis == 2 else x[..., rows]
