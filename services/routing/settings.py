"""What routing's two processes read from the environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from services.routing.messages.mail import SmtpServer
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
    telemetry: TelemetrySettings
    #: Connections to Postgres for showing tasks and deliveries.
    follow_up_pool_size: int = setting("LEADLINE_ROUTING_FOLLOW_UP_POOL_SIZE", default=2, minimum=1, maximum=100)


@dataclass(frozen=True, kw_only=True)
class FollowUpSettings:
    """follow-up's settings."""

    SERVICE: ClassVar[str] = "follow_up"

    rpc: RpcSettings
    database: DatabaseSettings
    redis: RedisSettings
    telemetry: TelemetrySettings
    #: Whom it asks for contact data: intake's second process.
    records_target: str = target("notices")
    #: `smtp://host:port` (STARTTLS where offered), `smtp+starttls://` (STARTTLS or nothing) or `smtps://`.
    smtp_url: str = setting("LEADLINE_SMTP_URL", default="smtp://127.0.0.1:1025", secret=True)
    #: Connections to the mail server at once.
    smtp_sessions: int = setting("LEADLINE_FOLLOW_UP_SMTP_SESSIONS", default=8, minimum=1, maximum=64)
    #: After a few leads, how long to let more come: each batch costs about the same, whatever its size.
    rest_seconds: float = setting("LEADLINE_FOLLOW_UP_REST_SECONDS", default=0.04, minimum=0, maximum=1)

    @property
    def smtp(self) -> SmtpServer:
        """The mail server. Raises SettingsError where the URL is not usable."""
        try:
            return SmtpServer.parse(self.smtp_url)
        except ValueError as fault:
            raise SettingsError([f"LEADLINE_SMTP_URL: {fault}"]) from None
