"""Layers that have nothing to do with each other, in one program: one run measures them all."""

from __future__ import annotations

from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp

from dsconv.dialects.attributes import Space
from dsconv.dialects.graph import LayerOperation
from dsconv.dialects.run import network_of
from dsconv.dialects.tiled import BufferOp, buffer_size
from dsconv.driver.pipeline import default_pipeline, make_context, parse_pipeline, set_target
from dsconv.lowering.c_target import network_function
from dsconv.targets import ClusterTarget


def lower_side_by_side(module: ModuleOp, target: ClusterTarget) -> ModuleOp:
    """What the default pipeline makes of layers that each read arguments and make a result.

    All inputs but the first, and all outputs but the last, become activations in L2 that nothing
    writes or reads. Requantisations stay as they are, and no layer fetches weights for another.
    """
    lowered = module.clone()
    layers = [op for op in network_of(lowered).body.ops if isinstance(op, LayerOperation)]
    set_target(lowered, target, len(layers))
    context = make_context()
    for module_pass in parse_pipeline(default_pipeline(target)):
        if module_pass.name in ("narrow-requant", "prefetch-weights"):
            continue
        if module_pass.name == "spill-activations":
            keep_inside(network_function(lowered))
        module_pass.apply(context, lowered)
    lowered.verify()
    return lowered


def keep_inside(function: FuncOp) -> None:
    """Makes activations of a function's arguments, the first and the last one excepted."""
    block = function.body.block
    for argument in block.args[1:-1]:
        buffer = BufferOp(f"argument{argument.index}", buffer_size(argument), Space.L2)
        block.insert_ops_before([buffer], next(iter(block.ops)))
        argument.replace_all_uses_with(buffer.result)
        block.erase_arg(argument)
    function.update_function_type()
