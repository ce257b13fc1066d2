"""Streams that take their time, fall silent, or never end: the right requirement, and an end (with small limits)."""

from pathlib import Path

import pytest
from proving import KEY, broken, judged

from conformance import reference
from conformance.evidence.run import NOT_CLAIMED, Item
from conformance.probing.probe import Probe
from conformance.reference.pipeline import perform
from conformance.reference.seams import Context
from conformance.reference.transfer import Ending as AtEnd
from conformance.reference.transfer import Step
from conformance.session.closing import Closing, close_run
from conformance.session.live import open_live
from conformance.settings.resolve import resolve
from conformance.suite_bodies import STORY
from conformance.suite_items import controls
from conformance.verdicts import Verdict
from conformance.wire.exchange import Ending, Limit

SMALL = "[limits]\nbetween-bytes = 0.4\nafter-stop = 0.3\nwhole = 20\n"


def limited(profile: str, folder: Path, *faults: str) -> Closing:
    (folder / "conformance.toml").write_text(SMALL)
    return judged(profile, folder, *faults, config=str(folder / "conformance.toml"))


@pytest.mark.parametrize(
    ("fault", "requirement"), [("silent-after-message-start", "STRM-023"), ("silent-from-the-start", "STRM-001")]
)
def test_silence_on_every_stream_is_named_and_the_rest_is_not_sent(
    fault: str, requirement: str, tmp_path: Path
) -> None:
    closing = limited("myrouter", tmp_path, fault)
    assert closing.graded is not None
    assert set(broken(closing.graded)) == {requirement} and closing.code == 1
    reasons = set(closing.graded.run.unsent.values())
    assert any("3 streams in a row were cut by our limit between-bytes" in reason for reason in reasons)


def test_streams_that_never_close_are_all_sent_and_cut_at_once(tmp_path: Path) -> None:
    closing = limited("anthropic", tmp_path, "open-after-message-stop")
    assert closing.graded is not None
    assert broken(closing.graded) == {"SSE-012": Verdict.WARNED} and closing.code == 1
    allowed = (NOT_CLAIMED, "only with ")
    assert [why for why in closing.graded.run.unsent.values() if not why.startswith(allowed)] == []
    streams = [row.exchange.end for row in closing.graded.run.records if row.reading.is_stream]
    read = [end for end in streams if end.how is not Ending.HUNG_UP]
    assert len(read) > 3 and all(end.limit is Limit.AFTER_STOP for end in read)


def story(folder: Path, *faults: str) -> Verdict:
    """What a long story at the pace of a real model says about SSE-011."""
    probes: dict[str, Probe] = {**controls(), STORY.id: STORY}
    with reference.Endpoint(reference.Settings(key=KEY, faults=faults, event_interval=0.05)) as endpoint:
        given = {"target-url": endpoint.url, "model": "reference-1", "out": folder, "fuzz": 0}
        settings = resolve(given, folder, {})
        live = open_live(settings, [Item("SSE-011", "", (STORY.id,))], probes, False, {"CONFORMANCE_API_KEY": KEY})
        live.begin()
        assert live.scheduler is not None
        live.scheduler.wait()
        closing = close_run(live, 0, "")
    assert closing.graded is not None
    return closing.graded.judgements["SSE-011"].verdict


def test_events_that_come_as_they_are_produced_pass(tmp_path: Path) -> None:
    assert story(tmp_path) is Verdict.PASSED


def test_a_story_held_back_to_its_end_is_told(tmp_path: Path) -> None:
    assert story(tmp_path, "buffered") is Verdict.WARNED


def test_a_target_that_dies_on_the_way_is_not_called_conforming(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dying(context: Context, last: bool = False) -> tuple[Step, ...]:
        return (Step(ending=AtEnd.HANG),) if context.traffic.served > 150 else perform(context, last)

    monkeypatch.setattr("conformance.reference.server.perform", dying)
    (tmp_path / "conformance.toml").write_text("[limits]\nfirst-byte = 0.5\n")
    closing = judged("myrouter", tmp_path, config=str(tmp_path / "conformance.toml"))
    assert closing.code == 6
    assert "stopped serving" in closing.text.splitlines()[-1]
