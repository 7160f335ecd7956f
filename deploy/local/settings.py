"""What the launcher and the mailbox take from the environment."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from shared.runtime.settings import setting


@dataclass(frozen=True, kw_only=True)
class MailboxSettings:
    """Where the development mail server listens and keeps its messages."""

    host: str = setting("LEADLINE_HOST", default="127.0.0.1")
    port: int = setting("LEADLINE_MAILBOX_PORT", default=1025, minimum=0, maximum=65535)
    data_dir: Path = setting("LEADLINE_DATA_DIR", default=Path(".leadline"))


@dataclass(frozen=True, kw_only=True)
class LocalSettings:
    """Where the suite keeps its data and which stores it uses. A URL that is not set: a store of our own."""

    data_dir: Path = setting("LEADLINE_DATA_DIR", default=Path(".leadline"))
    postgres_url: str | None = setting("LEADLINE_POSTGRES_URL", default=None, secret=True)
    redis_url: str | None = setting("LEADLINE_REDIS_URL", default=None, secret=True)
    #: A mail server of one's own, instead of the mailbox.
    smtp_url: str | None = setting("LEADLINE_SMTP_URL", default=None, secret=True)


def inherited() -> dict[str, str]:
    """The environment that we were given, for the processes we start."""
    return dict(os.environ)
