"""Every surface that mutated bytes are put before, by name, and what it gets of a nightly run."""

from collections.abc import Mapping

from fuzz_files import READERS
from fuzz_frame import Surface
from fuzz_runs import (
    certified,
    check_certificate,
    check_followed,
    check_journal,
    check_report,
    check_reports,
    check_resealed,
    check_share,
    check_stream_in_journal,
    journals,
    received,
    reports,
    shares,
    unsealed,
)
from fuzz_wire import answers, check_answer, check_coded, check_stream, coded, streams

#: By name: check, corpus, inputs of the usual tests, percent of a nightly run, edits of one input.
SURFACES: Mapping[str, Surface] = {
    "stream": Surface(check_stream, streams, 120, 24),
    "answer": Surface(check_answer, answers, 120, 16),
    "coded": Surface(check_coded, coded, 20, 4),
    "journal": Surface(check_journal, journals, 60, 12, 2),
    "followed": Surface(check_followed, journals, 15, 3, 1),
    "resealed": Surface(check_resealed, unsealed, 50, 11, 3),
    "share": Surface(check_share, lambda: shares()[:1], 10, 2, 2),
    "reports": Surface(check_reports, unsealed, 3, 1, 2),
    "stream-in-journal": Surface(check_stream_in_journal, received, 20, 5),
    "certificate": Surface(check_certificate, certified, 20, 4, 2),
    "report": Surface(check_report, reports, 8, 2, 2),
    "configuration": Surface(*READERS["configuration"], 150, 5),
    "baseline": Surface(*READERS["baseline"], 10, 2),
    "prices": Surface(*READERS["prices"], 10, 2),
    **{name: Surface(*READERS[name], 20, 2) for name in ("budgets", "history", "keys", "revoked", "repeat")},
}
