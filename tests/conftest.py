"""Settings that hold for all tests."""

from pathlib import Path

import pytest
from core_program import CoreRtl
from gvsoc_program import Gvsoc
from handwritten import needs_core_rtl, needs_gvsoc
from hypothesis import HealthCheck, settings
from xpulp_program import KernelSimulator

from dsconv.runners.cv32e40p import core

settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--update-goldens`, for tests that compare with a kept file."""
    parser.addoption("--update-goldens", action="store_true", help="write tests/goldens again")


@pytest.fixture
def update_goldens(request: pytest.FixtureRequest) -> bool:
    """Whether kept files are to be written again."""
    return bool(request.config.getoption("--update-goldens"))


@pytest.fixture(scope="session")
def core_rtl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The simulator of the core's RTL."""
    return core.build_core(tmp_path_factory.mktemp("core"))


@pytest.fixture(
    params=[
        pytest.param("gvsoc", marks=needs_gvsoc),
        pytest.param("rtl", marks=needs_core_rtl),
    ]
)
def simulator(request: pytest.FixtureRequest, tmp_path: Path) -> KernelSimulator:
    """What runs kernels: GVSoC's cluster, or the RTL of a core."""
    if request.param == "gvsoc":
        return Gvsoc(tmp_path)
    return CoreRtl(tmp_path, request.getfixturevalue("core_rtl"))
