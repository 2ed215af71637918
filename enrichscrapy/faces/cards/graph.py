"""What is in an ONNX file, checked before ONNX Runtime gets it."""

from __future__ import annotations

import math
from collections.abc import Iterator

import onnx

from enrichscrapy.exceptions import WeightsError

KNOWN_OPERATORS = frozenset({"", "ai.onnx", "ai.onnx.ml", "com.microsoft"})
# No type takes less of the file than half a byte a number.
NUMBERS_A_BYTE = 2


def check_graph(data: bytes) -> None:
    """``WeightsError`` for a file that is no ONNX model, needs other files or other operators than
    ONNX Runtime's, or claims more weights than it holds."""
    try:
        model = onnx.load_model_from_string(data)
    except Exception as error:  # protobuf's own, which is not exported
        raise WeightsError("FACE_MODEL: its file is no ONNX model") from error
    if not model.graph.node:
        raise WeightsError("FACE_MODEL: its file is no ONNX model: it computes nothing")
    strange = {node.domain for node in _list_nodes(model)} - KNOWN_OPERATORS
    strange -= {function.domain for function in model.functions}
    if strange:
        # A damaged name is bytes, or holds a line break.
        names = ", ".join(sorted(ascii(name).strip("'") for name in strange))
        raise WeightsError(
            f"FACE_MODEL: its file needs operators of its own ({names}): "
            "export it with standard ones"
        )
    numbers = 0
    for tensor in _list_tensors(model):
        if tensor.data_location == onnx.TensorProto.EXTERNAL or tensor.external_data:
            raise WeightsError(
                "FACE_MODEL: its file keeps weights in other files, which its SHA-256 says nothing "
                "about: save it as one (onnx.save with save_as_external_data=False)"
            )
        numbers += math.prod(tensor.dims) if min(tensor.dims, default=0) >= 0 else len(data) << 8
    if numbers > NUMBERS_A_BYTE * len(data):
        raise WeightsError(
            f"FACE_MODEL: its file claims {numbers:,} weights, more than its {len(data):,} bytes "
            "hold"
        )


def _list_nodes(model: onnx.ModelProto) -> Iterator[onnx.NodeProto]:
    """Of the graph, of the functions, and of the graphs inside their nodes."""
    waiting = [*model.graph.node, *(node for each in model.functions for node in each.node)]
    while waiting:
        node = waiting.pop()
        yield node
        for attribute in node.attribute:
            for graph in (attribute.g, *attribute.graphs):
                waiting += graph.node


def _list_tensors(model: onnx.ModelProto) -> Iterator[onnx.TensorProto]:
    graphs = [model.graph]
    for node in _list_nodes(model):
        for attribute in node.attribute:
            yield from (attribute.t, *attribute.tensors)
            yield from _list_sparse_parts(attribute.sparse_tensor, *attribute.sparse_tensors)
            graphs += [attribute.g, *attribute.graphs]
    for graph in graphs:
        yield from graph.initializer
        yield from _list_sparse_parts(*graph.sparse_initializer)


def _list_sparse_parts(*sparse: onnx.SparseTensorProto) -> Iterator[onnx.TensorProto]:
    for tensor in sparse:
        yield from (tensor.values, tensor.indices)
