"""Target descriptions: what they say, and what is said of those that are wrong."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest
from typer.testing import CliRunner

import dsconv
from dsconv.cli import app
from dsconv.dialects.target import MOST_CORES, Isa
from dsconv.dialects.tiled import LayerOp
from dsconv.errors import CapacityError, DsconvError
from dsconv.lowering.c_target import network_function
from dsconv.lowering.instruction_sets import INSTRUCTION_SETS
from dsconv.passes.scheduling.kernel_cost import KERNEL_TERMS, coefficients
from dsconv.targets import CLUSTER, SYSTOLIC, ClusterTarget, load_target

DIGITS = Path(__file__).parents[1] / "examples" / "digits" / "digits.onnx"
FOLDER = Path(str(files("dsconv.targets")))


def described(folder: Path, old: str, new: str) -> ClusterTarget:
    """The target of pulp_open's description with a part of it replaced."""
    text = (FOLDER / "pulp_open.toml").read_text()
    assert old in text
    description = folder / "mine.toml"
    description.write_text(text.replace(old, new))
    return load_target(str(description))


@pytest.mark.parametrize("isa", Isa)
def test_every_instruction_set_has_kernels_and_costs(isa: Isa):
    assert isa in INSTRUCTION_SETS
    assert isa in KERNEL_TERMS
    assert coefficients(isa)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("count = 8", "", "mine.core needs its count: a whole number"),
        ("count = 8", "count = 8\ncounts = 1", "mine.core has no key counts; there are count, isa"),
        ("count = 8", 'count = "8"', "mine.core.count is '8'; expected a whole number"),
        ("count = 8", "count = 8.5", "mine.core.count is 8.5; expected a whole number"),
        ("count = 8", "count = true", "mine.core.count is True; expected a whole number"),
        ("count = 8", "count = 17", "mine.core.count is 17; expected 1 to 16"),
        ('isa = "xpulp"', 'isa = "mips"', "core.isa is 'mips'; expected portable or xpulp"),
        ("reserved = 8192", "reserved = -1", "mine.l1.reserved is -1; expected a number of at"),
        ("reserved = 8192", "", "mine.l1 needs its reserved: a whole number"),
        ("[dma]", "[dna]", "mine has no key dna; there are name, description, core, dma"),
        ('kind = "cluster"', "", 'mine.toml has no kind: write kind = "cluster" at its top'),
        ('kind = "cluster"', 'kind = "gpu"', "kind is 'gpu'; expected cluster"),
        ("[l1]", "l1]", "mine.toml is no TOML"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, old: str, new: str, message: str):
    with pytest.raises(DsconvError) as raised:
        described(tmp_path, old, new)
    assert message in str(raised.value)
    assert "mine.toml" in str(raised.value)


def test_files_that_cannot_be_read(tmp_path: Path):
    with pytest.raises(DsconvError, match=r"cannot read target .*none\.toml: No such file"):
        load_target(str(tmp_path / "none.toml"))
    with pytest.raises(DsconvError, match="no target pulp; there are gap8, gap9, host"):
        load_target("pulp")


def test_memories_without_room_for_tensors():
    with pytest.raises(CapacityError, match="leave nothing for tensors in 8192 bytes of L1"):
        load_target("gap8").with_sizes(8192, None).attribute(layers=1)


def test_no_fact_is_in_a_pass_and_in_a_description():
    """Every table of every description is read: none says what the compiler does not use."""
    for name in CLUSTER.names:
        table = tomllib.loads((FOLDER / f"{name}.toml").read_text())
        cluster = load_target(name).cluster(layers=0)
        for section in ("core", "dma", "l3", "icache", "energy"):
            assert table[section].keys() == vars(getattr(cluster, section)).keys()


def estimates(target: ClusterTarget) -> list[int]:
    network = network_function(dsconv.compile(DIGITS, target).lowered)
    layers = [op for op in network.body.block.ops if isinstance(op, LayerOp)]
    return [layer.estimate.value.data for layer in layers]


def test_estimates_are_those_of_the_targets_cores():
    """What stream-weights plans from: they were eight cores' whatever the target said."""
    eight = load_target("qemu")
    one = replace(eight, core=replace(eight.core, count=1))
    assert sum(estimates(one)) > 6 * sum(estimates(eight))


def test_assembly_for_other_cores_than_the_platforms_is_refused(tmp_path: Path):
    """The others would read and write elsewhere."""
    target = described(tmp_path, "count = 8", "count = 4")
    compiled = dsconv.compile(DIGITS, target)
    with pytest.raises(DsconvError, match="mine has 4 cores, platform pulp_open 8"):
        compiled.write(tmp_path / "out")
    assert compiled.run(on="host").equal


def test_the_host_runs_one_core(tmp_path: Path):
    text = (FOLDER / "host.toml").read_text()
    (tmp_path / "mine.toml").write_text(text.replace("count = 1", "count = 4"))
    compiled = dsconv.compile(DIGITS, load_target(str(tmp_path / "mine.toml")))
    with pytest.raises(DsconvError, match="mine has 4 cores, platform host 1: write count = 1"):
        compiled.write(tmp_path / "out")


MANY_CORES = [
    pytest.param(cores, marks=() if cores in (1, 3, 16) else pytest.mark.slow)
    for cores in range(1, MOST_CORES + 1)
]


@pytest.mark.parametrize("cores", MANY_CORES)
def test_loops_in_c_run_on_any_number_of_cores(cores: int, tmp_path: Path):
    text = (FOLDER / "qemu.toml").read_text()
    (tmp_path / "mine.toml").write_text(text.replace("count = 8", f"count = {cores}"))
    compiled = dsconv.compile(DIGITS, load_target(str(tmp_path / "mine.toml")))
    assert compiled.run(on="qemu").equal


def test_loops_in_c_are_not_priced_as_assembly():
    xpulp = load_target("pulp_open")
    portable = replace(xpulp, core=replace(xpulp.core, isa=Isa.PORTABLE))
    assert sum(estimates(portable)) > 5 * sum(estimates(xpulp))


def test_all_targets_are_listed():
    listed = CliRunner().invoke(app, ["targets"]).output
    for name in (*CLUSTER.names, *SYSTOLIC.names):
        assert f"{name}: " in listed
