"""What the command line takes from the environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from shared.runtime.settings import setting, target


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Where the services are, and how long to wait for them."""

    SERVICE: ClassVar[str] = "cli"

    intake_target: str = target("intake")
    validation_target: str = target("validation")
    dedup_target: str = target("dedup")
    routing_target: str = target("routing")
    reporting_target: str = target("reporting")
    evidence_target: str = target("evidence")
    #: Seconds that one call may take.
    deadline_seconds: float = setting("LEADLINE_CLI_DEADLINE_SECONDS", default=15.0, minimum=0.1, maximum=600)
    #: A seller's access key for `leadline submit`, so that it need not stand on the command line.
    access_key: str | None = setting("LEADLINE_ACCESS_KEY", default=None, secret=True)
