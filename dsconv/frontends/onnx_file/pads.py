"""What a Pad adds to each dimension."""

from __future__ import annotations

from collections.abc import Callable

from dsconv.frontends.onnx_file.onnx_graph import Array, Node


def read_pads(
    node: Node, rank: int, constant: Callable[[str], Array | None]
) -> tuple[list[int], list[int]]:
    """What comes before and behind each of so many dimensions.

    `constant` gives the array of a tensor, None where it is not constant.
    """
    listed = _integers(node, 1, constant) if node.has_input(1) else node.integers("pads")
    pads = list(listed or ())
    axes = _integers(node, 3, constant) if node.has_input(3) else list(range(rank))
    if len(pads) != 2 * len(axes) or not all(-rank <= axis < rank for axis in axes):
        raise node.problem(f"pads {pads} for {len(axes)} axes of {rank}")
    around = ([0] * rank, [0] * rank)
    for index, axis in enumerate(axes):
        for side in range(2):
            around[side][axis % rank] = pads[index + side * len(axes)]
    return around


def _integers(node: Node, index: int, constant: Callable[[str], Array | None]) -> list[int]:
    array = constant(node.inputs[index])
    if array is None:
        raise node.problem(f"input {index} ('{node.inputs[index]}') is not a constant")
    if array.dtype.kind not in "iu":
        raise node.problem(f"input {index} is a list of {array.dtype}; integers are needed")
    return array.reshape(-1).tolist()
