"""The README of a server's folder, made from its `server.yaml`."""

from __future__ import annotations

from collections.abc import Iterator

from _servers import Server, Way

UPSTREAMS = {
    "none": "nothing: it answers by itself",
    "chat": "`lab/upstream.py`, a scripted chat-completions server",
    "messages": "the reference endpoint, `conformance serve --profile anthropic`",
}
INSTALL = {
    "python": "    python -m venv lab/.venv-{0} && lab/.venv-{0}/bin/pip install -r lab/{0}/requirements.txt",
    "node": "    cd lab/{0} && npm ci --ignore-scripts",
}


def readme(server: Server) -> Iterator[str]:
    """The page, line by line."""
    registry = "npm" if server.kind == "node" else "PyPI"
    yield f"# {server.title}\n"
    yield f"{server.about.strip()} Version {server.version} from {registry}, package `{server.package}`.\n"
    yield "This page is made from [server.yaml](server.yaml) by `lab/findings.py`.\n"
    yield "Install, start it on a free port of loopback, and run the harness against each way; all in one command:\n"
    yield f"    python lab/run.py {server.name}\n"
    yield "What it does for that: install, unless exactly the pinned versions are there,\n"
    yield INSTALL[server.kind].format(server.name) + "\n"
    yield "and for each way start what stands behind it, start the server with an environment of its own, and run.\n"
    for way in server.ways:
        yield from _way(way)
    yield f"`python lab/run.py {server.name} --serve` starts it and waits, for requests by hand. What was found is in"
    yield f"[reports/lab/{server.name}](../../reports/lab/{server.name}/findings.md)."


def _way(way: Way) -> Iterator[str]:
    yield f"## {way.name}\n"
    yield f"{way.about} Behind it: {UPSTREAMS[way.upstream]}.\n"
    yield f"    {' '.join(way.command)}\n"
    if way.env:
        yield f"Environment: {', '.join(f'`{name}`' for name in sorted(way.env))}.\n"
    if way.files:
        yield f"Files in its home: {', '.join(f'[{name}]({source})' for name, source in way.files.items())}.\n"
    if way.headers:
        yield f"Headers of every request: {', '.join(f'`{name}: {value}`' for name, value in way.headers.items())}.\n"
    options = f"`{' '.join(way.options)}`" if way.options else "nothing more than the model"
    yield f"What the harness is told of it: {options}.\n"
