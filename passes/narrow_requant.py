"""Gives layers a 32-bit form of their requantisation where one is proved equal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass

from dsconv.dialects import reference
from dsconv.dialects.attributes import NarrowRequantAttr
from dsconv.dialects.graph import (
    AddOp,
    AveragePoolOp,
    InterpolateOp,
    MulOp,
    RequantisedOperation,
    RescaleOp,
    WeightedOperation,
    dtype_of,
)
from dsconv.passes.analysis.channel_ranges import ChannelRanges
from dsconv.passes.analysis.requant_proof import (
    Integers,
    Steps,
    narrowed,
    narrowed_by_channel,
    steps_of_range,
    steps_of_values,
)


def values_of(activation: SSAValue) -> Integers:
    """Every value that an activation's type can hold, in their order."""
    limits = np.iinfo(dtype_of(activation))
    return np.arange(limits.min, limits.max + 1, dtype=np.int64)


def steps_of(op: RequantisedOperation, ranges: ChannelRanges) -> Steps | None:
    """Where the outputs of a layer rise, over all accumulators that it can make."""
    match op:
        case WeightedOperation():
            return steps_of_range(op.requant, *ranges.sums(op))
        case AddOp():
            lhs, rhs = map(values_of, op.activations)
            multipliers, zero_points = op.multipliers.get_values(), op.zero_points.get_values()
            sums = reference.add(
                (lhs[:, None], rhs[None]), multipliers, zero_points, op.term_requants
            )
            return steps_of_values(op.requant, np.sort(sums, axis=None))
        case MulOp():
            factors = (
                values_of(value) - zero_point
                for value, zero_point in zip(
                    op.activations, op.zero_points.get_values(), strict=True
                )
            )
            return steps_of_values(op.requant, np.sort(np.multiply.outer(*factors), axis=None))
        case AveragePoolOp() if op.counted_pads is not None:
            return None
        case AveragePoolOp():
            taps = int(np.prod(op.window.kernel))
            ends = (values_of(op.input)[[0, -1]] - op.zero_point) * taps
            return steps_of_range(op.requant, ends[:1], ends[1:])
        case InterpolateOp():
            ends = (values_of(op.input)[[0, -1]] - op.zero_point) * op.parts
            return steps_of_range(op.requant, ends[:1], ends[1:])
        case RescaleOp():
            return steps_of_values(op.requant, values_of(op.input) - op.zero_point)
        case _:
            raise NotImplementedError(f"the accumulators of {op.name} are not known")


def narrow_form(op: RequantisedOperation, ranges: ChannelRanges) -> NarrowRequantAttr | None:
    """The narrow form of a layer, None where it has none.

    That of a layer with weights has slack, if it can: its kernel is faster so. Accumulators need
    none.
    """
    if op.gives_accumulators:
        return None
    steps = steps_of(op, ranges)
    if steps is None:
        return None
    if not isinstance(op, WeightedOperation):
        return narrowed(op.requant, steps)
    return (
        narrowed(op.requant, steps, with_slack=True)
        or narrowed(op.requant, steps)
        or narrowed_by_channel(op.requant, steps)
    )


@dataclass(frozen=True)
class NarrowRequantPass(ModulePass):
    """Writes `narrow` to every layer whose requantisation has an equal form in 32 bits.

    Equal means: for every accumulator that the layer makes for any input of the network
    (`ChannelRanges`). The other layers keep their 64-bit form.
    """

    name = "narrow-requant"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        ranges = ChannelRanges()
        for layer in op.walk():
            if isinstance(layer, RequantisedOperation) and layer.narrow is None:
                narrow = narrow_form(layer, ranges)
                if narrow is not None:
                    layer.properties["narrow"] = narrow
