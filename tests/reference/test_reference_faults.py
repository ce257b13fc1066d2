"""Every fault exists once, names a requirement, and changes what is written for some request of the corpus."""

import re
from collections.abc import Iterator
from functools import cache

import pytest
from reference_corpus import ITEMS, Item, body_of, events_of, item, settings, stable, status_of, written

from conformance.reference import PROFILES, Endpoint, Fault, Seam, Settings, faults

BY_ID = {fault.id: fault for fault in faults()}
NEEDS_TRAFFIC = {
    "rate-limit-without-retry-after",
    "answers-leak",
    "one-at-a-time",
    "answers-cached",
    "left-streams-cost-answers",
    "streamed-call-forgotten",
    "json-call-forgotten",
    "count-wanders",
    "answers-kept-without-key",
    "answers-kept-by-key",
    *(fault.id for fault in faults() if fault.id.endswith(("-differs-each-second-time", "-in-a-crowd"))),
}
CASES = [
    pytest.param(fault, profile, id=f"{fault.id}-{profile}")
    for fault in faults()
    for profile in fault.profiles
    if fault.id not in NEEDS_TRAFFIC
]


ORDER = list(range(len(ITEMS)))


@cache
def conforming(profile: str) -> list[object]:
    """What the endpoint without faults writes for the corpus."""
    return [stable(written(one, profile)) for one in ITEMS]


def changed(fault: str, profile: str) -> Iterator[tuple[Item, int]]:
    """The items that are answered differently with a fault, and their status then; those that told last come first."""
    clean = conforming(profile)
    for place in tuple(ORDER):
        steps = written(ITEMS[place], profile, fault)
        if stable(steps) != clean[place]:
            ORDER.remove(place)
            ORDER.insert(0, place)
            yield ITEMS[place], status_of(steps)


RULES_DROPPED = [case for case in CASES if case.values[0].seam is Seam.RULE]  # type: ignore[union-attr]
OTHERS = [case for case in CASES if case not in RULES_DROPPED]


@pytest.mark.parametrize(("fault", "profile"), OTHERS)
def test_fault_changes_the_wire(fault: Fault, profile: str) -> None:
    assert any(changed(fault.id, profile))


@pytest.mark.parametrize(("fault", "profile"), RULES_DROPPED)
def test_a_dropped_rule_lets_its_breach_through(fault: Fault, profile: str) -> None:
    assert any(status == 200 and one.expected(profile) >= 400 for one, status in changed(fault.id, profile))


def test_ids_are_unique_and_speak() -> None:
    assert len(BY_ID) == len(faults()) >= 100
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", fault) for fault in BY_ID)
    assert all(re.fullmatch(r"[A-Z]+-\d{3}", fault.requirement) and fault.description for fault in faults())


@pytest.mark.parametrize(
    "area", ["AUTH", "HDR", "HTTP", "REQ", "RESP", "USG", "SEM", "ERR", "SSE", "STRM", "EQV", "LOAD"]
)
@pytest.mark.parametrize("profile", PROFILES)
def test_every_area_has_faults_in_both_profiles(area: str, profile: str) -> None:
    assert [fault for fault in faults() if fault.requirement.startswith(area) and profile in fault.profiles]


@pytest.mark.parametrize("wrong", ["no-such-fault", "zero-tokens-generates"])
def test_an_impossible_fault_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        Endpoint(Settings(profile="myrouter", faults=(wrong,)))


def test_an_unknown_profile_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown profile 'other'"):
        Settings(profile="other")


STATUS_TABLE = [
    ("zero-tokens-accepted", "myrouter", "limit-zero", 200),
    ("unchecked-messages-empty", "myrouter", "messages-[]", 200),
    ("malformed-body-crashes", "anthropic", "raw-b'{'", 500),
    ("unchecked-bearer-known", "myrouter", "bogus-token", 200),
    ("validation-422", "anthropic", "messages-[]", 422),
    ("denial-in-200-stream", "anthropic", "bogus-token-stream", 200),
    ("errors-in-200-streams", "anthropic", "bad-stream", 200),
    ("get-serves-a-page", "myrouter", "get", 200),
    ("slash-redirects", "myrouter", "slash", 301),
    ("put-generates", "myrouter", "put", 200),
    ("body-before-credential", "myrouter", "no-credential-bad-body", 400),
    ("old-client-tools-refused", "anthropic", "old-client-tools", 400),
    ("old-client-tools-refused", "anthropic", "new-client-tools", 200),
    ("old-client-tools-refused", "anthropic", "client", 200),
    ("new-client-tools-refused", "anthropic", "new-client-tools", 400),
    ("new-client-tools-refused", "anthropic", "old-client-tools", 200),
    ("model-first-wanted", "myrouter", "members-reversed", 400),
    ("white-space-refused", "myrouter", "white-space", 400),
    ("white-space-refused", "myrouter", "members-reversed", 200),
]


