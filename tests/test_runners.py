"""The runners and the platforms under them, on small hand-written networks."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from handwritten import (
    RUNNERS,
    WITH_L3,
    build_network,
    needs_gap8,
    needs_gvsoc,
    on_eight_cores,
    on_every_platform,
    on_pulp_chips,
)

from dsconv.dialects.target import MOST_CORES
from dsconv.doctor import check
from dsconv.runners import LayerStats, RunnerError, build, gvsoc, gvsoc_gap8, host, qemu
from dsconv.runners.process import run_program

TIMEOUT_S = 60
INPUT_BYTES = 512

INPUTS = np.random.default_rng(0).integers(0, 256, (3, INPUT_BYTES), dtype=np.uint8)


@on_every_platform
def test_outputs_layers_and_stats(tmp_path: Path, platform: str):
    built = build_network(tmp_path, platform, "add", config="TRACE = 1")
    result = RUNNERS[platform].run(built, INPUTS, TIMEOUT_S)

    np.testing.assert_array_equal(result.outputs, INPUTS + 3)
    assert result.layer_outputs is not None
    np.testing.assert_array_equal(result.layer_outputs[0], INPUTS + 1)
    np.testing.assert_array_equal(result.layer_outputs[1], INPUTS + 3)
    for rows in result.layer_stats:
        for row in rows:
            assert (row.l2_l1_in, row.l2_l1_out, row.l2_l1_weights, row.l3_l2) == (512, 512, 16, 0)
            assert row.activation_bytes == 2 * INPUT_BYTES
    assert result.wall_time_s > 0


@on_every_platform
def test_inputs_may_be_bytes(tmp_path: Path, platform: str):
    built = build_network(tmp_path, platform, "add")
    result = RUNNERS[platform].run(built, bytes(INPUT_BYTES), TIMEOUT_S)
    assert result.outputs.tobytes() == bytes([3] * INPUT_BYTES)
    assert result.layer_outputs is None


@pytest.mark.parametrize("runner", [host, qemu])
def test_no_cycles_where_they_mean_nothing(tmp_path: Path, runner: object):
    platform = "host" if runner is host else "qemu"
    result = RUNNERS[platform].run(build_network(tmp_path, platform, "add"), INPUTS, TIMEOUT_S)
    assert result.cycles is None
    assert result.layer_stats[0][0] == LayerStats(None, 512, 512, 16, 0)


@pytest.mark.parametrize("cores", [1, 2, 3, 9, MOST_CORES])
def test_qemu_has_as_many_harts_as_a_network_is_built_for(tmp_path: Path, cores: int):
    built = build_network(tmp_path, "qemu", "cores", config=f"CORES = {cores}")
    assert qemu.run(built, bytes(1), TIMEOUT_S).outputs.tobytes() == bytes([cores])


@on_pulp_chips
def test_cycles_on_gvsoc(tmp_path: Path, platform: str):
    result = RUNNERS[platform].run(build_network(tmp_path, platform, "add"), INPUTS, TIMEOUT_S)
    assert result.cycles is not None
    for total, rows in zip(result.cycles, result.layer_stats, strict=True):
        of_layers = [row.cycles or 0 for row in rows]
        assert all(cycles > 100 for cycles in of_layers)
        assert sum(of_layers) < total < sum(of_layers) + 1000


@on_pulp_chips
def test_tracing_hardly_changes_the_cycles(tmp_path: Path, platform: str):
    def cycles(trace: int) -> tuple[int, ...]:
        config = f"TRACE = {trace}"
        built = build_network(tmp_path / str(trace), platform, "add", config=config)
        measured = RUNNERS[platform].run(built, INPUTS, TIMEOUT_S).cycles
        assert measured is not None
        return measured

    assert cycles(trace=1)[-1] == pytest.approx(cycles(trace=0)[-1], abs=500)


@on_pulp_chips
def test_gvsoc_models_bank_conflicts(tmp_path: Path, platform: str):
    built = build_network(tmp_path, platform, "banks")
    (own_bank, same_bank), *_ = RUNNERS[platform].run(built, bytes(4), TIMEOUT_S).layer_stats
    assert own_bank.cycles is not None
    assert same_bank.cycles is not None
    assert own_bank.cycles < 6 * 1000
    assert same_bank.cycles > 8 * 1000


@needs_gvsoc
def test_gvsoc_with_a_larger_l1(tmp_path: Path):
    built = build_network(tmp_path, "pulp_open", "add", config=f"L1_BYTES = {1 << 20}")
    result = gvsoc.run(built, INPUTS, TIMEOUT_S)
    np.testing.assert_array_equal(result.outputs, INPUTS + 3)


def test_gvsoc_simulates_powers_of_two():
    sizes = [8192, 65536, 65537, 600_000, 1 << 20]
    assert [gvsoc.CHIP.simulated_l1(size) for size in sizes] == [
        65536,
        65536,
        131072,
        1 << 20,
        1 << 20,
    ]
    with pytest.raises(RunnerError, match="at most 1048576 bytes of L1"):
        gvsoc.CHIP.simulated_l1((1 << 20) + 1)


@needs_gap8
def test_gap8_has_no_larger_l1(tmp_path: Path):
    built = build_network(tmp_path, "gap8", "add", config=f"L1_BYTES = {1 << 20}")
    with pytest.raises(RunnerError, match="GAP8 has 65536 bytes of L1"):
        gvsoc_gap8.run(built, INPUTS, TIMEOUT_S)


@on_every_platform
def test_weights_and_activations_in_l3(tmp_path: Path, platform: str):
    built = build_network(tmp_path, platform, "l3", config=f"{WITH_L3}\nTRACE = 1")
    weights = np.random.default_rng(4).integers(0, 256, (2, 64), dtype=np.uint8)
    (built / "l3.bin").write_bytes(weights.tobytes())
    result = RUNNERS[platform].run(built, INPUTS, TIMEOUT_S)

    rows = INPUTS.reshape(-1, 8, 64)
    first_output = rows + weights[0]
    halves = np.stack([first_output[..., :32], first_output[..., 32:]], axis=1)  # as it lies in L3
    of_layers = [halves, first_output + weights[1]]
    assert result.layer_outputs is not None
    for actual, expected in zip(result.layer_outputs, of_layers, strict=True):
        np.testing.assert_array_equal(actual, expected.reshape(-1, INPUT_BYTES))
    for first, second in result.layer_stats:
        assert first == replace(first, l2_l1_in=512, l2_l1_out=512, l2_l1_weights=64)
        assert (first.l3_l2, second.l3_l2) == (2 * 64 + 512, 512)


@on_every_platform
@pytest.mark.parametrize("size", [None, 127, 129])
def test_a_wrong_l3_image_fails(tmp_path: Path, platform: str, size: int | None):
    built = build_network(tmp_path, platform, "l3", config=WITH_L3)
    if size is not None:
        (built / "l3.bin").write_bytes(bytes(size))
    missing = "cannot be opened|No such file"  # the latter is GVSoC's own message
    problem = missing if size is None else "its size is not that of the network's L3 image"
    with pytest.raises(RunnerError, match=rf"l3\.bin.*({problem})"):
        RUNNERS[platform].run(built, INPUTS, TIMEOUT_S)


@pytest.mark.parametrize("chip", ["pulp_open", "gap8"])
def test_more_l3_than_there_is_fails_to_build(tmp_path: Path, chip: str):
    config = "EXTRA_CFLAGS = -DDSC_L3_BYTES=8388612"
    with pytest.raises(RunnerError, match="more L3 than the HyperRAM has"):
        build_network(tmp_path, chip, "l3", config=config)


@on_pulp_chips
def test_a_transfer_from_l3_slows_nobody(tmp_path: Path, platform: str):
    built = build_network(tmp_path, platform, "l3_overlap", config=WITH_L3)
    ((alone, overlapped), *_) = RUNNERS[platform].run(built, bytes(4), TIMEOUT_S).layer_stats
    assert alone.cycles is not None
    assert overlapped.cycles is not None
    assert overlapped.l3_l2 == 32768 < alone.cycles
    assert overlapped.cycles < alone.cycles + 500


@on_eight_cores
def test_a_transfer_that_ends_lets_nobody_through_a_barrier(tmp_path: Path, platform: str):
    built = build_network(tmp_path, platform, "barrier")
    assert RUNNERS[platform].run(built, b"x", TIMEOUT_S).outputs.tobytes() == b"\0"


@on_every_platform
def test_a_wrong_input_size_fails(tmp_path: Path, platform: str):
    built = build_network(tmp_path, platform, "add")
    with pytest.raises(RunnerError, match=r"input\.bin: its size is no multiple"):
        RUNNERS[platform].run(built, bytes(INPUT_BYTES + 1), TIMEOUT_S)


@on_eight_cores
def test_a_fault_is_reported(tmp_path: Path, platform: str):
    defines = {"STATEMENT": '__asm__ volatile(".word 0xFFFFFFFF")'}
    built = build_network(tmp_path, platform, "statement", defines=defines)
    with pytest.raises(RunnerError, match=r"trap: .*mcause 0x. mepc 0x"):
        RUNNERS[platform].run(built, b"x", TIMEOUT_S)


@on_every_platform
def test_a_run_that_hangs_is_ended(tmp_path: Path, platform: str):
    defines = {"STATEMENT": "for (volatile uint32_t forever = 1; forever;) continue"}
    built = build_network(tmp_path, platform, "statement", defines=defines)
    with pytest.raises(RunnerError, match="was not done after 2 s"):
        RUNNERS[platform].run(built, b"x", 2)


def test_a_missing_input_file_fails(tmp_path: Path):
    built = build_network(tmp_path, "host", "add")
    with pytest.raises(RunnerError, match=r"exit status 2\ninput\.bin: cannot be opened"):
        run_program([str(built / "network")], tmp_path, TIMEOUT_S)


def test_running_before_building_fails(tmp_path: Path):
    with pytest.raises(RunnerError, match="run make -C"):
        host.run(tmp_path, bytes(4), TIMEOUT_S)


def test_a_build_failure_shows_the_compilers_message(tmp_path: Path):
    (tmp_path / "Makefile").write_text("all:\n\t@echo network.c:1: error: no such thing; false\n")
    with pytest.raises(RunnerError, match=r"make failed.*\nnetwork\.c:1: error: no such thing"):
        build(tmp_path)


def test_an_arena_that_is_too_large_fails_to_link(tmp_path: Path):
    with pytest.raises(RunnerError, match="L1 arena reaches into the stacks"):
        build_network(tmp_path, "pulp_open", "add", config="L1_BYTES = 8448")


def test_a_frame_that_is_too_large_for_the_stack_fails_to_build(tmp_path: Path):
    defines = {"STATEMENT": "volatile uint8_t frame[1024]; frame[core] = 1"}
    with pytest.raises(RunnerError, match=r"frame size of .* is larger than 504 bytes"):
        build_network(tmp_path, "pulp_open", "statement", defines=defines)


def test_gvsoc_home_comes_before_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    binary = tmp_path / "bin" / "gvsoc"
    binary.parent.mkdir()
    binary.touch(0o755)
    for home in (tmp_path, binary.parent):
        monkeypatch.setenv("GVSOC_HOME", str(home))
        found = gvsoc.find()
        assert found is not None
        assert found.path == binary


def test_doctor_finds_what_the_tests_need():
    tools = {tool.name: tool for tool in check()}
    for name in ("host C compiler", "make", "RISC-V GCC", "QEMU"):
        assert tools[name].path is not None
        assert tools[name].version
    assert all(tool.purpose and tool.how_to_get for tool in tools.values())
