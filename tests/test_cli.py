"""The command line: one clear line for whatever is wrong, nothing half-written."""

import inspect
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from frontend_models import ModelWriter
from typer.main import get_command
from xdsl.parser import Parser

from dsconv import zoo
from dsconv.cli import app
from dsconv.driver.pipeline import make_context
from dsconv.frontends.arithmetic.scales import Quantisation

ROOT = Path(__file__).parents[1]
DIGITS = ROOT / "examples" / "digits" / "digits.onnx"


PROGRESS = re.compile(r".*, \d+ s")
"""What a long command says now and then."""


def dsconv(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from dsconv.cli import main; main()", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


def assert_one_error(result: subprocess.CompletedProcess[str], *words: str) -> None:
    assert result.returncode == 2
    assert "Traceback" not in result.stderr + result.stdout
    lines = [line for line in result.stderr.splitlines() if not PROGRESS.fullmatch(line)]
    assert lines[0].startswith("error: ")
    for word in words:
        assert word in result.stderr


def test_profiles_need_a_cluster_that_gvsoc_measures(tmp_path: Path):
    result = dsconv(
        *("compile", DIGITS, "-o", tmp_path / "out", "--target", "host", "--profile", "gvsoc")
    )
    assert_one_error(result, "host", "compile for gap8 or pulp_open")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("target", "step"),
    [
        ("mcu", "build it with make -C {folder}"),
        ("pmsis", "include {folder}/platform.mk in the ma"),
    ],
)
def test_compile_says_how_a_library_is_built(target: str, step: str, tmp_path: Path):
    folder = tmp_path / "net"
    result = dsconv("compile", DIGITS, "-o", folder, "--target", target, "--library")
    assert result.returncode == 0, result.stderr
    assert step.format(folder=folder) in result.stderr


def test_compile_writes_a_folder_that_builds_without_us(tmp_path: Path):
    result = dsconv("compile", DIGITS, "-o", tmp_path / "out", "--target", "host")
    assert result.returncode == 0, result.stderr
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"network.c", "network.h", "weights.c", "Makefile", "network.mlir"} <= names
    header = (tmp_path / "out" / "network.h").read_text()
    assert "input: uint8 1x1x16x16, real = 0.00392156886 * q" in header
    subprocess.run(
        ["make", "-s", "WARNINGS=-Wall -Wextra -Wconversion -Wshadow -Wundef -Werror"],
        cwd=tmp_path / "out",
        check=True,
        timeout=300,
    )


def test_run_writes_json_and_outputs(tmp_path: Path):
    images = ROOT / "examples" / "digits" / "digits_test.npz"
    result = dsconv(
        *("run", DIGITS, "--on", "host", "--input", f"{images}:images"),
        *("--labels", f"{images}:labels", "--layers"),
        *("--json", tmp_path / "report.json", "--output", tmp_path / "outputs.npz"),
    )
    assert result.returncode == 0, result.stderr
    assert "accuracy: 354 of 360 right" in result.stdout
    assert "bit-exact" in result.stdout
    assert json.loads((tmp_path / "report.json").read_text())["equal"]
    with np.load(tmp_path / "outputs.npz") as outputs:
        assert [outputs[name].shape[0] for name in outputs.files] == [360]


def test_a_difference_is_exit_status_1(tmp_path: Path):
    np.save(tmp_path / "expected.npy", np.zeros((1, 10), np.uint8))
    result = dsconv("run", DIGITS, "--expect", tmp_path / "expected.npy")
    assert result.returncode == 1
    assert "expected output" in result.stdout


def test_passes_can_be_chosen():
    pipeline = "select-layout,tile-l1{l1=30000 buffers=1},lower-to-tiles,plan-memory,lower-kernels"
    result = dsconv("run", DIGITS, "--passes", pipeline)
    assert result.returncode == 0, result.stderr


def test_a_kernel_is_forced(tmp_path: Path):
    kernel = "dw-pw-rows-chw-hwc-chw"
    result = dsconv("compile", DIGITS, "-o", tmp_path / "out", "--kernel", kernel, "--remarks")
    assert result.returncode == 0, result.stderr
    code = (tmp_path / "out" / "network.c").read_text()
    assert code.count("depthwise-pointwise rows chw/hwc/chw") == 4
    assert 'remark: "block1_dw", "block1_pw" fused along rows' in result.stderr


def commands(group: Any, name: str = "dsconv") -> Iterator[tuple[str, Any]]:
    """Every command below a group, and the group itself."""
    yield name, group
    for word, one in getattr(group, "commands", {}).items():
        yield from commands(one, f"{name} {word}")


def test_help_fits_a_terminal_as_it_stands():
    """Typer joins the lines of the first paragraph alone."""
    for name, command in commands(get_command(app)):
        _, *more = inspect.cleandoc(command.help or "").split("\n\n")
        lines = "\n".join(more).splitlines()
        assert all(len(line) <= 78 for line in lines), name


