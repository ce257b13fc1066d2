"""Which rules gave a verdict, as one digest."""

from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from pathlib import Path

import conformance
from conformance._paths import SCHEMAS

#: Everything between an exchange and the report: the same code and data give the same bytes.
ROOMS = ("contract", "evidence", "wire", "rules", "verdicts", "reporting")
DATA = ("catalogue.yaml", "profiles.yaml", "requirements/*.yaml", "tiers/*.yaml")


@cache
def rules_digest() -> str:
    """SHA-256 over the names and contents of the rules and their data, hexadecimal; the same in checkout and wheel."""
    found = sha256()
    for name, file in sorted(rule_files()):
        found.update(f"{name}\n{sha256(file.read_bytes()).hexdigest()}\n".encode())
    return found.hexdigest()


def rule_files() -> Iterator[tuple[str, Path]]:
    """The files of the rules and their data, with the names they go by."""
    package = Path(conformance.__file__).parent
    for room in ROOMS:
        yield from ((file.relative_to(package).as_posix(), file) for file in (package / room).rglob("*.py"))
    for pattern in DATA:
        yield from ((f"schemas/{file.relative_to(SCHEMAS).as_posix()}", file) for file in SCHEMAS.glob(pattern))
