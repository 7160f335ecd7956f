"""What intake reads from the environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from shared.runtime.settings import (
    DatabaseSettings,
    RedisSettings,
    RpcSettings,
    TelemetrySettings,
    setting,
    target,
)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """intake's settings."""

    SERVICE: ClassVar[str] = "intake"

    rpc: RpcSettings
    database: DatabaseSettings
    redis: RedisSettings
    telemetry: TelemetrySettings
    validation_target: str = target("validation")
    dedup_target: str = target("dedup")
    routing_target: str = target("routing")
    #: How long validation, dedup and routing may take together before a lead is kept as pending.
    chain_seconds: float = setting("LEADLINE_INTAKE_CHAIN_SECONDS", default=1.5, minimum=0.05, maximum=30)
    #: Leads of one batch; a batch is one transaction.
    max_batch: int = setting("LEADLINE_INTAKE_MAX_BATCH", default=64, minimum=1, maximum=256)
    #: Batches decided at the same time.
    max_in_flight: int = setting("LEADLINE_INTAKE_MAX_IN_FLIGHT", default=3, minimum=1, maximum=64)
    #: Leads that may wait for a batch before more are refused.
    max_waiting: int = setting("LEADLINE_INTAKE_MAX_WAITING", default=2000, minimum=1)
    #: How long the sweeper of pending leads rests when none is due.
    sweep_seconds: float = setting("LEADLINE_INTAKE_SWEEP_SECONDS", default=0.5, minimum=0.05, maximum=60)
    #: How often returns that sellers left unanswered, and what the system proposes, are looked for.
    returns_seconds: float = setting("LEADLINE_INTAKE_RETURNS_SECONDS", default=10.0, minimum=0.05, maximum=3600)