def test_a_report_with_a_run_says_each_note_once(tmp_path: Path):
    result = dsconv("report", DIGITS, "--html", tmp_path / "report.html")
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("note: read as QDQ") == 1
    assert "report.html: the report" in result.stderr


def test_an_axial_network_of_a_quantised_one_is_not_for_training(tmp_path: Path):
    result = dsconv("axial", DIGITS, "-o", tmp_path / "axial.onnx")
    assert result.returncode == 0, result.stderr
    assert "for its cycles alone" in result.stderr


def test_remarks_say_what_is_fused_and_what_is_not():
    result = dsconv("report", DIGITS, "--remarks")
    assert result.returncode == 0, result.stderr
    assert " fused along " in result.stderr
    assert 'remark: "pool", "logits" not fused: "pool" is of kind avg_pool' in result.stderr


def test_print_ir_after_all(tmp_path: Path):
    result = dsconv("compile", DIGITS, "-o", tmp_path / "out", "--print-ir-after-all")
    assert "IR after tile-l1" in result.stdout
    first, *_ = re.split("^// ---- IR after .*$", result.stdout, flags=re.MULTILINE)
    Parser(make_context(), first).parse_module()
    assert "dsconv.depthwise" in result.stdout
    assert "dsconv.dma_start" in result.stdout


def test_every_pass_can_be_verified(tmp_path: Path):
    writer = ModelWriter()
    real = writer.dequantize(writer.input("x", "int8", (1, 2, 3, 3)), Quantisation(0.5, 0, "int8"))
    pooled = writer.quantize(
        writer.node("MaxPool", real, kernel_shape=[2, 2]), Quantisation(0.5, 0, "int8")
    )
    onnx.save(writer.model(pooled), str(tmp_path / "pool.onnx"))
    result = dsconv("run", tmp_path / "pool.onnx", "--verify-each")
    assert result.returncode == 0, result.stderr


def test_a_network_is_verified():
    result = dsconv("verify", DIGITS)
    assert result.returncode == 0, result.stderr
    assert "block4_pw" in result.stdout
    assert "every layer and the outputs equal those of ONNX Runtime" in result.stdout


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"not a model", ["ONNX"]),
        (b"", ["ONNX"]),
    ],
)
def test_a_file_that_is_no_onnx(tmp_path: Path, content: bytes, words: list[str]):
    path = tmp_path / "broken.onnx"
    path.write_bytes(content)
    assert_one_error(dsconv("compile", path, "-o", tmp_path / "out"), *words)
    assert not (tmp_path / "out").exists()


def test_no_file(tmp_path: Path):
    assert_one_error(dsconv("run", tmp_path / "missing.onnx"), "missing.onnx")


def test_an_unsupported_op_names_the_node(tmp_path: Path):
    model = zoo.build("dscnn")
    node = next(node for node in model.graph.node if node.op_type == "GlobalAveragePool")
    node.op_type = "GlobalLpPool"
    onnx.save(model, str(tmp_path / "model.onnx"))
    result = dsconv("compile", tmp_path / "model.onnx", "-o", tmp_path / "out")
    assert_one_error(result, "GlobalLpPool", node.name)
    assert not (tmp_path / "out").exists()


def test_a_layer_that_cannot_fit_l1(tmp_path: Path):
    result = dsconv("compile", DIGITS, "-o", tmp_path / "out", "--l1", "8200")
    assert_one_error(result, "does not fit L1", "needs")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--target", "riscv"], ["no target riscv", "gap8"]),
        (["--passes", "no-such-pass"], ["no-such-pass"]),
        (["--passes", "tile-l1{size=3}"], ["tile-l1"]),
        (["--input", "nowhere.npy"], ["cannot read nowhere.npy: No such file or directory\n"]),
        (["--input", "none.npz:x"], ["cannot read none.npz: No such file or directory\n"]),
        (["--target", "gap8", "--on", "array"], ["gap8 is a cluster", "there are systolic_16"]),
        (["--target", "systolic_16"], ["--on array", "here, there are gap8"]),
        (["--target", "dram_accelerator"], ["dsconv dram takes it"]),
        (["--kernel", "pw-dw-rows-chw"], ["no kernel", "pw-dw-rows-X-X-X", "chw or hwc"]),
        (["--kernel", "dw-pw-rows-chw-chw-chw", "--passes", "tile-l1"], ["fuse-dsconv{kernel="]),
        (["--kernel", "dw-pw-rows-chw-chw-chw", "--objective", "energy"], ["objective"]),
    ],
)
def test_wrong_options(arguments: list[str], words: list[str]):
    assert_one_error(dsconv("run", DIGITS, *arguments), *words)


