"""What the gateway can be told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from services.gateway.provider_signature import read_secrets
from shared.runtime.settings import RpcSettings, SettingsError, TelemetrySettings, setting, target


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The gateway's settings. `rpc.port` is its HTTP port."""

    SERVICE: ClassVar[str] = "gateway"

    rpc: RpcSettings
    telemetry: TelemetrySettings
    intake_target: str = target("intake")
    #: Whom it hands on what people wrote back.
    routing_target: str = target("routing")
    #: What providers of texts, calls and e-mail sign their messages with (Standard Webhooks, `whsec_…`); two with a
    #: blank between while one is being replaced. Unset: `/v1/inbound` takes nothing.
    inbound_secret: str = setting("LEADLINE_INBOUND_SECRET", default="", secret=True)
    #: For the whole of one request's body to arrive; then HTTP 408.
    read_timeout_seconds: float = setting("LEADLINE_GATEWAY_READ_TIMEOUT_SECONDS", default=10.0, minimum=0.01)
    #: For intake to decide, retries included.
    submit_timeout_seconds: float = setting("LEADLINE_GATEWAY_SUBMIT_TIMEOUT_SECONDS", default=5.0, minimum=0.1)
    #: How long a restart of intake is ridden out before the answer is HTTP 503.
    patience_seconds: float = setting("LEADLINE_GATEWAY_PATIENCE_SECONDS", default=3.5, minimum=0)
    #: Calls to intake that carry coalesced single leads, under way at once.
    max_in_flight: int = setting("LEADLINE_GATEWAY_MAX_IN_FLIGHT", default=2, minimum=1, maximum=64)
    #: Single leads that may wait to be sent; more are refused with HTTP 429.
    max_waiting: int = setting("LEADLINE_GATEWAY_MAX_WAITING", default=2000, minimum=1)

    @property
    def inbound_secrets(self) -> tuple[bytes, ...]:
        """The secrets of providers, newest first. Raises SettingsError where one cannot be a secret."""
        try:
            return read_secrets(self.inbound_secret)
        except ValueError as fault:
            raise SettingsError([f"LEADLINE_INBOUND_SECRET: {fault}"]) from None
