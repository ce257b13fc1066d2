"""From settings to a target, a live run, and its end."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import pytest
from loopback import HANG, always, free_port, message, response

from conformance.contract import load_profiles
from conformance.evidence.run import Expect, Item
from conformance.probing.probe import Auth, Call, Probe
from conformance.reference import Endpoint
from conformance.reference import Settings as ReferenceSettings
from conformance.reporting import ReportError
from conformance.session import closing
from conformance.session.closing import Closing, close_run
from conformance.session.folder import reserve_folder
from conformance.session.header import harness_version
from conformance.session.live import Live, open_live
from conformance.session.models import listed_models
from conformance.session.target import Ungradable, capabilities_of, open_target, operator_of, profile_of, searchable
from conformance.settings.resolve import Settings, UsageError, resolve
from conformance.suite import PLAIN, PLAIN_CONTROL, STREAM_CONTROL
from conformance.verdicts import Exit, Verdict
from conformance.wire.exchange import Chunk, End, Ending, Exchange, Request

KEY = "session-key-0123456789"
ENVIRONMENT = {"CONFORMANCE_API_KEY": KEY}
PROBES = {probe.id: probe for probe in (PLAIN_CONTROL, STREAM_CONTROL)}
RESP = Item("RESP-003", "", ("plain",))


def _settings(folder: Path, **given: Any) -> Settings:
    return resolve({"out": str(folder / "run")} | {k.replace("_", "-"): v for k, v in given.items()}, folder, {})


def _open(
    settings: Settings,
    items: Sequence[Item] = (RESP,),
    probes: Mapping[str, Probe] = PROBES,
    environment: Mapping[str, str] = ENVIRONMENT,
) -> Live:
    return open_live(settings, items, probes, everything=False, environment=environment)


def _run(settings: Settings, **more: Any) -> Closing:
    live = _open(settings, **more)
    ungradable = ""
    try:
        live.begin()
        while live.scheduler is not None and live.scheduler.running:
            pass
    except Ungradable as error:
        ungradable = str(error)
    return close_run(live, 0, ungradable)


def test_the_embedded_endpoint_is_the_target_when_none_is_named(tmp_path: Path) -> None:
    closing = _run(_settings(tmp_path))
    assert closing.code is Exit.CONFORMS and closing.graded is not None
    assert closing.graded.judgements["RESP-003"].verdict is Verdict.PASSED
    report = json.loads((tmp_path / "run" / "report.json").read_text())
    assert "embedded reference endpoint" in closing.text and report
    assert f"wrote {tmp_path / 'run' / 'report.json'}" in closing.text


@pytest.mark.parametrize("profile", list(load_profiles()))
def test_a_named_target_with_its_key(tmp_path: Path, profile: str) -> None:
    with Endpoint(ReferenceSettings(profile=profile, key=KEY)) as endpoint:
        closing = _run(_settings(tmp_path, target_url=endpoint.url, profile=profile))
        assert endpoint.requests == 3, "the list of models and two controls"
    assert closing.code is Exit.CONFORMS and closing.graded is not None
    assert closing.graded.run.terms.model == "reference-1"
    assert [row.probe for row in closing.graded.run.records].count("models") == 1
    assert KEY not in "".join(path.read_text() for path in (tmp_path / "run").iterdir() if path.is_file())


def test_the_key_is_hidden_even_where_the_target_echoes_it(tmp_path: Path) -> None:
    with always(message(id=KEY)) as server:
        closing = _run(_settings(tmp_path, target_url=server.url, model="m-1"))
    assert closing.graded is not None
    assert all(KEY not in path.read_text() for path in (tmp_path / "run").rglob("*") if path.is_file())


def test_configured_headers_are_sent_and_hidden(tmp_path: Path) -> None:
    settings = replace(
        _settings(tmp_path, model="m-1", no_auth=True),
        headers=(("X-Tenant", "a-secret-tenant"),),
        header_variables={"X-Tenant": "TENANT"},
    )
    with always(message()) as server:
        _run(replace(settings, target_url=server.url))
    assert b"x-tenant: a-secret-tenant" in server.received[0].head.lower()
    assert b"authorization" not in server.received[0].head.lower()
    written = (tmp_path / "run" / "journal.jsonl").read_text()
    assert "a-secret-tenant" not in written and "[HEADER*****" in written and '"TENANT"' in written


@pytest.mark.skipif(os.name == "nt", reason="nothing is held there")
def test_a_run_into_the_folder_of_one_that_goes_on_is_wrong_usage(tmp_path: Path) -> None:
    first = _open(_settings(tmp_path))
    first.open()
    second = _open(_settings(tmp_path))
    with pytest.raises(UsageError, match=r"another run is writing .*journal\.jsonl; wait for its end, or name another"):
        second.open()
    second.target.close()  # as whoever opened it does, too
    first.finish()
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["journal.jsonl"]
    third = _open(_settings(tmp_path))
    third.open()
    third.finish()


def test_a_wrong_key_ends_the_run_with_its_remedy(tmp_path: Path) -> None:
    with Endpoint(ReferenceSettings(key="another-key-0123456789")) as endpoint:
        closing = _run(_settings(tmp_path, target_url=endpoint.url, model="reference-1"))
        assert endpoint.requests == 1
    assert closing.code is Exit.UNGRADABLE and "refused the key (status 401)" in closing.text


def test_an_unknown_model_is_answered_with_those_that_exist(tmp_path: Path) -> None:
    with Endpoint(ReferenceSettings(key=KEY)) as endpoint:
        closing = _run(_settings(tmp_path, target_url=endpoint.url, model="no-such-model"))
    assert closing.code is Exit.UNGRADABLE and "the target lists reference-1" in closing.text


def test_a_404_where_no_models_are_listed_says_just_that(tmp_path: Path) -> None:
    with always(response(b"{}", 404)) as server:
        closing = _run(_settings(tmp_path, target_url=server.url, model="m-1"))
    assert closing.code is Exit.UNGRADABLE and "--target-url" in closing.text and "lists" not in closing.text


def _models(*ids: Any) -> bytes:
    return response(json.dumps({"data": [{"id": name} for name in ids]}).encode())


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (_models(), "the target lists no models"),
        (_models("a", "b"), "the target lists a, b"),
        (_models(5, None), "the target lists no models"),
        (response(b"[]"), "no models"),
        (response(b'{"data":5}'), "no models"),
        (response(b"nonsense"), "no models"),
        (response(b'{"data":[{"id":"a"}]}', 500), "no models"),
        (response(b"{}", 404), "(status 404), so that the path of --target-url may be wrong, or --profile"),
    ],
)
def test_without_a_model_it_must_be_the_only_one(tmp_path: Path, answer: bytes, words: str) -> None:
    with always(answer) as server, pytest.raises(UsageError, match="say with --model") as error:
        _open(_settings(tmp_path, target_url=server.url))
    assert words in str(error.value)


@pytest.mark.parametrize("status", [401, 402, 403, 407])
def test_a_refused_key_is_told_before_a_model_is_asked_for(tmp_path: Path, status: int) -> None:
    with always(response(b"{}", status)) as server, pytest.raises(Ungradable, match=rf"\(status {status}\); "):
        _open(_settings(tmp_path, target_url=server.url))


@pytest.mark.parametrize("given", [{}, {"model": "m-1"}])
def test_a_port_without_tls_is_told_as_such(tmp_path: Path, given: dict[str, str]) -> None:
    with Endpoint(ReferenceSettings(key=KEY)) as server:
        settings = _settings(tmp_path, target_url=server.url.replace("http:", "https:"), **given)
        with pytest.raises(Ungradable, match="does not speak TLS: give --target-url with http://"):
            live = _open(settings)
            try:
                live.begin()
            finally:
                live.finish()


@pytest.mark.parametrize("given", [{}, {"model": "m-1"}])
def test_an_unreachable_target_is_said_first(tmp_path: Path, given: dict[str, str]) -> None:
    settings = _settings(tmp_path, target_url=f"http://127.0.0.1:{free_port()}", **given)
    with pytest.raises(Ungradable, match="cannot be reached"):
        _open(settings, environment={})
    if not given:
        with pytest.raises(Ungradable, match="cannot be reached"):
            _open(settings)


def test_a_reachable_target_without_a_key_is_wrong_usage(tmp_path: Path) -> None:
    with always(HANG) as server:
        settings = _settings(tmp_path, target_url=server.url, api_key_env="MY_KEY")
        with pytest.raises(UsageError, match="MY_KEY is not set or empty"):
            open_target(settings, {"MY_KEY": " "})
        assert open_target(_settings(tmp_path, target_url=server.url, no_auth=True), {}).key is None


@pytest.mark.parametrize("key", ["schlüssel-0123456789", "line\nbreak-0123456789", "nul\0-0123456789"])
def test_a_key_that_no_header_can_carry_is_wrong_usage(tmp_path: Path, key: str) -> None:
    settings = _settings(tmp_path, target_url="http://127.0.0.1:9", model="m")
    with pytest.raises(UsageError, match="characters that no header can carry") as error:
        open_target(settings, {"CONFORMANCE_API_KEY": key})
    assert key not in str(error.value)


def test_white_space_around_a_key_is_dropped(tmp_path: Path) -> None:
    target = open_target(_settings(tmp_path, target_url="http://127.0.0.1:9"), {"CONFORMANCE_API_KEY": f" {KEY} "})
    target.close()
    assert (target.key, target.embedded) == (KEY, False)


@pytest.mark.parametrize("url", ["nonsense", "http://user:pass@h/", "http://[::1"])
def test_a_bad_address_is_wrong_usage(tmp_path: Path, url: str) -> None:
    with pytest.raises(UsageError):
        open_target(_settings(tmp_path, target_url=url), ENVIRONMENT)


def test_certificates_are_read_or_refused(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("not a certificate")
    settings = _settings(tmp_path, target_url="https://127.0.0.1:9", ca_bundle=str(tmp_path / "ca.pem"))
    with pytest.raises(UsageError, match="holds no certificates in PEM format"):
        open_target(settings, ENVIRONMENT)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"api_version": "1999-01-01"}, "--api-version takes one of 2023-06-01"),
        ({"capability": ["levitation"]}, "--capability takes one of"),
        ({"without": ["levitation"]}, "--without takes one of"),
        ({"without": ["streaming"], "capability": ["streaming"]}, "--capability streaming and --without streaming con"),
    ],
)
def test_words_the_profile_does_not_know(tmp_path: Path, given: dict[str, Any], words: str) -> None:
    settings = _settings(tmp_path, **given)
    with pytest.raises(UsageError, match=words):
        capabilities_of(settings, profile_of(settings))


def test_capabilities_are_those_included_more_or_less_some(tmp_path: Path) -> None:
    profile = load_profiles()["myrouter"]
    added, taken = profile.optional[0], profile.included[0]
    settings = _settings(tmp_path, capability=[added], without=[taken])
    assert capabilities_of(settings, profile) == frozenset(profile.included) - {taken} | {added}


@pytest.mark.parametrize(
    ("key", "others", "found"),
    [(None, (), False), ("short", (), False), (KEY, ("http://h",), True), (KEY, (f"http://h/{KEY}",), False)],
)
def test_a_key_is_searched_for_where_that_means_something(
    key: str | None, others: tuple[str, ...], found: bool
) -> None:
    assert searchable(key, *others) is found


def test_a_key_that_is_not_searched_for_is_said_in_the_terms(tmp_path: Path) -> None:
    settings = _settings(tmp_path, target_url="http://127.0.0.1:9", model="m")
    live = _open(settings, environment={"CONFORMANCE_API_KEY": "short"})
    assert live.terms.secret_searched is False and live.terms.authenticated is True
    live.target.close()


def test_the_default_folder_names_target_and_time_and_is_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = resolve({"target-url": "http://127.0.0.1:8000/x"}, tmp_path, {})
    first = reserve_folder(settings)
    assert first.parent == Path("reports") and first.name.startswith("127.0.0.1-8000-")
    for second in range(61):
        (first.parent / f"{first.name[:-3]}{second:02d}Z").mkdir(parents=True, exist_ok=True)
    assert reserve_folder(settings).name.endswith("-2") or reserve_folder(settings).name[-3:-1] not in first.name
    assert reserve_folder(resolve({}, tmp_path, {})).name.startswith("embedded-")


def test_the_version_is_the_installed_one() -> None:
    assert harness_version() == "unknown" or harness_version()[0].isdigit()


def test_a_bare_checkout_has_no_version(monkeypatch: pytest.MonkeyPatch) -> None:
    from conformance.session import header

    def nobody(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(header, "version", nobody)
    assert harness_version() == "unknown"


def test_a_model_list_is_read_only_from_an_answer() -> None:
    body = json.dumps({"data": [{"id": "a"}, {"name": "b"}, "c", {"id": 5}]}).encode()
    exchange = Exchange(Request("GET", "http://h", (), b""), 200, (), (Chunk(0.0, body),), End(Ending.COMPLETE))
    assert listed_models(exchange) == ("a",)
    assert listed_models(replace(exchange, status=None, chunks=())) == ()


def test_a_run_that_was_opened_and_never_began_still_ends(tmp_path: Path) -> None:
    live = _open(_settings(tmp_path))
    follower = live.finish()
    assert follower.header == {} and not live.journal.exists()


@pytest.mark.parametrize(("status", "code"), [(0, 0), (1, 0), (2, 2), (3, 3), (4, 4), (5, 0)])
def test_how_pytest_ended_counts_beside_the_verdicts(tmp_path: Path, status: int, code: int) -> None:
    live = _open(_settings(tmp_path))
    live.begin()
    while live.scheduler is not None and live.scheduler.running:
        pass
    assert close_run(live, status, "").code == code


def test_a_crash_while_sending_is_an_error_of_the_harness(tmp_path: Path) -> None:
    broken = Probe("broken", (Call(PLAIN, headers=(("X-A", "\u20ac"),)),))
    item = replace(RESP, probes=("plain", "broken"))
    closing = _run(_settings(tmp_path), items=[item], probes=PROBES | {"broken": broken})
    assert closing.code is Exit.HARNESS_ERROR
    assert "the harness failed while sending: UnicodeEncodeError" in closing.text


def test_reports_that_cannot_be_written_are_an_error_of_the_harness(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object) -> None:
        raise ReportError("the disk is full")

    monkeypatch.setattr(closing, "write_reports", refuse)
    ended = _run(_settings(tmp_path))
    assert ended.code is Exit.HARNESS_ERROR and ended.text.startswith("the disk is full\n")


def test_what_shapes_a_run_is_in_its_header(tmp_path: Path) -> None:
    live = _open(_settings(tmp_path, requirement=["RESP-*"], max_requests=9, concurrency=2))
    live.begin()
    header = live.finish().header
    assert header["options"] == {"concurrency": "2", "max-requests": "9", "requirement": "RESP-*"}
    assert header["embedded"] is True and header["api_key_env"] == "CONFORMANCE_API_KEY"
    assert header["level"] == "MUST" and header["everything"] is False


def test_the_environment_of_the_process_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "CONFORMANCE_API_KEY", KEY)
    assert open_target(_settings(tmp_path, target_url="http://127.0.0.1:9")).key == KEY


def test_a_second_key_comes_from_its_variable(tmp_path: Path) -> None:
    settings = _settings(tmp_path, restricted_key_env="SECOND", accepted_betas=["a", "b"], context_window=7)
    operator = operator_of(settings, {"SECOND": " second-key "})
    assert (operator.restricted_key, operator.betas, operator.context_window) == ("second-key", ("a", "b"), 7)
    assert operator_of(_settings(tmp_path), {}).restricted_key is None


@pytest.mark.parametrize(("value", "words"), [("", "SECOND.* not set or empty"), ("a\nb", "no header can carry")])
def test_a_second_key_that_cannot_be_used_is_told(tmp_path: Path, value: str, words: str) -> None:
    settings = _settings(tmp_path, restricted_key_env="SECOND")
    with pytest.raises(UsageError, match=words):
        operator_of(settings, {"SECOND": value})


def test_the_second_key_is_taken_out_of_the_journal(tmp_path: Path) -> None:
    second = "restricted-key-0123456789"
    probe = Probe("second", (Call(PLAIN, auth=Auth.RESTRICTED),), needs="restricted-key")
    item = Item("AUTH-010", "second", ("second",), {"*": Expect("restricted")})
    with Endpoint(ReferenceSettings(key=KEY, restricted_key=second)) as endpoint:
        settings = _settings(tmp_path, target_url=endpoint.url, model="reference-1", restricted_key_env="SECOND")
        environment = ENVIRONMENT | {"SECOND": second}
        done = _run(settings, items=[item], probes=PROBES | {"second": probe}, environment=environment)
    written = (tmp_path / "run" / "journal.jsonl").read_text()
    assert second not in written and KEY not in written
    assert done.graded is not None and done.graded.judgements["AUTH-010"].verdict is Verdict.PASSED


def test_the_embedded_endpoint_has_what_only_an_operator_knows(tmp_path: Path) -> None:
    target = open_target(_settings(tmp_path, include=["long-context"]), {})
    target.close()
    operator = target.operator
    assert operator.restricted_key and len(operator.betas) == 2 and operator.context_window
    assert operator.include == {"long-context"}


@pytest.mark.parametrize("short", [False, True])
def test_a_second_key_that_is_served_is_shown_by_a_command_without_it(tmp_path: Path, short: bool) -> None:
    second, main = ("s3c", "s3") if short else ("restricted-key-0123456789", KEY)
    probe = Probe("second", (Call(PLAIN, auth=Auth.RESTRICTED),), needs="restricted-key")
    item = Item("AUTH-010", "second", ("second",), {"*": Expect("restricted")}, "plain")
    with always(message()) as server:
        given = {"target_url": server.url, "model": "reference-1", "restricted_key_env": "MY_SECOND_KEY"}
        environment = {"CONFORMANCE_API_KEY": main, "MY_SECOND_KEY": second}
        settings = _settings(tmp_path, **given)
        done = _run(settings, items=[item], probes=PROBES | {"second": probe}, environment=environment)
    assert done.graded is not None and done.graded.judgements["AUTH-010"].verdict is Verdict.WARNED
    written = [path.read_text() for path in (tmp_path / "run").iterdir() if path.is_file()]
    assert not any(f"Bearer {second}" in text or f"Bearer {main}" in text for text in (*written, done.text))
    assert "'Authorization: Bearer '\"$MY_SECOND_KEY\"" in done.text


@pytest.mark.parametrize("option", ["api_key_env", "restricted_key_env"])
@pytest.mark.parametrize("target", ["http://127.0.0.1:9", None])
def test_a_key_in_the_place_of_a_name_is_not_repeated(tmp_path: Path, option: str, target: str | None) -> None:
    pasted = "sk-pasted-0123456789"
    given = {"target_url": target, option: pasted}
    with pytest.raises(UsageError, match="takes the name of an environment variable") as told:
        open_target(_settings(tmp_path, **given), ENVIRONMENT)
    assert pasted not in str(told.value)


def test_a_run_that_cannot_be_written_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    live = _open(_settings(tmp_path, out=str(tmp_path / "file" / "run")))
    with pytest.raises(UsageError, match="cannot write the run into"):
        live.begin()
    assert live.finish().records == []
