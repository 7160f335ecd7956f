"""The one folder that holds all local state."""

from __future__ import annotations

import fcntl
import os
import secrets
import time
from pathlib import Path
from typing import IO

#: How long a new run waits for the clean-up after a killed one.
_PATIENCE_SECONDS = 30.0
_POLL_SECONDS = 0.05


class DirectoryInUseError(RuntimeError):
    """Another run uses the folder; the text names it."""


class DataDirectory:
    """A folder with the stores' files, logs, mail and secrets, used by one run at a time.

    Args:
        path: The folder; made if absent.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self._lock: IO[str] | None = None

    @property
    def logs(self) -> Path:
        """Folder of the processes' logs."""
        return self.path / "logs"

    @property
    def mail(self) -> Path:
        """The Maildir in which every e-mail sent ends."""
        return self.path / "mail"

    @property
    def identity_key(self) -> Path:
        """File of the key that identity digests are made with; changing it forgets who was bought before."""
        return self.path / "identity.key"

    @property
    def bid_key(self) -> Path:
        """File of the key that bid tokens are signed with; changing it ends every bid in force."""
        return self.path / "bid.key"

    @property
    def pack_key(self) -> Path:
        """File of the key that packs of evidence are signed with; whoever checks a pack knows its public half."""
        return self.path / "pack.key"

    def take(self) -> int:
        """Take the folder for this run and return the lock's descriptor.

        Whoever inherits the descriptor keeps the folder taken. A folder whose last user was killed is waited for,
        because its processes are being ended at that moment.

        Raises:
            DirectoryInUseError: another run uses it.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        self.logs.mkdir(exist_ok=True)
        lock = (self.path / "lock").open("a+")
        limit = time.monotonic() + _PATIENCE_SECONDS
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                lock.seek(0)
                holder = lock.read().strip()
                if _alive(holder) or time.monotonic() > limit:
                    lock.close()
                    raise DirectoryInUseError(
                        f"Leadline is already running in {self.path} (process {holder or 'unknown'}): use that one, "
                        "stop it, or set LEADLINE_DATA_DIR to another folder"
                    ) from None
                time.sleep(_POLL_SECONDS)
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        self._lock = lock
        return lock.fileno()

    def release(self) -> None:
        """Let another run take the folder."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def make_keys(self) -> None:
        """Make the install's keys, once for the life of the folder."""
        for key in (self.identity_key, self.bid_key, self.pack_key):
            if not key.exists():
                write_secret(key, secrets.token_hex(32))


def write_secret(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(f"{text}\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(path)


def _alive(pid: str) -> bool:
    return pid.isdigit() and Path(f"/proc/{pid}").exists()
