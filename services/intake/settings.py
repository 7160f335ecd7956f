"""What intake reads from the environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from services.intake.pings.token import KEY_BYTES
from shared.runtime.settings import (
    DatabaseSettings,
    RedisSettings,
    RpcSettings,
    SettingsError,
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
    #: 32 bytes in hex, the same on every replica: bid tokens are signed with it. Another key ends every bid in force.
    bid_key_hex: str = setting("LEADLINE_BID_KEY", secret=True)
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

    @property
    def bid_key(self) -> bytes:
        """The key that bid tokens are signed with. Raises SettingsError where it is not 32 bytes in hex."""
        try:
            key = bytes.fromhex(self.bid_key_hex)
        except ValueError:
            key = b""
        if len(key) != KEY_BYTES:
            raise SettingsError([f"LEADLINE_BID_KEY: expected {KEY_BYTES} bytes in hex"])
        return key


@dataclass(frozen=True, kw_only=True)
class NoticeSettings:
    """The settings of notices, intake's process that tells sellers."""

    SERVICE: ClassVar[str] = "notices"

    rpc: RpcSettings
    database: DatabaseSettings
    telemetry: TelemetrySettings
    #: How long it rests when nothing is due.
    idle_seconds: float = setting("LEADLINE_NOTICES_IDLE_SECONDS", default=1.0, minimum=0.05, maximum=60)
