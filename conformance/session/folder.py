"""Where a run is written."""

from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from conformance.settings.resolve import Settings


def reserve_folder(settings: Settings) -> Path:
    """The folder of the run: `--out`, or `reports/<target>-<time>` here, with a number added when that exists."""
    if settings.out is not None:
        return settings.out
    name = "embedded" if settings.target_url is None else urlsplit(settings.target_url).netloc.replace(":", "-")
    base = Path("reports") / f"{name}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    return next(
        path for n in range(1, 1000) if not (path := base if n == 1 else base.with_name(f"{base.name}-{n}")).exists()
    )
