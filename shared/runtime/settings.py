"""Environment → frozen dataclass, checked as a whole before anything starts.

A service declares what it needs and loads it once, in its composition root:

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        SERVICE: ClassVar[str] = "dedup"

        rpc: RpcSettings
        database: DatabaseSettings
        telemetry: TelemetrySettings
        validation_target: str = target("validation")
        window_days: int = setting("LEADLINE_DEDUP_WINDOW_DAYS", default=30, minimum=1, maximum=365)

    settings = load(Settings)

A field whose type is a dataclass is a section and is loaded the same way. `{SERVICE}` in a variable's name stands for
the service in capitals. An empty variable counts as unset. A secret may come from the file that `<NAME>_FILE` names.
No other module reads the environment.
"""

from __future__ import annotations

import dataclasses
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

S = TypeVar("S")

PORTS: Mapping[str, int] = {
    "gateway": 8080,
    "console": 8081,
    "intake": 50051,
    "validation": 50052,
    "dedup": 50053,
    "routing": 50054,
    "reporting": 50055,
    "follow_up": 50056,
    "evidence": 50057,
    "notices": 50058,
}
METRICS_OFFSET = 1000
REDACTED = "[redacted]"

_KEY = "leadline.setting"
_TRUE, _FALSE = frozenset({"true", "1", "yes", "on"}), frozenset({"false", "0", "no", "off"})


class SettingsError(Exception):
    """The environment is not usable. `faults`: a line per fault, each naming its variable, never a secret's value."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True)
class Variable:
    """One declared variable."""

    env: str
    default: Any
    secret: bool
    minimum: float | None
    maximum: float | None
    choices: tuple[str, ...] | None

    def name(self, service: str) -> str:
        """The variable's name for one service."""
        return self.env.replace("{SERVICE}", service.upper())


def setting(
    env: str,
    default: Any = dataclasses.MISSING,
    *,
    secret: bool = False,
    minimum: float | None = None,
    maximum: float | None = None,
    choices: Sequence[str] | None = None,
) -> Any:
    """Declares a field read from `env`. Without a default the variable is required.

    `default`: a value, or a function of (environment, service) for one that follows another variable.
    `minimum`, `maximum`: inclusive, for numbers. `secret`: never printed, and readable from a file.
    The type is the field's annotation: str, int, float, bool or Path, each also `| None`.
    """
    variable = Variable(env, default, secret, minimum, maximum, tuple(choices) if choices else None)
    plain = dataclasses.MISSING if callable(default) else default
    return dataclasses.field(default=plain, metadata={_KEY: variable})


def target(service: str) -> Any:
    """Declares where a client finds `service`: LEADLINE_<SERVICE>_TARGET, a gRPC target; by default this machine."""
    return setting(
        f"LEADLINE_{service.upper()}_TARGET", default=lambda environ, _: f"127.0.0.1:{_port(environ, service)}"
    )


def load(cls: type[S], environ: Mapping[str, str] | None = None, *, service: str | None = None) -> S:
    """Reads all of `cls` from `environ` (default: the process's). Raises one SettingsError naming every fault.

    `service` fills `{SERVICE}`; by default the class's `SERVICE`.
    """
    faults: list[str] = []
    source = os.environ if environ is None else environ
    loaded = _load(cls, source, service if service is not None else getattr(cls, "SERVICE", ""), faults)
    if faults:
        raise SettingsError(list(dict.fromkeys(faults)))
    return cast(S, loaded)


def redacted(settings: Any) -> dict[str, Any]:
    """The settings as plain data fit for a log or a screen: secrets are replaced, sections are nested."""
    shown: dict[str, Any] = {}
    for field in dataclasses.fields(settings):
        value, variable = getattr(settings, field.name), field.metadata.get(_KEY)
        if dataclasses.is_dataclass(value):
            shown[field.name] = redacted(value)
        elif variable is not None and variable.secret and value is not None:
            shown[field.name] = REDACTED
        else:
            shown[field.name] = str(value) if isinstance(value, Path) else value
    return shown