@pytest.mark.parametrize(("fault", "profile", "name", "status"), STATUS_TABLE)
def test_fault_changes_the_status(fault: str, profile: str, name: str, status: int) -> None:
    assert status_of(written(item(name), profile, fault)) == status


TYPES_TABLE = [
    ("message-start-missing", lambda types: types[0] == "ping"),
    ("message-start-twice", lambda types: types.count("message_start") == 2),
    ("delta-before-start", lambda types: types.index("content_block_delta") < types.index("content_block_start")),
    ("delta-after-stop", lambda types: types[types.index("content_block_stop") + 1] == "content_block_delta"),
    ("message-stop-missing", lambda types: types[-1] == "message_delta"),
    ("event-after-stop", lambda types: types[-2:] == ["message_stop", "message_delta"]),
    ("block-stop-missing", lambda types: "content_block_stop" not in types),
    ("message-delta-early", lambda types: types.index("message_delta") < types.index("content_block_stop")),
]


@pytest.mark.parametrize(("fault", "holds"), TYPES_TABLE, ids=[row[0] for row in TYPES_TABLE])
@pytest.mark.parametrize("profile", PROFILES)
def test_fault_changes_the_order_of_events(fault: str, holds: object, profile: str) -> None:
    types = [event["type"] for event in events_of(written(item("counting-stream"), profile, fault))]
    assert callable(holds)
    assert holds(types), types


def test_the_bytes_of_frame_faults() -> None:
    def stream(fault: str) -> bytes:
        return b"".join(step.data for step in written(item("stream"), "myrouter", fault))

    assert b"event:" not in stream("event-names-missing")
    assert b"data: [DONE]\n\n" in stream("done-sentinel")
    assert b"\r\n\xef\xbb\xbfevent: message_start" in stream("byte-order-mark")
    assert stream("json-for-stream").endswith(b"}")
    assert not stream("stream-cut").endswith(b"0\r\n\r\n")
    assert not stream("last-chunk-missing").endswith(b"0\r\n\r\n")


ENDINGS = [
    ("silent-after-message-start", "hang", 2),
    ("open-after-message-stop", "hang", None),
    ("stream-reset", "reset", None),
    ("stream-closed", "close", None),
]


@pytest.mark.parametrize(("fault", "ending", "steps"), ENDINGS)
def test_the_endings_of_wire_faults(fault: str, ending: str, steps: int | None) -> None:
    written_steps = written(item("stream"), "anthropic", fault)
    assert written_steps[-1].ending.value == ending
    assert steps is None or len(written_steps) == steps + 1


def test_the_bodies_of_shape_faults() -> None:
    def message(fault: str, name: str = "history") -> dict[str, object]:
        return dict(body_of(written(item(name), "myrouter", fault)))

    assert "usage" not in message("usage-missing-in-json")
    assert isinstance(message("content-a-string")["content"], str)
    assert message("chat-completion")["object"] == "chat.completion"
    assert set(message("openai-envelope", "messages-[]")) == {"error"}


@pytest.mark.parametrize(
    ("fault", "name", "plain"),
    [("blocks-dumped", "string-and-blocks", "history"), ("white-space-counted", "white-space", "members-reversed")],
)
def test_faults_in_what_is_counted(fault: str, name: str, plain: str) -> None:
    def counted(which: str, *faults: str) -> int:
        return int(body_of(written(item(which), "myrouter", *faults))["usage"]["input_tokens"])

    assert counted(name, fault) > counted(name) + 5
    assert counted(plain, fault) == counted(plain)
    start = events_of(written(item("stream"), "myrouter", fault))[0]["message"]["usage"]
    assert start == events_of(written(item("stream"), "myrouter"))[0]["message"]["usage"]


def test_settings_reach_the_corpus() -> None:
    assert settings("myrouter", "done-sentinel").faults == ("done-sentinel",)
    assert isinstance(ITEMS[0], Item)
