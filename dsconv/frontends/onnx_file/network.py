"""What an import gives: the module, and how its values relate to the tensors of the file."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.dialects.builtin import ModuleOp

from dsconv.frontends.onnx_file.preprocessing import Preparation
from dsconv.frontends.onnx_file.rearrange import REARRANGING
from dsconv.frontends.onnx_file.view import Shape, View

READINGS = {"Cast", "DequantizeLinear", "Identity", "QuantizeLinear", *REARRANGING}
"""Operations that change the type and the dimensions of values alone."""


@dataclass(frozen=True)
class OnnxTensor:
    """A quantised tensor of the file and how its dimensions read the activation 1xCxHxW.

    `view.stored(array)` turns its array into (1, C, H, W).
    """

    name: str
    view: View


@dataclass(frozen=True)
class Port:
    """One input or output of the network, as the caller's bytes.

    `name` is the graph input or output of the file, `tensor` the ONNX tensor that has these bytes,
    before any transpose, and `shape` the shape they have, with batch 1.
    `real = scale * (q - zero_point)`; `scale` is None where the file does not say it, and for int32
    sums whose channels each have their own in `channel_scales`. `caller_steps` are the operations
    of the file between `name` and these bytes: QuantizeLinear of a float input, Softmax behind the
    logits. `preparation` is what the file does before `name`, where that is no input of the file.
    `aliases` are other outputs of the file, made of the same bytes.
    """

    name: str
    tensor: str
    shape: Shape
    dtype: str
    scale: float | None
    zero_point: int
    caller_steps: tuple[str, ...]
    channel_scales: tuple[float, ...] = ()
    preparation: Preparation | None = None
    aliases: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """What the port is called by those who give or expect values, the file's own name first."""
        own = () if self.preparation is None else (self.preparation.source.name,)
        return (*own, self.name, *self.aliases)

    @property
    def computed_by_caller(self) -> tuple[str, ...]:
        """What the caller computes of an output, beside reading its bytes as reals."""
        return tuple(step for step in self.caller_steps if step not in READINGS)

    @property
    def meaning(self) -> str:
        """Type, shape and what the integers mean, for people."""
        form = f"{self.dtype} {'x'.join(map(str, self.shape))}"
        if self.channel_scales:
            return f"{form}, real = q * channel_scales[channel], listed in network.mlir"
        if self.scale is None:
            return form
        offset = f"(q {'-' if self.zero_point >= 0 else '+'} {abs(self.zero_point)})"
        return f"{form}, {self._real} = {self.scale:.9g} * {offset if self.zero_point else 'q'}"

    @property
    def _real(self) -> str:
        """What is quantised: a real of the file, or what its first operations make of an input."""
        if self.preparation is None or not self.preparation.steps:
            return "real"
        steps = " and ".join(self.preparation.steps)
        return f"{steps} of {self.preparation.source.name}"

    @property
    def float_model(self) -> bool:
        """Whether the file has reals here, which the caller (de)quantises."""
        return bool(self.caller_steps)


@dataclass(frozen=True)
class LayerSource:
    """Where a layer comes from.

    `output` and `inputs` are the quantised ONNX tensors of its activations, None where the file has
    no tensor with those bytes.
    """

    label: str
    node: str
    output: OnnxTensor | None
    inputs: tuple[OnnxTensor | None, ...]


@dataclass(frozen=True)
class ImportedNetwork:
    """A network at the graph level of the dialect, in one function of the module."""

    module: ModuleOp
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    layers: tuple[LayerSource, ...]
    notes: tuple[str, ...]
    flavour: str
