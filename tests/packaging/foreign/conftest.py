"""Fixtures of the foreign project. The automatic one fails for every test outside `checks/`."""

import pytest


@pytest.fixture(autouse=True)
def database() -> None:
    """Fails: only the project's own tests replace it by one that works."""
    raise RuntimeError("a fixture of this project must not reach tests that are not its own")
