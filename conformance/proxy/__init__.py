"""A recording pass-through between any client and a target (docs/proxy.md).

    with Passthrough(target_url, sink, port=0, verify=None, limits=None, count=0, began=None) as proxy:
        proxy.url       # what the client takes in place of target_url; a base, `/v1/messages` is added
        with proxy.window("label") as window:
            ...         # the client talks, in any thread or process
        window.records  # list[Record]: the exchanges that began meanwhile, redacted, all of them ended
        window.probe    # "client label": the probe of these records in the journal

`sink(record)` is called with every `conformance.evidence.run.Record` as its exchange ends, in a thread of the
pass-through's; `journaling(writer)` makes one that appends to the journal of a run. `count` is the last place in the
order of sending that the run has given, `began` its beginning on the monotonic clock, `verify` an SSLContext, `limits`
bound what is kept, never what passes. The credentials of each request are known before anything of it is kept;
`proxy.keys.text(...)` takes them out of any text. `proxy.error` is what the sink raised first.
"""

from conformance.evidence.journal import JournalWriter, record_line
from conformance.proxy.passthrough import Passthrough
from conformance.proxy.recording import Sink, Window

__all__ = ["Passthrough", "Sink", "Window", "journaling"]


def journaling(writer: JournalWriter) -> Sink:
    """What appends every exchange to a journal."""
    return lambda record: writer.write("exchange", **record_line(record))
