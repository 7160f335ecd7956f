"""What validation reads from the environment."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import ClassVar

from services.validation.consent.certificate import ISSUER_URL, issuer_url
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
class CertificateSettings:
    """How the issuer of TrustedForm certificates is asked."""

    environment: str = setting("LEADLINE_ENVIRONMENT", default="development", choices=("development", "production"))
    #: The account's API key. Unset: the issuer is never asked, and orders that want it have no answer from it.
    api_key: str | None = setting("LEADLINE_TRUSTEDFORM_API_KEY", default=None, secret=True)
    #: In development it may name this machine instead; nobody else ever gets the key.
    url: str = setting("LEADLINE_TRUSTEDFORM_URL", default=ISSUER_URL)
    #: How long a lead waits for the issuer at most. It has to fit into intake's LEADLINE_INTAKE_CHAIN_SECONDS.
    seconds: float = setting("LEADLINE_TRUSTEDFORM_SECONDS", default=0.8, minimum=0.05, maximum=10)
    #: Questions under way at once.
    concurrency: int = setting("LEADLINE_TRUSTEDFORM_CONCURRENCY", default=32, minimum=1, maximum=256)

    @property
    def base(self) -> str:
        """Where to ask. Raises SettingsError where the key may not go there."""
        try:
            return issuer_url(self.url, self.environment)
        except ValueError as fault:
            raise SettingsError([f"LEADLINE_TRUSTEDFORM_URL: {fault}"]) from None


@dataclass(frozen=True, kw_only=True)
class MailSettings:
    """Whether and where mail domains are looked up."""

    #: Name servers, such as `10.0.0.10,10.0.0.11:5353`. Empty: mail domains are not looked up.
    servers: str = setting("LEADLINE_DNS_SERVERS", default="")
    #: How long a batch waits for domains that were not asked about before.
    wait_seconds: float = setting("LEADLINE_DNS_WAIT_SECONDS", default=0.05, minimum=0, maximum=5)

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """Addresses and ports. Raises SettingsError where one is not an IP address."""
        return [_server(text.strip()) for text in self.servers.split(",") if text.strip()]


def _server(text: str) -> tuple[str, int]:
    # `[::1]:53` and `10.0.0.1:53` name a port, `::1` and `10.0.0.1` do not.
    address, _, port = text.rpartition(":") if text.startswith("[") or text.count(":") == 1 else (text, "", "53")
    address = address.strip("[]")
    try:
        if not 0 < int(port) < 65536:
            raise ValueError
        return str(ip_address(address)), int(port)
    except ValueError:
        raise SettingsError(["LEADLINE_DNS_SERVERS: expected IP addresses, each with or without a port"]) from None


@dataclass(frozen=True, kw_only=True)
class Settings:
    """validation's settings."""

    SERVICE: ClassVar[str] = "validation"

    rpc: RpcSettings
    database: DatabaseSettings
    telemetry: TelemetrySettings
    redis: RedisSettings
    certificates: CertificateSettings
    mail: MailSettings
    #: Where lists that are newer than the packaged ones are kept, and old ones, so that receipts can be made again.
    lists_dir: Path = setting(
        "LEADLINE_LISTS_DIR", default=lambda environ, _: Path(environ.get("LEADLINE_DATA_DIR") or ".leadline") / "lists"
    )
    #: The install's secret, the same on every replica: without it the digests in Redis say nothing.
    identity_key: str = setting("LEADLINE_IDENTITY_KEY", secret=True)


@dataclass(frozen=True, kw_only=True)
class EvidenceSettings:
    """evidence's settings."""

    SERVICE: ClassVar[str] = "evidence"

    rpc: RpcSettings
    database: DatabaseSettings
    redis: RedisSettings
    telemetry: TelemetrySettings
    certificates: CertificateSettings
    #: Whom it asks for consent records: intake's second process.
    records_target: str = target("notices")
    #: Whom it asks what was done to reach a person.
    routing_target: str = target("routing")
    #: Signs packs of evidence: an Ed25519 private key, 32 bytes in hex.
    pack_key_hex: str = setting("LEADLINE_PACK_KEY", secret=True)
    #: After a few leads, how long to let more come: a batch costs about the same, whatever its size.
    rest_seconds: float = setting("LEADLINE_EVIDENCE_REST_SECONDS", default=0.25, minimum=0, maximum=60)
    #: How long it rests without a ring before it looks again.
    idle_seconds: float = setting("LEADLINE_EVIDENCE_IDLE_SECONDS", default=0.5, minimum=0.01, maximum=60)

    @property
    def pack_key(self) -> bytes:
        """The key, 32 bytes. Raises SettingsError where it is none."""
        try:
            key = bytes.fromhex(self.pack_key_hex)
        except ValueError:
            key = b""
        if len(key) != 32:
            raise SettingsError(["LEADLINE_PACK_KEY: expected 32 bytes in hex"])
        return key
