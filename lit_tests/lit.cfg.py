"""Configuration of lit: `lit -v lit_tests` from the project's folder, in any environment."""

import os
import sys
from typing import Any

import lit.formats

config: Any = globals()["config"]  # given by lit

config.name = "dsconv"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir"]
config.excludes = ["Inputs"]
config.test_source_root = os.path.dirname(__file__)

# xdsl-opt, dsconv-opt and filecheck of the environment that runs lit
config.environment["PATH"] = os.pathsep.join(
    (os.path.dirname(sys.executable), os.environ.get("PATH", ""))
)

# a checkout on PYTHONPATH stands before the installed one
if "PYTHONPATH" in os.environ:
    config.environment["PYTHONPATH"] = os.environ["PYTHONPATH"]