def _load(cls: type, environ: Mapping[str, str], service: str, faults: list[str]) -> object | None:
    hints, values, before = get_type_hints(cls), {}, len(faults)
    for field in dataclasses.fields(cls):
        variable, kind = field.metadata.get(_KEY), hints[field.name]
        if variable is not None:
            values[field.name] = _read(variable, kind, environ, service, faults)
        elif isinstance(kind, type) and dataclasses.is_dataclass(kind):
            values[field.name] = _load(kind, environ, service, faults)
        else:
            raise TypeError(f"{cls.__name__}.{field.name}: expected setting(…) or a section")
    if len(faults) > before:
        return None
    return cast(object, cls(**values))


def _read(variable: Variable, kind: Any, environ: Mapping[str, str], service: str, faults: list[str]) -> Any:
    name = variable.name(service)
    text = _text(variable, name, environ, faults)
    if text is None:
        if variable.default is dataclasses.MISSING:
            also = f" (or {name}_FILE)" if variable.secret else ""
            faults.append(f"{name}{also}: required, but not set")
            return None
        return variable.default(environ, service) if callable(variable.default) else variable.default
    try:
        value = _parse(text, kind)
        _check(value, variable)
    except ValueError as fault:
        faults.append(f"{name}: {fault}")
        return None
    return value


def _text(variable: Variable, name: str, environ: Mapping[str, str], faults: list[str]) -> str | None:
    direct, path = environ.get(name) or None, environ.get(f"{name}_FILE") or None
    if not variable.secret or path is None:
        return direct
    if direct is not None:
        faults.append(f"{name}: expected either {name} or {name}_FILE, not both")
        return direct
    try:
        return Path(path).read_text(encoding="utf-8").strip() or None
    except (OSError, UnicodeDecodeError):
        faults.append(f"{name}_FILE: expected the path of a readable text file")
        return "unreadable"


def _parse(text: str, kind: Any) -> Any:
    if get_origin(kind) in (UnionType, Union):
        kind = next(part for part in get_args(kind) if part is not NoneType)
    if kind is str:
        return text
    if kind is Path:
        return Path(text)
    if kind is bool:
        if text.lower() in _TRUE | _FALSE:
            return text.lower() in _TRUE
        raise ValueError("expected true or false")
    if kind in (int, float):
        return _number(text, kind)
    raise TypeError(f"a setting cannot be a {kind}")


def _number(text: str, kind: type[int] | type[float]) -> float:
    expected = "expected a whole number" if issubclass(kind, int) else "expected a number"
    try:
        value = kind(text)
    except ValueError:
        raise ValueError(expected) from None
    if not math.isfinite(value):
        raise ValueError(expected)
    return value


def _check(value: Any, variable: Variable) -> None:
    if variable.choices is not None and value not in variable.choices:
        raise ValueError(f"expected one of {', '.join(variable.choices)}")
    if variable.minimum is not None and value < variable.minimum:
        raise ValueError(f"expected {variable.minimum} or more")
    if variable.maximum is not None and value > variable.maximum:
        raise ValueError(f"expected {variable.maximum} or less")


def _port(environ: Mapping[str, str], service: str) -> int:
    text = environ.get(f"LEADLINE_{service.upper()}_PORT", "")
    return int(text) if text.isdecimal() else PORTS[service]


def _metrics_port(environ: Mapping[str, str], service: str) -> int:
    port = _port(environ, service)
    return port + METRICS_OFFSET if port else 0


def _in_production(environ: Mapping[str, str]) -> bool:
    return environ.get("LEADLINE_ENVIRONMENT") == "production"


