"""Settings that hold for all tests."""

import pytest
from hypothesis import HealthCheck, settings

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
