"""Variables that a network keeps from call to call become inputs and outputs.

Streaming networks (microWakeWord) keep the last rows of their maps. READ_VARIABLE gives an input
instead, and what ASSIGN_VARIABLE takes last is an output: the caller hands it in with the next
call. CALL_ONCE runs a subgraph that says what variables hold before the first one.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from dsconv.errors import ModelError
from dsconv.frontends.tflite_file.flatbuffer import DamagedError
from dsconv.frontends.tflite_file.schema import ABSENT, Operator, State, TfliteModel, TfliteTensor

HANDLE, READ, ASSIGN, ONCE = "VAR_HANDLE", "READ_VARIABLE", "ASSIGN_VARIABLE", "CALL_ONCE"
SHARED_NAME = 1
"""The option of VAR_HANDLE by which subgraphs share a variable."""
SUBGRAPH = 0
"""The option of CALL_ONCE."""


@dataclass
class _Variables:
    """What is known of the variables after some operators of a graph: tensors by variable."""

    model: TfliteModel
    handles: dict[int, str] = field(default_factory=dict[int, str])
    values: dict[str, int] = field(default_factory=dict[str, int])
    inputs: dict[str, int] = field(default_factory=dict[str, int])
    same: dict[int, int] = field(default_factory=dict[int, int])
    assigned: set[str] = field(default_factory=set[str])
    first: dict[str, TfliteTensor] = field(default_factory=dict[str, TfliteTensor])

    def take(self, operator: Operator) -> Operator | None:
        """The operator on what its inputs are without variables; None where it is about those."""
        operator = replace(
            operator, inputs=tuple(self.same.get(index, index) for index in operator.inputs)
        )
        if operator.kind == HANDLE and len(operator.outputs) == 1:
            self.handles[operator.outputs[0]] = operator.text(SHARED_NAME)
        elif operator.kind == READ:
            self._read(operator)
        elif operator.kind == ASSIGN:
            self._assign(operator)
        elif operator.kind == ONCE:
            self._begin(operator)
        else:
            return operator
        return None

    def _pair(self, operator: Operator) -> tuple[str, int]:
        """The variable that an operator reads or assigns, and the other tensor."""
        found = operator.inputs + operator.outputs
        if len(found) != 2 or ABSENT in found or found[0] not in self.handles:
            raise operator.problem("it has no variable", "the file is damaged")
        return self.handles[found[0]], found[1]

    def _read(self, operator: Operator) -> None:
        name, result = self._pair(operator)
        if name in self.values:
            self.same[result] = self._like(operator, self.values[name], result)
        else:
            self.inputs[name] = self.values[name] = result

    def _assign(self, operator: Operator) -> None:
        name, value = self._pair(operator)
        if name in self.inputs:
            self._like(operator, value, self.inputs[name])
        self.values[name] = value
        self.assigned.add(name)

    def _like(self, operator: Operator, value: int, other: int) -> int:
        """A tensor that has the shape, type and scale of another."""
        tensor, expected = self.model.tensors[value], self.model.tensors[other]
        if tensor.shape != expected.shape or tensor.numbers != expected.numbers:
            raise operator.problem(
                f"'{tensor.name}' and '{expected.name}' have other shapes or scales",
                "a variable has one of each",
            )
        return value

    def _begin(self, operator: Operator) -> None:
        number = operator.integer(SUBGRAPH)
        if not 0 < number < len(self.model.subgraphs):
            raise operator.problem(f"there is no subgraph {number}", "the file is damaged")
        graph = self.model.subgraphs[number]
        inside = _Variables(graph)
        for other in graph.operators:
            if inside.take(other) is not None:
                raise operator.problem(f"its subgraph has a {other.kind}", "constants are read")
        for name, index in inside.values.items():
            tensor = graph.tensors[index]
            if not tensor.is_constant:
                raise operator.problem(f"'{tensor.name}' is not constant")
            self.first[name] = tensor


def variables_as_ports(model: TfliteModel) -> TfliteModel:
    """The model without variables. Raises `ModelError` where they are no state of the network."""
    variables = _Variables(model)
    try:
        taken = [variables.take(operator) for operator in model.operators]
    except DamagedError as error:
        raise ModelError(f"the .tflite file is damaged or truncated: {error}") from error
    kept = tuple(operator for operator in taken if operator is not None)
    if len(kept) == len(model.operators):
        return model
    outputs = [variables.same.get(index, index) for index in model.outputs]
    used = {*outputs, *(index for operator in kept for index in operator.inputs)}
    inputs = {name: index for name, index in variables.inputs.items() if index in used}
    for name, index in inputs.items():
        if name not in variables.assigned:
            raise ModelError(
                f"variable '{model.tensors[index].name}' is read and never assigned; freeze it to "
                "a constant"
            )
    states = [
        _state(
            model.tensors[index],
            model.tensors[variables.values[name]],
            variables.first.get(name),
        )
        for name, index in inputs.items()
    ]
    return replace(
        model,
        operators=kept,
        inputs=(*model.inputs, *inputs.values()),
        outputs=tuple(dict.fromkeys((*outputs, *(state.left.index for state in states)))),
        states=tuple(states),
    )


def _state(given: TfliteTensor, left: TfliteTensor, first: TfliteTensor | None) -> State:
    if first is not None and (first.shape, first.dtype) != (given.shape, given.dtype):
        raise ModelError(
            f"variable '{given.name}' of {given.dtype} {list(given.shape)} begins with a "
            f"{first.dtype} {list(first.shape)}: the file is damaged"
        )
    return State(given, left, first)
