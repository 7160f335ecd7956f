"""What the gateway can be told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from shared.runtime.settings import RpcSettings, TelemetrySettings, setting, target


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The gateway's settings. `rpc.port` is its HTTP port."""

    SERVICE: ClassVar[str] = "gateway"

    rpc: RpcSettings
    telemetry: TelemetrySettings
    intake_target: str = target("intake")
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
