"""The table of options. Each has a long pytest name (`--conformance-NAME`), a place in the configuration file, an
environment variable (`CONFORMANCE_NAME`) and, on the `conformance` command, its plain name."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Option:
    """`kind` is one of text, flag, many, whole, number, folder, file; `alias` gives pytest the short name as well."""

    name: str
    kind: str
    help: str
    default: Any = None
    alias: bool = False
    choices: tuple[str, ...] = ()
    metavar: str = ""

    @property
    def dest(self) -> str:
        """The attribute under which parsers store it."""
        return "conformance_" + self.name.replace("-", "_")

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return "CONFORMANCE_" + self.name.replace("-", "_").upper()


OPTIONS: tuple[Option, ...] = (
    Option("target-url", "text", "the endpoint, or a base to which the profile's path is added", alias=True,
           metavar="URL"),
    Option("profile", "text", "which contract (default: myrouter)", "myrouter", alias=True,
           choices=("myrouter", "anthropic")),
    Option("api-version", "text", "the anthropic-version of the run (default: 2023-06-01)", alias=True, metavar="V"),
    Option("model", "text", "the model to ask for (default: the only one the target lists)", alias=True, metavar="M"),
    Option("level", "text", "violations from this level on end with exit code 1 (default: must)", "must", alias=True,
           choices=("must", "should")),
    Option("capability", "many", "something the target claims beyond the profile; repeatable", alias=True, metavar="C"),
    Option("without", "many", "an included capability the target does not claim; repeatable", alias=True, metavar="C"),
    Option("requirement", "many", "only requirements matching this pattern, such as STRM-*; repeatable", alias=True,
           metavar="GLOB"),
    Option("budget", "text", "how much to send: the quick look, one case of everything, or all (default: full)", "full",
           alias=True, choices=("quick", "standard", "full")),
    Option("concurrency", "whole", "requests in flight at once (default: 8)", 8, alias=True, metavar="N"),
    Option("api-key-env", "text", "the environment variable that holds the key (default: CONFORMANCE_API_KEY)",
           "CONFORMANCE_API_KEY", alias=True, metavar="NAME"),
    Option("credential", "text", "the header that requests carry the key in (default: bearer)", "bearer",
           choices=("bearer", "x-api-key")),
    Option("no-auth", "flag", "the target takes no key", False, alias=True),
    Option("require-target", "flag", "refuse to run against the embedded endpoint", False),
    Option("out", "folder", "where the run is written (default: reports/<target>-<time>)", alias=True, metavar="DIR"),
    Option("ca-bundle", "file", "certificates to trust, in PEM format", alias=True, metavar="FILE"),
    Option("timeout", "number", "seconds to wait for the first byte of an answer (default: 30)", alias=True,
           metavar="S"),
    Option("attempts", "whole", "wordings tried where the model has to do something (default: 3)", 3, alias=True,
           metavar="N"),
    Option("include", "many", "costly probes, sent only when asked for: large-body, long-context", alias=True,
           choices=("large-body", "long-context"), metavar="PROBE"),
    Option("restricted-key-env", "text", "the environment variable with a second key that may not use the model",
           metavar="NAME"),
    Option("accepted-betas", "many", "names for anthropic-beta that the target accepts, two or more", metavar="NAME"),
    Option("context-window", "whole", "tokens that the model's context holds", metavar="N"),
    Option("challenge", "text", "a reader's word, sent in the x-request-id of every request", metavar="TEXT"),
    Option("dry-run", "flag", "say what would be sent, and send nothing", False, alias=True),
    Option("fuzz", "whole", "live generated cases (default: 50, 0 for none)", 50, alias=True, metavar="N"),
    Option("fuzz-seed", "whole", "their seed (default: 1)", 1, alias=True, metavar="S"),
    Option("shrink", "whole", "requests spent on reducing each failing generated case (default: 20)", 20, alias=True,
           metavar="N"),
    Option("only-failed", "file", "only what failed or warned in the run of this journal", alias=True, metavar="RUN"),
    Option("resume", "file", "go on where the run of this journal left off: what has an answer is not sent again",
           alias=True, metavar="RUN"),
    Option("shard", "text", "send the i-th of n shares of the run, such as 1/3; `conformance merge` joins them",
           alias=True, metavar="I/N"),
    Option("max-requests", "whole", "end the run in order after this many requests", alias=True, metavar="N"),
    Option("max-output-tokens", "whole", "end the run in order before it can cost more output tokens", alias=True,
           metavar="N"),
    Option("max-seconds", "number", "send nothing more after this many seconds", alias=True, metavar="S"),
    Option("max-cost", "number", "end the run in order before it can cost more (needs --prices)", alias=True,
           metavar="X"),
    Option("prices", "file", "what a million tokens of each model cost, YAML or JSON", alias=True, metavar="FILE"),
    Option("rate", "number", "requests begun in a second at most", alias=True, metavar="R"),
    Option("baseline", "file", "known violations that fail nothing until they expire", alias=True, metavar="FILE"),
    Option("history", "file", "add the run to this history, an SQLite file", alias=True, metavar="FILE"),
    Option("config", "file", "configuration file (default: conformance.toml or [tool.conformance] of pyproject.toml)",
           metavar="FILE"),
)  # fmt: skip
BY_NAME = {option.name: option for option in OPTIONS}
#: The largest value of some numbers, and the smallest of each: more draws or a longer prompt would fill the memory.
MOST = {"fuzz": 100_000, "context-window": 20_000_000}
LEAST = {
    "concurrency": 1, "fuzz": 0, "shrink": 0, "timeout": 0.001, "attempts": 1, "context-window": 1, "max-requests": 1,
    "max-output-tokens": 1, "max-seconds": 0.001, "max-cost": 0.000001, "rate": 0.001,
}  # fmt: skip