def test_doctor_lists_the_tools():
    result = dsconv("doctor")
    assert result.returncode == 0
    for tool in ("host C compiler", "RISC-V GCC", "QEMU", "GVSoC"):
        assert tool in result.stdout


def test_zoo_writes_a_network(tmp_path: Path):
    assert dsconv("zoo", "dscnn", "-o", tmp_path / "dscnn.onnx").returncode == 0
    onnx.checker.check_model(str(tmp_path / "dscnn.onnx"))
    assert_one_error(dsconv("zoo", "resnet", "-o", tmp_path / "x.onnx"), "resnet", "mv1-128")


def test_the_memory_plan_is_reported(tmp_path: Path):
    result = dsconv("report", DIGITS, "--memory", "--plot", tmp_path / "plan.png")
    assert result.returncode == 0, result.stderr
    assert "above the lower bound" in result.stdout
    assert (tmp_path / "plan.png").stat().st_size > 1000


def test_schedules_worth_having_are_reported():
    result = dsconv("report", DIGITS, "--pareto", "--target", "pulp_open")
    assert result.returncode == 0, result.stderr
    assert "cycles (estimated)" in result.stdout
    assert "latency, transfers, energy" in result.stdout


def test_schedules_are_measured_on_gvsoc_alone():
    result = dsconv("report", DIGITS, "--pareto", "--target", "host", "--profile", "gvsoc")
    assert_one_error(result, "host", "compile for gap8 or pulp_open")


def test_the_version():
    result = dsconv("--version")
    assert result.returncode == 0
    assert re.fullmatch(r"dsconv \d+\.\d+\S*\n", result.stdout)


def test_a_report_on_stdout_is_all_that_is_there(tmp_path: Path):
    arguments = ("run", DIGITS, "--json", "-", "--output", tmp_path / "y.npy")
    result = dsconv(*arguments)
    assert json.loads(result.stdout)["equal"]
    assert "bit-exact" in result.stderr
    assert np.load(tmp_path / "y.npy").dtype == np.uint8


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("compile", ".", "-o", "out"), [". is a folder"]),
        (("compile", DIGITS, "-o", ""), ["is empty"]),
        (("compile", DIGITS, "-o", DIGITS), ["cannot write", "Not a directory"]),
        (("run", DIGITS, "--json", "nowhere/report.json"), ["there is no folder nowhere"]),
        (("run", DIGITS, "--output", "y.dat"), [".npy or a .npz"]),
        (("report", DIGITS, "--plot", "nowhere/plan.png"), ["there is no folder nowhere"]),
        (("report", DIGITS, "--plot", "plan.txt"), ["'txt' is not supported", "png"]),
        (("report", DIGITS, "--target", "systolic_32"), ["no target systolic_32", "systolic_64"]),
        (("report", DIGITS, "--target", "dram_accelerator"), ["dsconv dram takes it"]),
    ],
)
def test_places_to_read_and_write(arguments: tuple[str | Path, ...], words: list[str]):
    assert_one_error(dsconv(*arguments), *words)


@pytest.mark.parametrize("command", ["support", "doctor"])
def test_a_full_disk_is_one_error(command: str):
    program = [sys.executable, "-c", "from dsconv.cli import main; main()", command]
    with Path("/dev/full").open("w") as full:
        result = subprocess.run(
            program, stdout=full, stderr=subprocess.PIPE, text=True, timeout=300, check=False
        )
    assert result.returncode == 2
    assert result.stderr == "error: No space left on device\n"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 kB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("this user may mount no file system")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize(
    "command", [("compile", DIGITS, "-o"), ("zoo", "mv1-128", "-o")], ids=["compile", "zoo"]
)
@pytest.mark.parametrize("name", ["out", "."])
def test_a_full_disk_leaves_nothing(command: tuple[str | Path, ...], name: str, small_disk: Path):
    if command[0] == "zoo":
        name = "net.onnx"
    assert_one_error(dsconv(*command, small_disk / name), "cannot write", "No space left on device")
    assert not list(small_disk.iterdir())


INTERRUPTED_IN_WRITING = """
import os, signal
from pathlib import Path
from typing import Any
from dsconv.cli import main

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
write = Path.write_text

def interrupted(*arguments, **options):
    write(*arguments, **options)
    os.kill(os.getpid(), signal.SIGINT)

Path.write_text = interrupted
main()
"""


def test_an_interruption_leaves_nothing(tmp_path: Path):
    folder = tmp_path / "out"
    result = subprocess.run(
        [sys.executable, "-c", INTERRUPTED_IN_WRITING, "compile", str(DIGITS), "-o", str(folder)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert result.returncode == 130
    assert result.stderr.splitlines()[-1] == "error: interrupted"
    assert not list(tmp_path.iterdir())
