"""How many inputs are drawn and from which seed, what one of them may cost, and where one that fails is kept."""

import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from random import Random
from types import FrameType
from zlib import crc32

from hypothesis import HealthCheck, Phase, given, seed, settings
from mutations import mutants

SEEDS = Path(__file__).parent / "seeds"
#: How many inputs all surfaces are given together; 0 is the small, fixed share of the usual tests.
EXAMPLES = int(os.environ.get("FUZZ_HARNESS_EXAMPLES") or 0)
#: Of those many; the day where none is given, so that every night draws others.
SEED = int(os.environ.get("FUZZ_HARNESS_SEED") or time.strftime("%Y%m%d"))
#: Where an input that fails is written.
KEEP = os.environ.get("FUZZ_HARNESS_KEEP", "")

DRAWN: Counter[str] = Counter()  #: inputs by surface


@dataclass(frozen=True, slots=True)
class Surface:
    """What is given mutated bytes: `check` asserts; `share` is that of a nightly run, in percent."""

    check: Callable[[bytes], None]
    corpus: Callable[[], Sequence[bytes]]
    quick: int
    share: int
    most: int = 4  #: edits of one input


class TooMuch(AssertionError):
    """More steps were taken than the size of the input explains."""


@contextmanager
def bounded(most: int) -> Iterator[None]:
    """TooMuch once more than so many calls of functions begin inside: a bound that is the same on every machine."""
    left = most

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal left
        left -= event in ("call", "c_call")
        if left < 0:
            sys.setprofile(None)
            raise TooMuch(f"more than {most} calls")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        yield
    finally:
        sys.setprofile(before)


def cuttings(data: bytes) -> Iterator[tuple[bytes, ...]]:
    """Ways of cutting bytes, the same for the same bytes: single ones, behind every CR, in the middle, at random."""
    if len(data) <= 4096:
        yield tuple(bytes((byte,)) for byte in data)
    draw = Random(crc32(data))
    behind = [place + 1 for place, byte in enumerate(data) if byte in b"\r\xe2\xef\n"][:400]
    for places in (behind, [len(data) // 2], draw.choices(range(len(data) + 1), k=9)):
        ends = [0, *sorted(places), len(data)]
        yield tuple(data[start:end] for start, end in pairwise(ends))


def fuzz(name: str, surface: Surface) -> None:
    """Give a surface its share of mutated inputs; what fails is kept if there is a place for it."""
    many = EXAMPLES * surface.share // 100 + 1 if EXAMPLES else surface.quick

    @settings(
        max_examples=many, derandomize=not EXAMPLES, database=None, deadline=None, report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck), phases=(Phase.generate, Phase.shrink),
    )  # fmt: skip
    @given(data=mutants(surface.corpus(), surface.most))
    def drawn(data: bytes) -> None:
        DRAWN[name] += 1
        try:
            surface.check(data)
        except BaseException:
            if KEEP:  # the last one that is written is the smallest
                Path(KEEP).mkdir(parents=True, exist_ok=True)
                (Path(KEEP) / f"{name}.found").write_bytes(data)
            raise

    (seed(SEED)(drawn) if EXAMPLES else drawn)()
