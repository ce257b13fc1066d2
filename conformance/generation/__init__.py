"""Generated items: a frozen corpus, live draws, conversations and properties, all sent and judged like any other.

Importing this package loads neither Schemathesis nor Hypothesis: both are loaded when cases are drawn.
"""

from conformance.generation.declare import Drawn, Source, generated

__all__ = ["Drawn", "Source", "generated"]
