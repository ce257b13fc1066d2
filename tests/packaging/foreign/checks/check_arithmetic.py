"""The foreign project's own tests."""


def it_adds(database: str) -> None:
    """Needs the project's fixture."""
    assert (1 + 1, database) == (2, "open")
