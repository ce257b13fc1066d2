"""`conformance serve`."""

import asyncio
import os
import sys
from typing import Any

import click

from conformance.cli.options import Seconds


def _list_faults(context: click.Context, parameter: click.Parameter, wanted: bool) -> None:
    if wanted:
        from conformance import reference

        for fault in reference.faults():
            click.echo(f"{fault.id:40}{fault.requirement:10}{fault.description}")
        context.exit()


def _list_variations(context: click.Context, parameter: click.Parameter, wanted: bool) -> None:
    if wanted:
        from conformance import reference

        for variation in reference.variations():
            traps = ",".join(map(str, variation.traps)) or "-"
            profiles = "" if len(variation.profiles) > 1 else f" ({variation.profiles[0]} only)"
            click.echo(f"{variation.id:30}{traps:6}{variation.description}{profiles}")
        context.exit()


_FLAG: dict[str, Any] = {"is_flag": True, "is_eager": True, "expose_value": False}


@click.command()
@click.option("--profile", default="myrouter", type=click.Choice(["myrouter", "anthropic"]), help="which contract")
@click.option("--host", default="127.0.0.1", help="the address to listen on (default: 127.0.0.1)")
@click.option("--port", default=8765, type=click.IntRange(0, 65535), help="the port to listen on, 0 for a free one "
              "(default: 8765)")  # fmt: skip
@click.option("--delay", default=0.0, type=Seconds(), help="seconds before the first byte of each answer")
@click.option("--event-interval", default=0.0, type=Seconds(), help="seconds between the events of a stream")
@click.option("--fault", "faults", multiple=True, metavar="ID", help="a deliberate breach; repeatable")
@click.option("--list-faults", callback=_list_faults, help="list the breaches and end", **_FLAG)
@click.option("--variation", "variations", multiple=True, metavar="ID", help="a freedom to take; repeatable")
@click.option("--list-variations", callback=_list_variations, help="list the freedoms and end", **_FLAG)
@click.option("--uncooperative", is_flag=True, help="a model that talks of gardens whatever it is asked")
def serve(host: str, port: int, **chosen: Any) -> None:
    """Serve the reference endpoint. Its key is the value of CONFORMANCE_API_KEY, or a published one."""
    from conformance import reference

    def listening(address: str, number: int) -> None:
        place = f"[{address}]" if ":" in address else address
        click.echo(f"serving {chosen['profile']} at http://{place}:{number}; end it with Ctrl-C", err=True)

    if key := _own_key():
        chosen["key"] = key
    try:
        asyncio.run(reference.serve(reference.Settings(**chosen), host, port, listening))
    except KeyboardInterrupt:
        sys.exit(0)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror or error
        told = f"cannot listen at {host}, port {port}: {reason}; choose another --port or --host"
        raise click.UsageError(told) from None
    except ValueError as error:
        raise click.UsageError(str(error)) from None


def _own_key() -> str:
    """The key that whoever runs against this endpoint would send, or ""."""
    if not (key := os.environ.get("CONFORMANCE_API_KEY")):
        return ""
    from conformance.settings.resolve import UsageError, checked_key

    try:
        return checked_key(key, "CONFORMANCE_API_KEY")
    except UsageError as error:
        raise click.UsageError(str(error)) from None
