"""Options from the command line, the environment and the configuration file, in this order; wrong ones in words."""

from pathlib import Path
from typing import Any

import pytest

from conformance.contract import Level
from conformance.settings.options import OPTIONS, Option
from conformance.settings.resolve import Settings, UsageError, resolve


def _resolve(folder: Path, environment: dict[str, str] | None = None, **given: Any) -> Settings:
    return resolve({name.replace("_", "-"): value for name, value in given.items()}, folder, environment or {})


def test_defaults_without_anything(tmp_path: Path) -> None:
    settings = _resolve(tmp_path)
    assert (settings.profile, settings.level, settings.concurrency) == ("myrouter", Level.MUST, 8)
    assert (settings.fuzz, settings.fuzz_seed, settings.shrink) == (50, 1, 20)
    assert settings.target_url is None and settings.headers == ()


def test_the_command_line_beats_the_environment_beats_the_file(tmp_path: Path) -> None:
    (tmp_path / "conformance.toml").write_text('profile = "anthropic"\nconcurrency = 2\nfuzz = 7\n')
    settings = _resolve(tmp_path, {"CONFORMANCE_CONCURRENCY": "3", "CONFORMANCE_FUZZ": "9"}, concurrency=4)
    assert (settings.profile, settings.concurrency, settings.fuzz) == ("anthropic", 4, 9)


def test_a_zero_on_the_command_line_counts_as_given(tmp_path: Path) -> None:
    assert _resolve(tmp_path, {"CONFORMANCE_FUZZ": "9"}, fuzz=0).fuzz == 0


def test_pyproject_is_read_when_there_is_no_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.conformance]\ncapability = ["vision"]\n')
    assert _resolve(tmp_path).capability == ("vision",)


def test_a_named_file_is_read_instead(tmp_path: Path) -> None:
    (tmp_path / "conformance.toml").write_text("concurrency = 2\n")
    (tmp_path / "other.toml").write_text("[tool.conformance]\nconcurrency = 5\n")
    assert _resolve(tmp_path, config=str(tmp_path / "other.toml")).concurrency == 5


def test_lists_and_flags_come_from_the_environment(tmp_path: Path) -> None:
    environment = {"CONFORMANCE_REQUIREMENT": "STRM-*, SSE-*", "CONFORMANCE_NO_AUTH": "true"}
    settings = _resolve(tmp_path, environment)
    assert settings.requirement == ("STRM-*", "SSE-*") and settings.no_auth is True


def test_limits_and_timeout(tmp_path: Path) -> None:
    (tmp_path / "conformance.toml").write_text("timeout = 3\n[limits]\nbetween-bytes = 1.5\nbody = 1000\n")
    limits = _resolve(tmp_path).limits
    assert (limits.first_byte, limits.between_bytes, limits.body) == (3.0, 1.5, 1000)


def test_headers_take_their_values_from_the_environment(tmp_path: Path) -> None:
    (tmp_path / "conformance.toml").write_text('[headers]\nX-Tenant = "TENANT"\n')
    settings = _resolve(tmp_path, {"TENANT": "value-of-the-tenant"})
    assert settings.headers == (("X-Tenant", "value-of-the-tenant"),)
    assert settings.header_variables == {"X-Tenant": "TENANT"}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("nonsense = 1\n", "unknown option 'nonsense'"),
        ("concurrency = true\n", "takes a whole number"),
        ("concurrency = 0\n", "--concurrency must be at least 1"),
        ('profile = "openai"\n', "one of myrouter, anthropic"),
        ("target-url = 5\n", "takes a text"),
        ("capability = 5\n", "takes a list of texts"),
        ("requirement = {a = 1}\n", "'requirement' in the configuration file takes a list of texts, not {'a': 1}"),
        ('no-auth = "yes"\n', "takes true or false"),
        ('timeout = "soon"\n', "takes a number"),
        ("timeout = true\n", "takes a number"),
        ("limits = 5\n", "'limits' in the configuration file must be a table"),
        ("[limits]\nlunch = 5\n", "unknown limit 'lunch'"),
        ("[limits]\nwhole = -5\n", "must be a positive number"),
        ("headers = 5\n", "maps header names"),
        ('[headers]\nX-A = "NOT_SET"\n', "NOT_SET, the environment variable that the header X-A"),
        ('[headers]\nX-A = "ODD"\n', "the header X-A or its value in ODD holds characters"),
        ('[headers]\n"X A" = "EVEN"\n', "the header X A or its value in EVEN holds characters"),
        ('model = "a\\nb"\n', "do not print"),
        ("= broken", "is not valid TOML"),
        ('target-url = " "\n', "--target-url is empty"),
        ("require-target = true\n", "no target"),
        ('ca-bundle = "nowhere.pem"\n', "nowhere.pem is not a file"),
    ],
)
def test_a_wrong_file_is_told_in_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "conformance.toml").write_text(text)
    with pytest.raises(UsageError) as error:
        _resolve(tmp_path, {"ODD": "line\nbreak", "EVEN": "even"})
    assert sentence in str(error.value) and "\n" not in str(error.value).strip()


def test_a_missing_or_odd_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read the configuration file"):
        _resolve(tmp_path, config=str(tmp_path / "none.toml"))
    (tmp_path / "pyproject.toml").write_text("[tool]\nconformance = 5\n")
    with pytest.raises(UsageError, match="must be a table"):
        _resolve(tmp_path)


OWN = ("authorization", "X-Api-Key", "content-length", "Transfer-Encoding", "anthropic-version", "HOST")


