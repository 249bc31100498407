"""A network whose depthwise layers are KxK or axial, as a mask says: all hybrids in one.

An axial filter is a KxK one with a single row or column of taps: the mask chooses between the
kernels and what adapters make of them, and the rest of the network is shared.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional

from dsconv.axial import Variant, axial
from dsconv.training.data import EVALUATION_BATCH, Labelled
from dsconv.training.module import OnnxModule, recalibrate
from dsconv.training.normalisation import normalised
from dsconv.training.scaffold import BRANCHES, Adapter, known_layers


class Supernet(nn.Module):
    """All hybrids of a network with axial-half layers, which share its weights.

    In training every batch goes through a hybrid drawn at random. `axial_layers` are those of the
    hybrid that an evaluation takes; `images`, (n, C, H, W), are what batch normalisation begins
    with where the network has none. Raises ModelError where there is no depthwise layer.
    """

    def __init__(self, network: onnx.ModelProto, images: Tensor):
        super().__init__()
        self.layers = known_layers(network)
        self.network = OnnxModule(normalised(network, self.layers, images))
        nodes = {node.name: node for node in self.network.graph.nodes}
        self.weights = [nodes[name].inputs[1] for name in self.layers]
        self.adapters = nn.ModuleList(Adapter(self.network.constant(name)) for name in self.weights)
        for name in self.weights:
            self.network.constant(name).requires_grad_(False)
        self.axial_layers: tuple[str, ...] = ()

    def filters(self, layers: Collection[str]) -> dict[str, Tensor]:
        """Kernels, (channels, 1, KY, KX), of the hybrid with these axial layers."""
        found: dict[str, Tensor] = {}
        for name, weight, adapter in zip(self.layers, self.weights, self.adapters, strict=True):
            assert isinstance(adapter, Adapter)
            found[self.network.key(weight)] = (
                _embedded(adapter) if name in layers else adapter.kernels
            )
        return found

    def forward(self, x: Tensor) -> Tensor:
        """Logits of the hybrid; in training, of one drawn at random."""
        layers: Collection[str] = self.axial_layers
        if self.training and torch.is_grad_enabled():
            drawn = torch.rand(len(self.layers)) < torch.rand(1)
            layers = [name for name, is_axial in zip(self.layers, drawn, strict=True) if is_axial]
        return functional_call(self.network, self.filters(layers), (x,))

    def take(self, layers: Collection[str], images: Tensor) -> None:
        """Turns to the hybrid with these axial layers, its batch normalisation by these images."""
        self.axial_layers = tuple(name for name in self.layers if name in layers)
        recalibrate(self, images.split(EVALUATION_BATCH))

    def loss(self, data: Labelled) -> float:
        """Mean cross entropy of the hybrid that was taken."""
        self.eval()
        with torch.no_grad():
            total = sum(
                float(functional.cross_entropy(self(images), classes, reduction="sum"))
                for images, classes in data.in_order()
            )
        return total / len(data)

    def to_onnx(self) -> onnx.ModelProto:
        """The hybrid that was taken, with axial layers where they are."""
        with torch.no_grad():
            for key, value in self.filters(()).items():
                getattr(self.network, key).copy_(value)
        model = self.network.to_onnx()
        if not self.axial_layers:
            return model
        student = axial(model, Variant.HALF, self.axial_layers)
        written = {tensor.name: tensor for tensor in student.graph.initializer}
        for name, adapter in zip(self.layers, self.adapters, strict=True):
            assert isinstance(adapter, Adapter)
            if name not in self.axial_layers:
                continue
            for branch, filters in zip(BRANCHES, adapter.filters(Variant.HALF), strict=True):
                tensor = written[f"{name}/{branch}/weights"]
                array = np.ascontiguousarray(filters.detach().numpy())
                tensor.CopyFrom(numpy_helper.from_array(array, tensor.name))
        return student


def _embedded(adapter: Adapter) -> Tensor:
    """Axial-half filters as KxK kernels: taps in the middle row for one half of the channels, in
    the middle column for the other.
    """
    height, width = adapter.kernels.shape[2:]
    rows, columns = adapter.filters(Variant.HALF)
    above, left = (height - 1) // 2, (width - 1) // 2
    return torch.cat(
        [
            functional.pad(rows, (0, 0, above, height - 1 - above)),
            functional.pad(columns, (left, width - 1 - left)),
        ]
    )
