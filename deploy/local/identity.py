"""Whom a server runs as where we are root: Postgres refuses to be."""

from __future__ import annotations

import os
import pwd
import stat
from pathlib import Path
from typing import Any

#: initdb looks its user up, so that it must be one that every system has.
_NAME = "nobody"


class Identity:
    """An unprivileged user of this machine."""

    def __init__(self, name: str = _NAME) -> None:
        entry = pwd.getpwnam(name)
        self._uid, self._gid = entry.pw_uid, entry.pw_gid

    @property
    def popen(self) -> dict[str, Any]:
        """Arguments that make `subprocess` start a program as this user, without our groups."""
        return {"user": self._uid, "group": self._gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        """Give this user a file or folder."""
        os.chown(path, self._uid, self._gid)

    def reaches(self, path: Path) -> bool:
        """True where this user may pass through the folder and all above it."""
        return all(self._passes(folder.stat()) for folder in (path.resolve(), *path.resolve().parents))

    def _passes(self, folder: os.stat_result) -> bool:
        if folder.st_uid == self._uid:
            return bool(folder.st_mode & stat.S_IXUSR)
        if folder.st_gid == self._gid:
            return bool(folder.st_mode & stat.S_IXGRP)
        return bool(folder.st_mode & stat.S_IXOTH)


def unprivileged() -> Identity | None:
    """The user to run servers as; None where we are not root and stay who we are."""
    return Identity() if os.geteuid() == 0 else None
