"""What the project's own tests need."""

import pytest


@pytest.fixture(autouse=True)
def database() -> str:
    """A database that works."""
    return "open"
