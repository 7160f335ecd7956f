"""What routing reads from the environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from shared.runtime.settings import DatabaseSettings, RpcSettings, TelemetrySettings


@dataclass(frozen=True, kw_only=True)
class Settings:
    """routing's settings."""

    SERVICE: ClassVar[str] = "routing"

    rpc: RpcSettings
    database: DatabaseSettings
    telemetry: TelemetrySettings
