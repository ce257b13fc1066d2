"""One of the runs of `conformance run --repeat`: pytest, with the words it is given, in a process of its own."""

import sys

import pytest

from conformance.cli.streams import outlast

if __name__ == "__main__":
    outlast()
    sys.exit(pytest.main(sys.argv[1:]))
