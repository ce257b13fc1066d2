"""What a call of a server tool that nobody declared is told as (SEM-010)."""

import pytest
from rule_samples import MESSAGE, TEXT, Data, exchange, own, run

from conformance.rules.findings import Kind

SEARCHED: Data = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}}


@pytest.mark.parametrize(
    ("change", "pointer", "seen"),
    [
        ({"content": [TEXT, SEARCHED]}, "/content/1", "server_tool_use"),
        ({"content": [SEARCHED], "stop_reason": "pause_turn"}, "/stop_reason", "pause_turn"),
    ],
    ids=["a call", "a pause"],
)
def test_a_server_tool_out_of_nowhere_is_told(change: Data, pointer: str, seen: str) -> None:
    found = [f for f in own(run(exchange(MESSAGE | change))) if f.requirement == "SEM-010"]
    assert [(f.kind, f.where.pointer, f.seen) for f in found] == [(Kind.BROKEN, pointer, seen)]
