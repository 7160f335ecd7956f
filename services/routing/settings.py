"""What routing's two processes read from the environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from services.routing.delivery.settings import SystemsSettings
from services.routing.messages.mail import SmtpServer
from services.routing.messages.provider_client import Provider
from shared.runtime.settings import (
    DatabaseSettings,
    RedisSettings,
    RpcSettings,
    SettingsError,
    TelemetrySettings,
    setting,
    target,
)

_KEY_BYTES = 32


def key(text: str) -> bytes:
    """The install's identity key. Raises SettingsError where it is not 32 bytes in hex."""
    try:
        read = bytes.fromhex(text)
    except ValueError:
        read = b""
    if len(read) != _KEY_BYTES:
        raise SettingsError([f"LEADLINE_IDENTITY_KEY: expected {_KEY_BYTES} bytes in hex"])
    return read


def provider(what: str, url: str, secret: str) -> Provider | None:
    """A provider of `TEXT` or `CALL`; None where there is none. Raises SettingsError where it is not usable."""
    if not url:
        return None
    try:
        if not secret:
            raise SettingsError([f"LEADLINE_{what}_SECRET: required with LEADLINE_{what}_URL, but not set"])
        return Provider(url, secret)
    except ValueError as fault:
        raise SettingsError([f"LEADLINE_{what}_URL: {fault}"]) from None


@dataclass(frozen=True, kw_only=True)
class GateSettings:
    """What the contact gate needs."""

    #: Connections to Postgres that hold locks while messages are handed over: so many hand-overs at once.
    lock_pool_size: int = setting("LEADLINE_{SERVICE}_GATE_POOL_SIZE", default=8, minimum=1, maximum=100)
    #: Digests of addresses are made with it; 32 bytes in hex.
    identity_key_hex: str = setting("LEADLINE_IDENTITY_KEY", secret=True)
    #: Where people who sue over calls are asked for: empty, nowhere; `list`, the imported list; or a URL.
    litigators: str = setting("LEADLINE_GATE_LITIGATORS", default="")
    litigators_secret: str = setting("LEADLINE_GATE_LITIGATORS_SECRET", default="", secret=True)
    #: Where reassigned numbers are asked for; empty: nowhere.
    reassigned_url: str = setting("LEADLINE_GATE_REASSIGNED_URL", default="")
    reassigned_secret: str = setting("LEADLINE_GATE_REASSIGNED_SECRET", default="", secret=True)

    @property
    def identity_key(self) -> bytes:
        """The install's key. Raises SettingsError where it is none."""
        return key(self.identity_key_hex)

    @property
    def litigator_list(self) -> bool:
        """Whether the imported list is asked."""
        return self.litigators == "list"

    @property
    def litigators_url(self) -> str:
        """Who is asked over HTTP; empty: nobody."""
        return "" if self.litigator_list else self.litigators


@dataclass(frozen=True, kw_only=True)
class Settings:
    """routing's settings."""

    SERVICE: ClassVar[str] = "routing"

    rpc: RpcSettings
    database: DatabaseSettings
    telemetry: TelemetrySettings
    gate: GateSettings
    #: Connections to Postgres for what people and agents ask.
    follow_up_pool_size: int = setting("LEADLINE_ROUTING_FOLLOW_UP_POOL_SIZE", default=4, minimum=1, maximum=100)
    #: Whom it asks for contact data: intake's second process.
    records_target: str = target("notices")
    #: Where the gateway is reached from outside, for links in e-mails and for providers; https.
    public_url: str = setting("LEADLINE_PUBLIC_URL", default="")
    #: Who rings agents and connects them with people, and the secret it knows us by; unset: agents dial.
    call_url: str = setting("LEADLINE_CALL_URL", default="")
    call_secret: str = setting("LEADLINE_CALL_SECRET", default="", secret=True)

    @property
    def calls(self) -> Provider | None:
        """Who sets calls up; None: nobody. Raises SettingsError where the address or the secret is not usable."""
        return provider("CALL", self.call_url, self.call_secret)


@dataclass(frozen=True, kw_only=True)
class FollowUpSettings:
    """follow-up's settings."""

    SERVICE: ClassVar[str] = "follow_up"

    rpc: RpcSettings
    database: DatabaseSettings
    redis: RedisSettings
    telemetry: TelemetrySettings
    systems: SystemsSettings
    gate: GateSettings
    #: Whom it asks for contact data: intake's second process.
    records_target: str = target("notices")
    #: `smtp://host:port` (STARTTLS where offered), `smtp+starttls://` (STARTTLS or nothing) or `smtps://`.
    smtp_url: str = setting("LEADLINE_SMTP_URL", default="smtp://127.0.0.1:1025", secret=True)
    #: Connections to the mail server at once.
    smtp_sessions: int = setting("LEADLINE_FOLLOW_UP_SMTP_SESSIONS", default=8, minimum=1, maximum=64)
    #: Where texts are handed to, and the secret it knows us by; unset: no texts are sent, and each is refused.
    text_url: str = setting("LEADLINE_TEXT_URL", default="")
    text_secret: str = setting("LEADLINE_TEXT_SECRET", default="", secret=True)
    #: Where the gateway is reached from outside, for links in e-mails and for providers; https.
    public_url: str = setting("LEADLINE_PUBLIC_URL", default="")
    #: After a few leads, how long to let more come: each batch costs about the same, whatever its size.
    rest_seconds: float = setting("LEADLINE_FOLLOW_UP_REST_SECONDS", default=0.04, minimum=0, maximum=1)

    @property
    def smtp(self) -> SmtpServer:
        """The mail server. Raises SettingsError where the URL is not usable."""
        try:
            return SmtpServer.parse(self.smtp_url)
        except ValueError as fault:
            raise SettingsError([f"LEADLINE_SMTP_URL: {fault}"]) from None

    @property
    def texts(self) -> Provider | None:
        """Where texts go; None: nowhere. Raises SettingsError where the address or the secret is not usable."""
        return provider("TEXT", self.text_url, self.text_secret)
