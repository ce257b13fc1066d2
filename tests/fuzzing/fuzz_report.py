"""A plugin of pytest for nightly runs: says how many inputs every surface was given, and from which seed."""

import pytest
from fuzz_frame import DRAWN, EXAMPLES, SEED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line at the end, whatever the verdict is."""
    counts = ", ".join(f"{name} {number}" for name, number in DRAWN.items())
    seed = f"FUZZ_HARNESS_SEED={SEED}" if EXAMPLES else "the fixed seed"
    terminalreporter.write_line(f"fuzz-harness: {DRAWN.total()} inputs from {seed}: {counts}")
