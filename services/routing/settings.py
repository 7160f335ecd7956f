"""What routing reads from the environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from services.routing.mail import SmtpServer
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
    """routing's settings."""

    SERVICE: ClassVar[str] = "routing"

    rpc: RpcSettings
    database: DatabaseSettings
    redis: RedisSettings
    telemetry: TelemetrySettings
    #: Whom follow-up asks for contact data.
    intake_target: str = target("intake")
    #: `smtp://host:port` (STARTTLS where offered), `smtp+starttls://` (STARTTLS or nothing) or `smtps://`.
    smtp_url: str = setting("LEADLINE_SMTP_URL", default="smtp://127.0.0.1:1025", secret=True)
    #: Connections to the mail server at once.
    smtp_sessions: int = setting("LEADLINE_ROUTING_SMTP_SESSIONS", default=8, minimum=1, maximum=64)
    #: Connections to Postgres for follow-up: its own, so that a backlog of mail never keeps a lead waiting for one.
    follow_up_pool_size: int = setting("LEADLINE_ROUTING_FOLLOW_UP_POOL_SIZE", default=4, minimum=2, maximum=100)

    @property
    def smtp(self) -> SmtpServer:
        """The mail server. Raises SettingsError where the URL is not usable."""
        try:
            return SmtpServer.parse(self.smtp_url)
        except ValueError as fault:
            raise SettingsError([f"LEADLINE_SMTP_URL: {fault}"]) from None
