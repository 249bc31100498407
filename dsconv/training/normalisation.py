"""Gives depthwise layers a batch normalisation where the file has folded it away."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from torch import Tensor

from dsconv.training.module import NORMALISATION, OnnxModule

EPSILON = 1e-5


def normalised(network: onnx.ModelProto, layers: Sequence[str], images: Tensor) -> onnx.ModelProto:
    """The same function, with a batch normalisation behind each of the layers, named by node.

    New ones have the mean and variance that the layer's output has over the images, (n, C, H, W),
    and give it back. A copy; its nodes have the names that `dsconv.axial` gives to those without.
    """
    copy = onnx.ModelProto()
    copy.CopyFrom(network)
    for number, node in enumerate(copy.graph.node):
        node.name = node.name or f"{node.op_type}_{number}"
    module = OnnxModule(copy).eval()
    with torch.no_grad():
        values = module.values(images)
    readers = {name: node for node in copy.graph.node for name in node.input}
    for node in [node for node in copy.graph.node if node.name in layers]:
        if readers[node.output[0]].op_type == NORMALISATION:
            continue
        output = values[node.output[0]]
        variance, mean = torch.var_mean(output, (0, 2, 3), correction=0)
        _insert(copy.graph, node, mean.numpy(), variance.numpy())
    return copy


def _insert(
    graph: onnx.GraphProto,
    node: onnx.NodeProto,
    mean: NDArray[np.float32],
    variance: NDArray[np.float32],
) -> None:
    """Puts a normalisation behind a node that changes nothing yet."""
    name, output = f"{node.name}/normalisation", node.output[0]
    constants = {
        "scale": np.sqrt(variance + np.float32(EPSILON)),
        "bias": mean,
        "mean": mean,
        "variance": variance,
    }
    graph.initializer.extend(
        numpy_helper.from_array(value, f"{name}/{label}") for label, value in constants.items()
    )
    node.output[0] = f"{name}/input"
    graph.node.insert(
        list(graph.node).index(node) + 1,
        helper.make_node(
            NORMALISATION,
            [node.output[0], *(f"{name}/{label}" for label in constants)],
            [output],
            name,
            epsilon=EPSILON,
        ),
    )