@dataclass(frozen=True, kw_only=True)
class RpcSettings:
    """Where a process listens and how it behaves as a server."""

    host: str = setting("LEADLINE_HOST", default="127.0.0.1")
    #: TCP port; 0: any free one.
    port: int = setting("LEADLINE_{SERVICE}_PORT", default=_port, minimum=0, maximum=65535)
    #: TCP port of /metrics, /healthz and /readyz; 0: any free one.
    metrics_port: int = setting("LEADLINE_{SERVICE}_METRICS_PORT", default=_metrics_port, minimum=0, maximum=65535)
    environment: str = setting("LEADLINE_ENVIRONMENT", default="development", choices=("development", "production"))
    #: Calls under way at once; more are refused with RESOURCE_EXHAUSTED.
    max_concurrent_calls: int = setting("LEADLINE_{SERVICE}_MAX_CONCURRENT_CALLS", default=256, minimum=1)
    #: Between NOT_SERVING and refusing connections, so that balancers notice.
    drain_wait_seconds: float = setting(
        "LEADLINE_DRAIN_WAIT_SECONDS",
        default=lambda environ, _: 5.0 if _in_production(environ) else 0.0,
        minimum=0,
        maximum=120,
    )
    #: Then for calls under way to finish, before they are cancelled.
    drain_seconds: float = setting("LEADLINE_DRAIN_SECONDS", default=10.0, minimum=0, maximum=120)
    #: After this a connection is closed gently, so that clients spread over new replicas; gRPC adds 10 % of jitter.
    max_connection_age_seconds: float = setting("LEADLINE_MAX_CONNECTION_AGE_SECONDS", default=300.0, minimum=1)

    @property
    def reflection(self) -> bool:
        """Whether the server describes itself to tools: never in production."""
        return self.environment != "production"


@dataclass(frozen=True, kw_only=True)
class DatabaseSettings:
    """How a process uses Postgres. The role is the service's own and is given in code."""

    url: str = setting("LEADLINE_POSTGRES_URL", secret=True)
    pool_size: int = setting("LEADLINE_{SERVICE}_POOL_SIZE", default=8, minimum=1, maximum=100)
    acquire_timeout_seconds: float = setting("LEADLINE_POSTGRES_ACQUIRE_TIMEOUT_SECONDS", default=2.0, minimum=0.01)
    statement_timeout_seconds: float = setting("LEADLINE_POSTGRES_STATEMENT_TIMEOUT_SECONDS", default=5.0, minimum=0.01)
    lock_timeout_seconds: float = setting("LEADLINE_POSTGRES_LOCK_TIMEOUT_SECONDS", default=2.0, minimum=0.01)
    idle_in_transaction_timeout_seconds: float = setting(
        "LEADLINE_POSTGRES_IDLE_TIMEOUT_SECONDS", default=10.0, minimum=0.01
    )


@dataclass(frozen=True, kw_only=True)
class RedisSettings:
    """How a process uses Redis, which is never the truth."""

    url: str = setting("LEADLINE_REDIS_URL", secret=True)
    #: For connecting and for each command.
    timeout_seconds: float = setting("LEADLINE_REDIS_TIMEOUT_SECONDS", default=0.1, minimum=0.001, maximum=5)
    max_connections: int = setting("LEADLINE_REDIS_MAX_CONNECTIONS", default=32, minimum=1)


@dataclass(frozen=True, kw_only=True)
class TelemetrySettings:
    """What a process tells about itself."""

    environment: str = setting("LEADLINE_ENVIRONMENT", default="development", choices=("development", "production"))
    log_level: str = setting("LEADLINE_LOG_LEVEL", default="info", choices=("debug", "info", "warning", "error"))
    #: OTLP gRPC endpoint of a collector; unset: no spans are made.
    otlp_endpoint: str | None = setting("OTEL_EXPORTER_OTLP_ENDPOINT", default=None)
    #: Share of leads that are traced, 0 to 1; decided once per lead, by the process that takes it first.
    trace_ratio: float = setting("LEADLINE_TRACE_RATIO", default=0.05, minimum=0, maximum=1)
