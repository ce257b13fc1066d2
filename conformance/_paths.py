"""Where the data that travels with the package lies: inside the wheel, or beside the package in a checkout."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def _data(packaged: str, checkout: str) -> Path:
    inside = _PACKAGE / packaged
    return inside if inside.is_dir() else _PACKAGE.parent / checkout


SUITES = _data("suites", "suites")
SCHEMAS = _data("schemas", "schemas")
TEMPLATES = _data("templates", "reports/templates")


def suite_files() -> tuple[Path, ...]:
    """The suite files, in order of name."""
    return tuple(sorted(SUITES.glob("test_*.py")))
