"""What dedup reads from the environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from services.dedup.fingerprint import read_key
from shared.runtime.settings import DatabaseSettings, RpcSettings, SettingsError, TelemetrySettings, setting


@dataclass(frozen=True, kw_only=True)
class Settings:
    """dedup's settings."""

    SERVICE: ClassVar[str] = "dedup"

    rpc: RpcSettings
    database: DatabaseSettings
    telemetry: TelemetrySettings
    #: 32 bytes in hex, the same for the life of the install: under another key nobody was ever bought before.
    identity_key_hex: str = setting("LEADLINE_IDENTITY_KEY", secret=True)

    @property
    def identity_key(self) -> bytes:
        """The key that digests are made with. Raises SettingsError where it is not 32 bytes in hex."""
        try:
            return read_key(self.identity_key_hex)
        except ValueError as fault:
            raise SettingsError([f"LEADLINE_IDENTITY_KEY: {fault}"]) from None
