"""The pytest plugin. Every pytest run loads this module, so it imports next to nothing: what a run of our suites needs
is imported when the first item of theirs is collected (`controller`)."""

import os
from typing import TYPE_CHECKING, Any

import pytest

from conformance._paths import SUITES, suite_files
from conformance.settings.options import OPTIONS, Option

if TYPE_CHECKING:
    from collections.abc import Generator

    from conformance.plugin.controller import Controller
    from conformance.plugin.interrupts import Interrupts

#: Short names known to belong to another plugin, by its distribution: there only the long name exists.
OWNED_ELSEWHERE = {"profile": "pytest-profiling", "timeout": "pytest-timeout", "dry-run": "pytest-dry-run"}

_CONTROLLER = pytest.StashKey["Controller"]()
_INTERRUPTS = pytest.StashKey["Interrupts"]()
_REFUSED = pytest.StashKey[pytest.UsageError]()  #: wrong usage that came to light while files were collected
_KINDS: dict[str, dict[str, Any]] = {
    "flag": {"action": "store_true"},
    "many": {"action": "append"},
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Every option by its long name, most by a short alias as well."""
    group = parser.getgroup("conformance", "conformance of Messages endpoints")
    for option in OPTIONS:
        long = f"--conformance-{option.name}"
        names = [f"--{option.name}", long] if option.alias and not _owner(option) else [long]
        try:
            group.addoption(*names, **_keywords(option))
        except ValueError:  # another plugin was here first
            group.addoption(long, **_keywords(option))


def _owner(option: Option) -> str:
    """The installed distribution that owns the short name, or ""."""
    distribution = OWNED_ELSEWHERE.get(option.name, "")
    if not distribution:
        return ""
    from importlib.util import find_spec

    return distribution if find_spec(distribution.replace("-", "_")) else ""


def _keywords(option: Option) -> dict[str, Any]:
    """As argparse takes them. It looks at no value: its words about a wrong one would repeat a key."""
    words = {"dest": option.dest, "default": None, "help": option.help, **_KINDS.get(option.kind, {})}
    if option.choices and option.kind != "many":
        words["metavar"] = f"{{{','.join(option.choices)}}}"
    if option.metavar:
        words["metavar"] = option.metavar
    return words


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config, args: list[str]) -> None:
    """`--target-url` without a path collects our suites, and nothing else."""
    known = early_config.known_args_namespace
    if (known.conformance_target_url is not None or "CONFORMANCE_TARGET_URL" in os.environ) and not known.file_or_dir:
        files = [str(path) for path in suite_files()]
        args += files
        known.file_or_dir = files


def pytest_configure(config: pytest.Config) -> None:
    """Refuse wrong usage at once where the command line says that our suites are in play."""
    config.addinivalue_line("markers", "conformance: an item of a conformance suite")
    given = any(getattr(config.option, option.dest, None) not in (None, []) for option in OPTIONS)
    if given or any(_is_ours(config, arg) for arg in config.args):
        _controller(config)


def _is_ours(config: pytest.Config, arg: str) -> bool:
    """Whether an argument names our suites, or one of them."""
    return (config.invocation_params.dir / arg.partition("::")[0]).resolve().is_relative_to(SUITES)


def _controller(config: pytest.Config) -> "Controller":
    if _CONTROLLER not in config.stash:
        interrupts = _listening(config)
        from conformance.plugin.controller import Controller

        config.stash[_CONTROLLER] = Controller(config, interrupts)
    config.stash[_INTERRUPTS].recall()
    return config.stash[_CONTROLLER]


def _listening(config: pytest.Config) -> "Interrupts":
    """What hears signals from now on, but in a worker of pytest-xdist, which ends with the process that sends."""
    from functools import partial

    from conformance.plugin.interrupts import Interrupts
    from conformance.plugin.terminal import say_at_once

    interrupts = config.stash.setdefault(_INTERRUPTS, Interrupts(partial(say_at_once, config)))
    if not hasattr(config, "workerinput"):
        interrupts.install()
    return interrupts


def _collecting(config: pytest.Config) -> "Controller | None":
    """The same for a file that is collected, where wrong usage would be an error of that file, and of the next: it is
    kept until all are."""
    try:
        return None if _REFUSED in config.stash else _controller(config)
    except pytest.UsageError as error:
        config.stash[_REFUSED] = error
        return None


def _active(config: pytest.Config) -> "Controller | None":
    return config.stash.get(_CONTROLLER, None)


def controller_of(config: pytest.Config) -> "Controller | None":
    """The state of our part of a pytest process, if our suites are in play."""
    return _active(config)


def pytest_pycollect_makeitem(collector: Any, name: str, obj: object) -> Any:
    """Our declared functions are tests whatever `python_functions` says."""
    if "__conformance__" in getattr(obj, "__dict__", {}) and callable(obj):
        controller = _collecting(collector.config)
        return list(collector._genfunctions(name, obj)) if controller and controller.stands_for_items(obj) else []
    return None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One item for each declared case."""
    if hasattr(metafunc.function, "__conformance__"):
        _controller(metafunc.config).parametrize(metafunc)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Our items use no fixtures; a project's automatic ones do not reach them."""
    if hasattr(getattr(item, "function", None), "__conformance__"):
        item.add_marker("conformance")
        names: list[str] = item.fixturenames  # type: ignore[attr-defined]
        names[:] = [name for name in names if name in item.callspec.params]  # type: ignore[attr-defined]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """`--requirement` leaves only what it names."""
    if refused := config.stash.get(_REFUSED, None):
        raise refused
    if controller := _active(config):
        controller.select(items)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> "Generator[None, object, object]":
    """Open the run before the first item, and stop sending after the last."""
    controller = _active(session.config)
    try:
        if controller is not None:
            controller.begin(session)
        return (yield)
    finally:
        if controller is not None:
            controller.stop()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> "Generator[None, object, object]":
    """Begin no further item once the run was interrupted."""
    if controller := _active(item.config):
        controller.interrupts.recall()
    return (yield)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of pytest-xdist where the controller keeps the journal."""
    if controller := _active(node.config):
        controller.equip(node)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished(node: Any, ids: list[str]) -> None:
    """The first worker to report its items gives the controller its plan."""
    if controller := _active(node.config):
        controller.workers_collected(ids)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """A worker that crashed was none of the target's doing."""
    if controller := _active(node.config):
        controller.worker_ended(error)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave the signals of the process as they were."""
    if interrupts := config.stash.get(_INTERRUPTS, None):
        interrupts.restore()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> "Generator[None, pytest.TestReport, pytest.TestReport]":
    """Carry the verdict in the report, across processes too."""
    report = yield
    line = getattr(item, "callspec", None) and item.callspec.params.get("case", item.callspec.params.get("traffic"))  # type: ignore[attr-defined]
    verdict = getattr(line, "verdict", "")
    if report.when == "call" and verdict:
        report.user_properties.append(("conformance_verdict", verdict))
    return report


def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, str] | None:
    """A warned requirement shows as W."""
    if report.when == "call" and report.passed and ("conformance_verdict", "warned") in report.user_properties:
        return "warned", "W", "WARNED"
    return None


def pytest_report_header(config: pytest.Config) -> list[str]:
    """The first line of a run, and a notice where a short option name belongs to somebody else."""
    owners = {option.name: owner for option in OPTIONS if option.alias and (owner := _owner(option))}
    controller = _active(config)
    lines = controller.header() if controller else []
    return lines + [
        f"conformance: --{name} belongs to {owner}; ours is --conformance-{name}"
        for name, owner in owners.items()
        if controller
    ]


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Grade, write the reports, and set the exit code."""
    if controller := _active(session.config):
        session.exitstatus = controller.finish(session, int(exitstatus))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """The summary of the run."""
    if controller := _active(config):
        controller.summarise(terminalreporter)
