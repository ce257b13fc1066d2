"""Says how many inputs every surface was given, and from which seed, where more than the usual share was asked for."""

import pytest
from fuzz_frame import DRAWN, EXAMPLES, SEED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if EXAMPLES:
        counts = ", ".join(f"{name} {number}" for name, number in DRAWN.items())
        terminalreporter.write_line(f"fuzz-harness: {DRAWN.total()} inputs from FUZZ_HARNESS_SEED={SEED}: {counts}")
