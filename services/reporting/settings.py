"""What reporting reads from the environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from shared.runtime.settings import DatabaseSettings, RedisSettings, RpcSettings, TelemetrySettings, setting


@dataclass(frozen=True, kw_only=True)
class Settings:
    """reporting's settings."""

    SERVICE: ClassVar[str] = "reporting"

    rpc: RpcSettings
    database: DatabaseSettings
    redis: RedisSettings
    telemetry: TelemetrySettings
    #: Events of one batch; a batch is one transaction. Sums are written once a batch: the more in one, the less each.
    batch: int = setting("LEADLINE_REPORTING_BATCH", default=1000, minimum=1, maximum=2000)
    #: After a few events, how long to let more come: a batch of sixty costs hardly more than one of three.
    rest_seconds: float = setting("LEADLINE_REPORTING_REST_SECONDS", default=0.1, minimum=0, maximum=60)
    #: How long the projector rests without a ring before it looks again.
    idle_seconds: float = setting("LEADLINE_REPORTING_IDLE_SECONDS", default=0.25, minimum=0.01, maximum=60)
