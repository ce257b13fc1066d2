"""`conformance serve`."""

import asyncio
import os
import sys

import click


@click.command()
@click.option("--profile", default="myrouter", type=click.Choice(["myrouter", "anthropic"]), help="which contract")
@click.option("--host", default="127.0.0.1", help="the address to listen on (default: 127.0.0.1)")
@click.option("--port", default=8765, help="the port to listen on (default: 8765)")
@click.option("--delay", default=0.0, help="seconds before the first byte of each answer")
@click.option("--event-interval", default=0.0, help="seconds between the events of a stream")
@click.option("--fault", "faults", multiple=True, metavar="ID", help="a deliberate breach; repeatable")
@click.option("--list-faults", is_flag=True, help="list the breaches and end")
def serve(
    profile: str,
    host: str,
    port: int,
    delay: float,
    event_interval: float,
    faults: tuple[str, ...],
    list_faults: bool,
) -> None:
    """Serve the reference endpoint. Its key is the value of CONFORMANCE_API_KEY, or a published one."""
    from conformance import reference

    if list_faults:
        for fault in reference.faults():
            click.echo(f"{fault.id:40}{fault.requirement:10}{fault.description}")
        return
    key = os.environ.get("CONFORMANCE_API_KEY")
    words = {"profile": profile, "delay": delay, "event_interval": event_interval, "faults": faults}
    try:
        settings = reference.Settings(**words, **({"key": key} if key else {}))  # type: ignore[arg-type]
        click.echo(f"serving {profile} at http://{host}:{port}; end it with Ctrl-C", err=True)
        asyncio.run(reference.serve(settings, host, port))
    except KeyboardInterrupt:
        sys.exit(0)
    except (ValueError, OSError) as error:
        raise click.UsageError(str(error)) from None
