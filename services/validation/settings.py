"""What validation reads from the environment."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from shared.runtime.settings import DatabaseSettings, RedisSettings, RpcSettings, TelemetrySettings, setting


@dataclass(frozen=True, kw_only=True)
class Settings:
    """validation's settings."""

    SERVICE: ClassVar[str] = "validation"

    rpc: RpcSettings
    database: DatabaseSettings
    telemetry: TelemetrySettings
    redis: RedisSettings
    #: Where lists that are newer than the packaged ones are kept, and old ones, so that receipts can be made again.
    lists_dir: Path = setting(
        "LEADLINE_LISTS_DIR", default=lambda environ, _: Path(environ.get("LEADLINE_DATA_DIR") or ".leadline") / "lists"
    )
    #: The install's secret, the same on every replica: without it the digests in Redis say nothing.
    identity_key: str = setting("LEADLINE_IDENTITY_KEY", secret=True)
