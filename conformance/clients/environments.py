"""The environment of a client: a folder with its packages and its driver, made once for each set of pins.

Only what makes one contacts a package registry, with the settings that the user's own pip and npm have.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from conformance.clients.data import DRIVERS, Client
from conformance.clients.driving import Command

#: The variables that pip and npm are given, and how those begin that are theirs.
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy")
THEIRS = ("PIP_", "NPM_CONFIG_", "npm_config_", "SSL_CERT_", "NODE_EXTRA_CA_CERTS")
SECONDS = 900.0  #: for making one
STAMP = "installed.json"  #: written last: a folder without it was not finished


class NotInstalled(Exception):
    """An environment could not be made; one sentence with the remedy."""


@dataclass(frozen=True, slots=True)
class Environment:
    """Where a client is installed, or is to be."""

    client: Client
    folder: Path

    @property
    def ready(self) -> bool:
        """Whether it was made to its end, with these packages."""
        try:
            return bool(json.loads((self.folder / STAMP).read_text()) == list(self.client.packages))
        except (OSError, ValueError):
            return False

    def command(self, variables: Mapping[str, str]) -> Command:
        """How its driver is run, with variables of its own. The driver is copied to where its modules are found."""
        driver = self.folder / DRIVERS[self.client.language]
        shutil.copyfile(self.client.driver, driver)
        interpreter = str(_python(self.folder)) if self.client.language == "python" else "node"
        return Command((interpreter, str(driver)), self.folder, variables)

    def make(self, environment: Mapping[str, str] = os.environ) -> None:
        """Make it anew. Raises NotInstalled."""
        given = {name: value for name, value in environment.items() if name in KEPT or name.startswith(THEIRS)}
        try:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder.mkdir(parents=True)
            for words in MAKING[self.client.language](self):
                self._ran(words, given)
            (self.folder / STAMP).write_text(json.dumps(self.client.packages))
        except OSError as error:
            raise NotInstalled(f"cannot write {self.folder}: {error.strerror or error}; see --cache") from None

    def _ran(self, words: tuple[str, ...], given: Mapping[str, str]) -> None:
        name = Path(words[0]).name if words[0] in ("npm", "node") else "pip"
        if shutil.which(words[0], path=given.get("PATH")) is None:
            raise NotInstalled(f"{self.client.title} needs {name}, which is not installed here; install Node.js")
        try:
            done = subprocess.run(
                words, cwd=self.folder, env=given, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, timeout=SECONDS, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise NotInstalled(f"{name} did not install {self.client.title} within {SECONDS:g} s") from None
        if done.returncode:
            raise NotInstalled(
                f"{name} cannot install {self.client.title}: {_last(done.stdout)}; check that it reaches its registry"
            )


def environment_of(client: Client, cache: Path) -> Environment:
    """The place of a client below a cache: another one for other pins and for another Python."""
    pins = json.dumps([client.language, *client.packages, *(sys.version_info[:2] if _is_python(client) else ())])
    return Environment(client, cache / f"{client.name}-{sha256(pins.encode()).hexdigest()[:12]}")


def default_cache(environment: Mapping[str, str] = os.environ) -> Path:
    """The user's cache folder, as the XDG base directories name it."""
    base = environment.get("XDG_CACHE_HOME") or ""
    return (Path(base) if base.startswith("/") else Path.home() / ".cache") / "messages-conformance" / "clients"


def _is_python(client: Client) -> bool:
    return client.language == "python"


def _python(folder: Path) -> Path:
    return folder / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python"


def _pip(environment: Environment) -> tuple[tuple[str, ...], ...]:
    install = ("-m", "pip", "install", "--disable-pip-version-check", "--quiet", *environment.client.packages)
    return (
        (sys.executable, "-m", "venv", str(environment.folder / "venv")),
        (str(_python(environment.folder)), *install),
    )


def _npm(environment: Environment) -> tuple[tuple[str, ...], ...]:
    (environment.folder / "package.json").write_text('{"private": true}\n')
    return (("npm", "install", "--no-audit", "--no-fund", "--loglevel=error", *environment.client.packages),)


MAKING = {"python": _pip, "node": _npm}


def _last(said: bytes) -> str:
    """The last line that says something; pip's and npm's own mark of an error goes before those without one."""
    lines = [line.strip() for line in said.decode("utf-8", "replace").splitlines() if line.strip()]
    marked = [line for line in lines if line.startswith(("ERROR:", "npm error", "npm ERR!"))]
    return (marked or lines or ["it said nothing"])[-1]
