"""Runs the networks of a module before and after every pass: on one input, every level is equal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from xdsl.dialects.builtin import MemRefType, ModuleOp
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass
from xdsl.traits import SymbolTable

from dsconv.dialects.attributes import Layout
from dsconv.dialects.graph import LayerOperation, dtype_of, layout_of, tensor_type
from dsconv.dialects.run import Array, from_memory, make_interpreter, run_lowered, to_memory
from dsconv.dialects.tiled import LayerOp, buffer_size
from dsconv.driver.difference import first_difference
from dsconv.errors import DsconvError
from dsconv.passes.analysis.networks import networks

SEED = 0
LARGEST_BIAS = 2**15
"""Biases that are arguments of the function stay below, so that sums keep to 32 bits."""


class PassChecker:
    """What the networks of a module compute on one random input, from a fixed seed.

    The interpreter runs them: one core, transfers that end when they are waited for, buffers at
    their planned offsets.
    """

    def __init__(self, module: ModuleOp):
        """Runs the networks as they are. Raises DsconvError where there is none or it fails."""
        functions = [*networks(module, LayerOperation), *networks(module, LayerOp)]
        if not functions:
            raise DsconvError("--verify-each: there is no function with layers to run")
        self._samples = [_Sample(function) for function in functions]

    def after(self, module_pass: ModulePass, module: ModuleOp) -> PassChecker:
        """Checks a pass, and gives what checks the next one.

        Behind a pass that says that it changes values, that begins anew.
        """
        if getattr(module_pass, "CHANGES_VALUES", False):
            return PassChecker(module)
        self.check(module, module_pass.name)
        return self

    def check(self, module: ModuleOp, pass_name: str) -> None:
        """Raises DsconvError where a network no longer computes what it did before the pass."""
        for sample in self._samples:
            sample.check(module, pass_name)


@dataclass(frozen=True)
class _Form:
    """How an argument or a result of a network is written down."""

    shape: tuple[int, ...]
    dtype: type[np.integer]
    layout: Layout | None

    @staticmethod
    def of(value: SSAValue) -> _Form:
        """The form of a tensor; a buffer is bytes."""
        if isinstance(value.type, MemRefType):
            return _Form((buffer_size(value),), np.uint8, None)
        return _Form(tensor_type(value).get_shape(), dtype_of(value), layout_of(value))

    def random(self, generator: np.random.Generator) -> Array:
        """Any integers of the type."""
        limits = np.iinfo(self.dtype)
        low, high = max(limits.min, -LARGEST_BIAS), min(limits.max, LARGEST_BIAS)
        return generator.integers(low, high, self.shape, self.dtype, endpoint=True)


class _Sample:
    """One network, its inputs and the outputs that they give.

    Inputs and outputs are kept as tensors. Where the network is lowered they are brought to the
    layouts that it had on the graph level.
    """

    def __init__(self, function: FuncOp):
        self._name = function.sym_name.data
        arguments = function.body.block.args
        written = {op.output for op in function.body.block.ops if isinstance(op, LayerOp)}
        self._inputs_forms = [_Form.of(value) for value in arguments if value not in written]
        self._output_forms = [_Form.of(value) for value in arguments if value in written]
        generator = np.random.default_rng(SEED)
        self._inputs = [form.random(generator) for form in self._inputs_forms]
        try:
            self._expected = self._outputs(function)
        except Exception as error:
            raise DsconvError(f"--verify-each: @{self._name} cannot be run: {error}") from error

    def check(self, module: ModuleOp, pass_name: str) -> None:
        """Raises DsconvError where the outputs of the network differ from the first ones."""
        function = SymbolTable.lookup_symbol(module, self._name)
        if not isinstance(function, FuncOp):
            raise DsconvError(f"{pass_name}: takes the network @{self._name} away")
        try:
            actual = self._outputs(function)
        except Exception as error:  # a wrong pass leaves IR that fails in any way
            raise DsconvError(
                f"{pass_name}: @{self._name} cannot be run after it: {error!r}"
            ) from error
        shapes, known = (
            [list(array.shape) for array in arrays] for arrays in (actual, self._expected)
        )
        if shapes != known:
            raise DsconvError(f"{pass_name}: outputs of @{self._name} are {shapes}, not {known}")
        for number, (before, after) in enumerate(zip(self._expected, actual, strict=True)):
            found = first_difference(f"output {number} of @{self._name}", before, after)
            if found is not None:
                raise DsconvError(f"{pass_name} changes what is computed: {found}")

    def _outputs(self, function: FuncOp) -> Sequence[Array]:
        if any(isinstance(op, LayerOp) for op in function.body.block.ops):
            return self._outputs_in_memory(function)
        returned = function.body.block.last_op
        assert isinstance(returned, ReturnOp), "a network ends with a return"
        self._inputs_forms = [_Form.of(value) for value in function.body.block.args]
        self._output_forms = [_Form.of(value) for value in returned.operands]
        module = function.parent_op()
        assert isinstance(module, ModuleOp), "networks lie in a module"
        return make_interpreter(module).call_op(function, tuple(self._inputs))

    def _outputs_in_memory(self, function: FuncOp) -> Sequence[Array]:
        memory = [
            to_memory(array, form.layout)
            for array, form in zip(self._inputs, self._inputs_forms, strict=True)
        ]
        return [
            from_memory(data, form.shape, form.dtype, form.layout)
            for data, form in zip(run_lowered(function, *memory), self._output_forms, strict=True)
        ]
