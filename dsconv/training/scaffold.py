"""Neural operator scaffolding: axial filters that are trained by way of the KxK kernels.

The paper (FuSeConv, arXiv 2105.13434 and 2108.11441) names the method; the form of its adapters,
its loss and its schedule are not public. Here every depthwise layer keeps the teacher's KxK kernels
as parameters. Two matrices, shared by the layer's channels, make of each kernel the filter along
rows and the one along columns. They begin as sums over the other axis.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn
from torch.func import functional_call

from dsconv.axial import Variant, axial, depthwise_layers
from dsconv.errors import ModelError
from dsconv.training.module import OnnxModule
from dsconv.training.normalisation import normalised

BRANCHES = ("rows", "columns")


class Adapter(nn.Module):
    """Makes axial filters of KxK kernels, (channels, 1, KY, KX)."""

    def __init__(self, kernels: Tensor):
        super().__init__()
        height, width = kernels.shape[2:]
        self.kernels = nn.Parameter(kernels.detach().clone())
        self.to_rows = nn.Parameter(torch.eye(width).repeat(1, height))
        self.to_columns = nn.Parameter(torch.eye(height).repeat_interleave(width, 1))

    def filters(self, variant: Variant) -> tuple[Tensor, Tensor]:
        """Those along rows, (channels, 1, 1, KX), and along columns, (channels, 1, KY, 1)."""
        kernels = self.kernels.flatten(1)
        along_rows, along_columns = kernels, kernels
        if variant is Variant.HALF:
            first = ceil(len(kernels) / 2)
            along_rows, along_columns = kernels[:first], kernels[first:]
        rows, columns = along_rows @ self.to_rows.T, along_columns @ self.to_columns.T
        return rows[:, None, None, :], columns[:, None, :, None]


class Scaffold(nn.Module):
    """The axial student of a network, its filters made by adapters from the KxK kernels.

    `layers` are names of depthwise nodes, None for all; `images`, (n, C, H, W), are what batch
    normalisation begins with where the network has none. Raises ModelError where the network has no
    depthwise layer or no axial form.
    """

    def __init__(
        self,
        network: onnx.ModelProto,
        variant: Variant,
        images: Tensor,
        layers: Sequence[str] | None = None,
    ):
        super().__init__()
        self.variant = variant
        known = known_layers(network)
        self.layers = known if layers is None else tuple(layers)
        teacher = normalised(network, self.layers, images)
        self.student = OnnxModule(axial(teacher, variant, self.layers))
        self.adapters = nn.ModuleList(
            Adapter(kernels) for kernels in depthwise_kernels(teacher, self.layers)
        )
        for name in self.layers:
            for branch in BRANCHES:
                self.student.constant(f"{name}/{branch}/weights").requires_grad_(False)

    def filters(self) -> dict[str, Tensor]:
        """The axial filters of now, by the student's names for them."""
        found: dict[str, Tensor] = {}
        for name, adapter in zip(self.layers, self.adapters, strict=True):
            assert isinstance(adapter, Adapter)
            for branch, filters in zip(BRANCHES, adapter.filters(self.variant), strict=True):
                found[self.student.key(f"{name}/{branch}/weights")] = filters
        return found

    def forward(self, x: Tensor) -> Tensor:
        """The student's logits."""
        return functional_call(self.student, self.filters(), (x,))

    def collapsed(self) -> OnnxModule:
        """The student with its filters as weights of its own: nothing is left of the scaffold."""
        with torch.no_grad():
            for key, value in self.filters().items():
                getattr(self.student, key).copy_(value)
        return self.student


def known_layers(network: onnx.ModelProto) -> tuple[str, ...]:
    """Names of the layers that have an axial form. Raises ModelError where there is none."""
    found = tuple(depthwise_layers(network))
    if not found:
        raise ModelError("the network has no depthwise layer of several rows and columns of taps")
    return found


def depthwise_kernels(network: onnx.ModelProto, layers: Sequence[str]) -> list[Tensor]:
    """Kernels, (channels, 1, KY, KX), of the named layers."""
    weights = {node.name: node.input[1] for node in network.graph.node if node.name in layers}
    constants = {tensor.name: tensor for tensor in network.graph.initializer}
    return [
        torch.from_numpy(numpy_helper.to_array(constants[weights[name]]).copy()) for name in layers
    ]
