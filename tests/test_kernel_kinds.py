"""Every kind of kernel, and every layer, has a row in every table."""

from collections.abc import Mapping

import pytest

from dsconv.dialects.graph import GRAPH_OPS, LayerOperation
from dsconv.dialects.layer_semantics import KERNELS, GraphFunctions
from dsconv.dialects.tiled import KERNEL_SIGNATURES, KernelKind, KernelOp
from dsconv.lowering import lower_kernels
from dsconv.lowering.xpulp import lower_kernels as lower_kernels_to_xpulp
from dsconv.passes.scheduling.kernel_cost import KERNEL_GROUPS

TABLES: dict[str, Mapping[KernelKind, object]] = {
    "signatures": KERNEL_SIGNATURES,
    "semantics": KERNELS,
    "portable writers": lower_kernels.WRITERS,
    "writers for xpulp": lower_kernels_to_xpulp.WRITERS,
}
LAYERS = [op for op in GRAPH_OPS if issubclass(op, LayerOperation)]


@pytest.mark.parametrize("table", TABLES)
def test_all_kinds_of_kernels_have_a_row(table: str) -> None:
    assert set(TABLES[table]) == set(KernelKind)


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.name)
def test_all_layers_have_a_kernel_semantics_and_a_cost(layer: type[LayerOperation]) -> None:
    assert layer.KERNEL is not None
    assert layer in vars(GraphFunctions)["__impl_dict"]
    assert layer.name.removeprefix("dsconv.") in KERNEL_GROUPS


@pytest.mark.parametrize("kind", KernelKind)
def test_what_belongs_to_a_kind_is_a_property_of_kernels(kind: KernelKind) -> None:
    signature = KERNEL_SIGNATURES[kind]
    properties = KernelOp.get_irdl_definition().properties
    assert set(signature.needs + signature.takes) <= set(properties)
