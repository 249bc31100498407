"""Build compiled networks and run them on the host, on QEMU and on GVSoC.

Each runner is a module with two functions: `find() -> Program | None` says whether its tool is
here, `run(build_dir, inputs, timeout_s) -> RunResult` runs a network that `build` has built; and
with the tool's `NAME`, `PURPOSE` and `HOW_TO_GET`. Some have a third: `problem() -> str | None`
starts the tool and says what keeps it from running. `platforms.py` lists them.
"""

from dsconv.runners.build import build as build
from dsconv.runners.counts import LayerCounts as LayerCounts
from dsconv.runners.process import Program as Program
from dsconv.runners.process import RunnerError as RunnerError
from dsconv.runners.result import LayerStats as LayerStats
from dsconv.runners.result import RunResult as RunResult
