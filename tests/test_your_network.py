"""The ways to a network of one's own, from end to end: a section's commands one by one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from documented_commands import ROOT, commands

PAGE = ROOT / "docs" / "your_network.md"


def section(script: str) -> list[str]:
    """The commands from a script on, up to the next one."""
    texts = [command.text for command in commands(PAGE)]
    begin = texts.index(f"python examples/your_network/{script}")
    end = next(
        place
        for place in range(begin + 1, len(texts))
        if not texts[place].startswith("dsconv") or ".tflite" in texts[place]
    )
    return texts[begin:end]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("script", "module"), [("from_pytorch.py", "onnxscript"), ("from_brevitas.py", "brevitas")]
)
def test_a_network_from_its_training_to_c(tmp_path: Path, script: str, module: str) -> None:
    for name in ("torch", module, "sklearn"):
        pytest.importorskip(name, reason=f"{name} is not installed: make exported")
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    output = ""
    for line in section(script):
        result = subprocess.run(
            line.split(),
            cwd=tmp_path,
            env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
        assert result.returncode == 0, f"{line}\n{result.stderr[-3000:]}"
        output += result.stdout
    assert "bit-exact" in output
    (accuracy,) = (line for line in output.splitlines() if line.startswith("accuracy"))
    right = int(accuracy.split()[1])
    assert right > 320, "of 397"