@pytest.mark.parametrize("name", OWN)
def test_what_every_request_brings_of_its_own_is_no_header_of_the_operator(tmp_path: Path, name: str) -> None:
    (tmp_path / "conformance.toml").write_text(f"[headers]\n{name} = 'VALUE'\n")
    with pytest.raises(UsageError, match=f"'headers' in the configuration file may not hold {name}: every request"):
        _resolve(tmp_path, {"VALUE": "1"})


PATHS = [option for option in OPTIONS if option.kind in {"file", "folder"}]


@pytest.mark.parametrize("option", PATHS, ids=lambda option: option.name)
@pytest.mark.parametrize("text", ["", " "])
def test_an_empty_path_is_not_the_folder_of_the_process(tmp_path: Path, option: Option, text: str) -> None:
    with pytest.raises(UsageError, match=f"takes a {option.kind}, not '|cannot read the configuration file"):
        resolve({option.name: text}, tmp_path, {})
    if option.name != "config":
        (tmp_path / "conformance.toml").write_text(f"{option.name} = '{text}'\n")
        with pytest.raises(UsageError, match=f"^'{option.name}' in the configuration file takes a {option.kind}, not"):
            _resolve(tmp_path)


def test_an_empty_environment_variable_for_the_target_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--target-url is empty"):
        _resolve(tmp_path, {"CONFORMANCE_TARGET_URL": ""})


def test_every_option_has_a_settings_field_or_is_the_file_itself() -> None:
    fields = set(Settings.__dataclass_fields__)
    assert {option.name.replace("-", "_") for option in OPTIONS} - fields == {"config", "timeout"}


def test_what_the_operator_knows_comes_from_everywhere(tmp_path: Path) -> None:
    (tmp_path / "conformance.toml").write_text('accepted-betas = ["a", "b"]\ncontext-window = 9\nattempts = 5\n')
    settings = _resolve(tmp_path, {"CONFORMANCE_INCLUDE": "large-body,long-context"}, restricted_key_env="SECOND")
    assert (settings.accepted_betas, settings.context_window, settings.attempts) == (("a", "b"), 9, 5)
    assert settings.include == ("large-body", "long-context") and settings.restricted_key_env == "SECOND"


def test_a_list_may_be_given_with_commas_or_again_and_again(tmp_path: Path) -> None:
    assert _resolve(tmp_path, include=["large-body,long-context"], context_window=5).include == _resolve(
        tmp_path, include=["large-body", "long-context"]
    ).include == ("large-body", "long-context")  # fmt: skip


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"include": ["everything"]}, "--include takes one of large-body, long-context"),
        ({"accepted_betas": ["one"]}, "--accepted-betas takes two different names or more"),
        ({"accepted_betas": ["one", "one"]}, "--accepted-betas takes two different names"),
        ({"accepted_betas": ["one", "t\nwo"]}, "--accepted-betas takes two different names"),
        ({"context_window": 20_000_001}, "--context-window must be at most 20000000"),
        ({"fuzz": 100_001}, "--fuzz must be at most 100000, not 100001"),
        ({"fuzz": 10**30}, "--fuzz must be at most 100000"),
        ({"attempts": 0}, "--attempts must be at least 1"),
        ({"context_window": 0}, "--context-window must be at least 1"),
        ({"include": ["long-context"], "target_url": "http://h"}, "--include long-context needs --context-window"),
    ],
)
def test_what_the_operator_cannot_mean_is_told(tmp_path: Path, given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        _resolve(tmp_path, **given)


KEY = "sk-canary-0123456789"
HOLDING = [
    *({option.name: f"x/{KEY}"} for option in OPTIONS
      if option.kind in {"text", "folder", "file"} and not option.choices and option.name != "config"),
    *({option.name: ["RESP-003", KEY]} for option in OPTIONS if option.kind == "many"),
    {"target-url": f"http://{KEY}.localhost"}, {"target-url": f"http://{KEY.upper()}"},
    {"target-url": f"http://h/{KEY.replace('-', '%2D')}"}, {"fuzz-seed": 1234567890},
]  # fmt: skip


@pytest.mark.parametrize("given", HOLDING, ids=lambda given: f"{given}")
def test_no_option_holds_a_credential(given: dict[str, Any], tmp_path: Path) -> None:
    (name,) = given
    key = "1234567890" if name == "fuzz-seed" else KEY
    with pytest.raises(UsageError, match=f"^--{name} holds the value of a credential") as error:
        resolve(given, tmp_path, {"CONFORMANCE_API_KEY": key})
    assert key not in str(error.value)


@pytest.mark.parametrize("naming", ["CONFORMANCE_API_KEY_ENV", "CONFORMANCE_RESTRICTED_KEY_ENV"])
def test_nor_one_of_a_variable_that_is_named(naming: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"^--model holds the value of a credential"):
        _resolve(tmp_path, {naming: "OTHER", "OTHER": f" {KEY}\n"}, model=KEY)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (f"model = '{KEY}'\n", "--model"),
        (f"[headers]\n{KEY} = 'NAME'\n", "'headers' in the configuration file"),
        ("baseline = 'known.yaml'\n", "the file of --baseline"),
        ("prices = 'known.yaml'\n", "the file of --prices"),
    ],
)
def test_no_file_holds_a_credential(
    text: str, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    (tmp_path / "conformance.toml").write_text(text)
    (tmp_path / "known.yaml").write_text(f"version: 1\nviolations:\n- case: {KEY}\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=f"^{place} holds the value of a credential"):
        _resolve(tmp_path, {"CONFORMANCE_API_KEY": KEY})


def test_what_everybody_knows_is_no_credential(tmp_path: Path) -> None:
    given = {"profile": "myrouter", "target-url": "http://h/anthropic/v1/messages", "model": "short"}
    for key in ("myrouter", "messages", "short"):
        assert resolve(given, tmp_path, {"CONFORMANCE_API_KEY": key}).profile == "myrouter"
