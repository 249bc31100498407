"""Imports point one way: what docs/architecture.md draws is what the code does."""

from pathlib import Path

import grimp
import pytest

from dsconv.universe import PASSES

LAYERS = (
    ("dsconv.cli", "dsconv.opt", "dsconv.universe"),
    ("dsconv.bench", "dsconv.training"),
    ("dsconv.axial", "dsconv.doctor", "dsconv.quantise", "dsconv.zoo"),
    ("dsconv.reports",),
    ("dsconv.verification",),
    ("dsconv.api",),
    ("dsconv.profiling",),
    ("dsconv.execution",),
    ("dsconv.driver",),
    ("dsconv.runners", "dsconv.frontends"),
    ("dsconv.lowering",),
    ("dsconv.passes",),
    ("dsconv.passes.scheduling",),
    ("dsconv.passes.analysis",),
    ("dsconv.targets",),
    ("dsconv.parallel",),
    ("dsconv.files", "dsconv.exact", "dsconv.dram"),
    ("dsconv.errors",),
    ("dsconv.dialects",),
)
"""From the top down; packages side by side do not import each other."""

FRONTEND_LAYERS = (
    ("dsconv.frontends",),
    ("dsconv.frontends.flavours",),
    ("dsconv.frontends.handlers",),
    ("dsconv.frontends.core",),
    ("dsconv.frontends.arithmetic",),
    ("dsconv.frontends.onnx_file",),
    ("dsconv.frontends.tflite_file",),
)

Layers = tuple[tuple[str, ...], ...]


def place(module: str, layers: Layers) -> tuple[int, str] | None:
    """Number of the layer of a module and the package that puts it there, the innermost one."""
    found = [
        (len(package), number, package)
        for number, packages in enumerate(layers)
        for package in packages
        if module == package or module.startswith(f"{package}.")
    ]
    return max(found)[1:] if found else None


@pytest.mark.parametrize("layers", [LAYERS, FRONTEND_LAYERS], ids=["dsconv", "frontends"])
def test_no_import_runs_upward(layers: Layers) -> None:
    imports = grimp.build_graph("dsconv")
    upward: list[str] = []
    for module in sorted(imports.modules):
        importer = place(module, layers)
        for imported in sorted(imports.find_modules_directly_imported_by(module)):
            target = place(imported, layers)
            if importer is None or target is None or importer[1] == target[1]:
                continue
            if target[0] <= importer[0]:
                upward.append(f"{module} -> {imported}")
    assert not upward


def test_the_exact_interpreter_shares_nothing_with_the_rest() -> None:
    imports = grimp.build_graph("dsconv")
    inside = {"dsconv.exact", *imports.find_descendants("dsconv.exact")}
    imported = {
        name for module in inside for name in imports.find_modules_directly_imported_by(module)
    }
    assert imported - inside == {"dsconv.errors"}


def test_every_file_at_the_top_of_passes_is_a_pass() -> None:
    folder = Path(__file__).parent.parent / "passes"
    files = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    registered = {place.split(":")[0].removeprefix("dsconv.passes.") for place in PASSES.values()}
    assert files == {name for name in registered if "." not in name}
