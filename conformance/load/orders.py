"""What a load is told to do: by the command, and to each process that takes part in it."""

from dataclasses import dataclass, field
from pathlib import Path

from conformance.contract.profiles import UsageFields
from conformance.evidence.spent import Tokens
from conformance.load.talks import Talk
from conformance.probing.limits import Limits
from conformance.probing.probe import Call
from conformance.probing.redaction import Redactor
from conformance.probing.render import Desk
from conformance.probing.spending import Caps, worst_of
from conformance.settings.resolve import UsageError


@dataclass(frozen=True, slots=True)
class Ladder:
    """How the load grows: every rung has more users than the one below and an equal share of requests and time.

    `users` at the top, `step` more on every rung, `spawn_rate` users a second, `requests` and `seconds` in all.
    """

    users: int = 8
    step: int = 0  #: 0 for a quarter of the users
    spawn_rate: float = 10.0
    requests: int = 200
    seconds: float = 60.0
    workers: int = 1

    def __post_init__(self) -> None:
        wrong = next((name for name in ("users", "spawn_rate", "requests", "seconds", "workers")
                      if not getattr(self, name) > 0), "step" if self.step < 0 else "")  # fmt: skip
        if wrong:
            raise UsageError(f"--{wrong.replace('_', '-')} takes a number above 0")
        if self.workers > self.users:
            raise UsageError(f"--workers {self.workers} is more than --users {self.users}; every worker needs a user")

    @property
    def rungs(self) -> tuple[int, ...]:
        """The users of each rung, up to the top; never fewer than workers."""
        step = max(self.step or -(-self.users // 4), self.workers)
        return (*range(step, self.users, step), self.users)

    @property
    def rung_seconds(self) -> float:
        """The time of one rung at most."""
        return self.seconds / len(self.rungs)

    def share(self, rung: int, worker: int) -> int:
        """The requests of one worker on one rung; the shares of all are what there is in all."""
        places = len(self.rungs) * self.workers
        place = rung * self.workers + worker
        return self.requests * (place + 1) // places - self.requests * place // places

    def of_worker(self, worker: int) -> int:
        """The requests of one worker in all."""
        return sum(self.share(rung, worker) for rung in range(len(self.rungs)))


@dataclass(frozen=True, slots=True)
class Orders:
    """What one process is told: it is started for this load alone, and gets it through a pipe of its parent.

    Nothing of it is put into arguments, the environment or a file, since `desk` and `redactor` know the key.
    """

    ladder: Ladder
    worker: int  #: its number from 0; -1 for the master
    port: int  #: at which the master listens on 127.0.0.1; 0 for the master itself, which takes a free one
    desk: Desk = field(repr=False)
    redactor: Redactor = field(repr=False)
    limits: Limits
    ca_bundle: Path | None
    usage: UsageFields
    caps: Caps
    began: float  #: the moment on the monotonic clock, one for all processes of a machine, that times count from
    journal: Path
    talks: tuple[Talk, ...]
    control: Call


def most(ladder: Ladder, desk: Desk, talks: tuple[Talk, ...]) -> Tokens:
    """The most that a load may cost; every request as much as the dearest of them."""
    calls = [call for talk in talks for probe in talk.probes for call in probe.calls]
    dearest = max((worst_of(desk, call) for call in calls), key=lambda tokens: tokens.output)
    return Tokens(dearest.input * ladder.requests, dearest.output * ladder.requests)
