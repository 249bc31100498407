"""A convolution between SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND is a dilated one.

TensorFlow's converters wrote dilations so before convolutions had an option for them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np

from dsconv.frontends.tflite_file.schema import Batches, Operator, TfliteModel

CUT, JOINED = "SPACE_TO_BATCH_ND", "BATCH_TO_SPACE_ND"
CONVOLUTIONS = ("CONV_2D", "DEPTHWISE_CONV_2D")


def fold_dilations(model: TfliteModel) -> TfliteModel:
    """The model with one operator for each such three; what is something else stays."""
    makers = {output: operator for operator in model.operators for output in operator.outputs}
    reads = Counter(index for operator in model.operators for index in operator.inputs)
    reads.update(model.outputs)
    operators: list[Operator] = []
    for operator in model.operators:
        folded = _folded(model, makers, reads, operator) if operator.kind == JOINED else None
        operators.append(folded or operator)
    return replace(model, operators=tuple(operators))


def _folded(
    model: TfliteModel, makers: dict[int, Operator], reads: Counter[int], joined: Operator
) -> Operator | None:
    """The convolution that a BATCH_TO_SPACE_ND puts together, None where it is no such one."""
    convolution = makers.get(joined.inputs[0]) if len(joined.inputs) == 3 else None
    if convolution is None or convolution.kind not in CONVOLUTIONS or not convolution.inputs:
        return None
    cut = makers.get(convolution.inputs[0])
    if cut is None or cut.kind != CUT or len(cut.inputs) != 3:
        return None
    if any(reads[index] != 1 for index in (convolution.inputs[0], joined.inputs[0])):
        return None
    batches = _batches(model, cut, joined)
    if batches is None or not all(_keeps_values(model, operator) for operator in (cut, joined)):
        return None
    return replace(
        convolution,
        inputs=(cut.inputs[0], *convolution.inputs[1:]),
        outputs=joined.outputs,
        batches=batches,
    )


def _batches(model: TfliteModel, cut: Operator, joined: Operator) -> Batches | None:
    """How both operators cut the map; None where they do it differently."""
    tensors = [model.tensors[index] for index in (*cut.inputs[1:], *joined.inputs[1:])]
    if not all(tensor.is_constant for tensor in tensors):
        return None
    blocks, pads, other_blocks, crops = (tensor.array.astype(np.int64) for tensor in tensors)
    if blocks.shape != (2,) or not np.array_equal(blocks, other_blocks) or blocks.min() < 1:
        return None
    if pads.shape != (2, 2) or crops.shape != (2, 2) or (pads - crops).min() < 0:
        return None
    (top, bottom), (left, right) = (pads - crops).tolist()
    rows, columns = blocks.tolist()
    return Batches((rows, columns), (top, left, bottom, right))


def _keeps_values(model: TfliteModel, operator: Operator) -> bool:
    """Whether input and output have one type, scale and zero point."""
    x, y = (model.tensors[index] for index in (operator.inputs[0], operator.outputs[0]))
    return x.numbers == y.numbers
