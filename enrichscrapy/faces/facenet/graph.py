"""The folded network as an ONNX graph, for ONNX Runtime.

Written down operator by operator, not traced: what runs is what :class:`.FoldedNet` computes.
"""

from __future__ import annotations

from typing import Any

import onnx
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor

from enrichscrapy.faces.crop import CROP_SIZE
from enrichscrapy.faces.facenet.convolution import Conv
from enrichscrapy.faces.facenet.folded import CENTRE, Branches, FoldedNet, Residual

INPUT, OUTPUT = "crops", "vectors"
OPSET, IR = 17, 8


def to_onnx(net: FoldedNet) -> bytes:
    """A model: (n, 160, 160, 3) bytes -> (n, 512). ``net`` is in float32 and has not run."""
    graph = _Graph()
    x = graph.add("Cast", INPUT, to=TensorProto.FLOAT)
    x = graph.add("Sub", x, graph.add_constant(net.out[1].new_tensor(CENTRE)))
    x = graph.add("Transpose", x, perm=[0, 3, 1, 2])
    x = graph.add_pool(graph.add_chain(net.stem + net.before_pool, x))
    x = graph.add_chain(net.middle, x)
    for block in net.blocks:
        x = (
            graph.add_branches(block, x)
            if isinstance(block, Branches)
            else graph.add_residual(block, x)
        )
    x = graph.add("Flatten", graph.add("GlobalAveragePool", x))
    weight, bias = (graph.add_constant(each) for each in net.out)
    graph.add("Gemm", x, weight, bias, transB=1, output=OUTPUT)
    side, out = CROP_SIZE, net.out[0].shape[0]
    taken = helper.make_tensor_value_info(INPUT, TensorProto.UINT8, ["n", side, side, 3])
    given = helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["n", out])
    made = helper.make_graph(graph.nodes, "facenet", [taken], [given], graph.weights)
    opsets = [helper.make_opsetid("", OPSET)]
    model = helper.make_model(made, opset_imports=opsets, ir_version=IR)
    return bytes(model.SerializeToString())


class _Graph:
    """Nodes and weights in the making; every method returns the name of what it computes."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def add_constant(self, tensor: Tensor) -> str:
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(tensor.contiguous().cpu().numpy(), name))
        return name

    def add(self, kind: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        output = output or f"x{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def add_conv(self, conv: Conv, x: str) -> str:
        return self.add(
            "Conv",
            x,
            self.add_constant(conv.weight),
            self.add_constant(conv.bias),
            strides=list(conv.stride),
            pads=[*conv.padding, *conv.padding],
        )

    def add_chain(self, convs: list[Conv], x: str) -> str:
        for conv in convs:
            x = self.add("Relu", self.add_conv(conv, x))
        return x

    def add_pool(self, x: str) -> str:
        return self.add("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2])

    def add_branches(self, block: Branches, x: str) -> str:
        outputs = [self.add_chain(chain, x) for chain in block.chains]
        if block.pool:
            outputs.append(self.add_pool(x))
        return self.add("Concat", *outputs, axis=1)

    def add_residual(self, block: Residual, x: str) -> str:
        y = self.add("Add", self.add_conv(block.out, self.add_branches(block.branches, x)), x)
        return y if block.last else self.add("Relu", y)
