"""Model cards and small networks for tests, made by ``onnx.helper``: seeded, and of many faults."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SIDE, DIMENSION = 112, 64
TEMPLATE = [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655]]
TEMPLATE.append([70.7299, 92.2041])


def small_network(
    *,
    kind: int = TensorProto.FLOAT,
    shape: Sequence[int | str] = ("n", 3, SIDE, SIDE),
    outputs: Sequence[str] = ("vectors",),
    scale: float = 1.0,
    nodes: Sequence[onnx.NodeProto] = (),
    weights: Sequence[onnx.TensorProto] = (),
) -> onnx.ModelProto:
    """Sixteen mean colours of the face's parts, turned by lot into DIMENSION numbers."""
    number = np.float16 if kind == TensorProto.FLOAT16 else np.float32
    turn = np.random.default_rng(5).standard_normal((48, DIMENSION)) * scale
    made = [
        helper.make_node(
            "AveragePool", ["pixels"], ["means"], kernel_shape=[28, 28], strides=[28, 28]
        ),
        helper.make_node("Flatten", ["means"], ["flat"]),
        *(helper.make_node("MatMul", ["flat", "turn"], [name]) for name in outputs),
        *nodes,
    ]
    graph = helper.make_graph(
        made,
        "small",
        [helper.make_tensor_value_info("pixels", kind, shape)],
        [helper.make_tensor_value_info(name, kind, [shape[0], DIMENSION]) for name in outputs],
        [numpy_helper.from_array(turn.astype(number), "turn"), *weights],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def write_card(folder: Path, model: onnx.ModelProto | bytes, **changes: Any) -> Path:
    """A card and its file in ``folder``; ``changes`` are keys of the card, None leaves one out."""
    data = model if isinstance(model, bytes) else model.SerializeToString()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "network.onnx").write_bytes(data)
    said = {
        "name": "small",
        "file": "network.onnx",
        "sha256": hashlib.sha256(data).hexdigest(),
        "licence": "for tests",
        "dimension": DIMENSION,
        "input": {"size": SIDE, "channels": "RGB", "mean": 127.5, "scale": 127.5},
        "crop": {"points": TEMPLATE},
        **changes,
    }
    path = folder / "model.toml"
    path.write_text(
        "".join(f"{key} = {_toml(value)}\n" for key, value in said.items() if value is not None)
    )
    return path


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml(each)}" for key, each in value.items()) + "}"
    return json.dumps(value)
