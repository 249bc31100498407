"""What the candidate for some layers depends on of the candidates for those before them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from xdsl.ir import SSAValue

from dsconv.dialects.attributes import Layout
from dsconv.dialects.graph import LayerOperation

Layouts = tuple[tuple[SSAValue, Layout], ...]
"""The layouts of some values."""


@dataclass(frozen=True)
class State:
    """Layouts of the values that layers have made and others still read.

    `resident_value` lies in L1.
    """

    layouts: Layouts = ()
    resident_value: SSAValue | None = None

    def behind(
        self,
        made: Mapping[SSAValue, Layout],
        resident_value: SSAValue | None,
        alive: Collection[SSAValue],
    ) -> State:
        """The state where values are made in such layouts, one stays in L1, and some live on."""
        known = {**dict(self.layouts), **made}
        return State(tuple(item for item in known.items() if item[0] in alive), resident_value)


def values_alive(layers: Sequence[LayerOperation]) -> list[set[SSAValue]]:
    """For every number of layers, what those make and others read."""
    last_readers: dict[SSAValue, int] = {}
    for number, layer in enumerate(layers):
        last_readers.update(dict.fromkeys(layer.activations, number))
    alive: list[set[SSAValue]] = [set()]
    for number, layer in enumerate(layers, start=1):
        values = alive[-1] | {layer.result}
        alive.append({value for value in values if last_readers.get(value, 0) >= number})
    return alive
