"""Logs: one JSON object a line on standard output, with allow-listed keys only.

    log = structlog.get_logger()
    log.info("batch settled", leads=16, milliseconds=4.1)

The first argument is a constant phrase without digits or values: it is what people search for. An exception is told
by type and place (`log.exception("…")` or `exc_info=error`), never by its text, because that quotes its input: a
Postgres detail shows the row, a protobuf error the lead. Records of other libraries come through the same door; of
their text only a constant template is kept.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any, BinaryIO

import orjson
import structlog

from shared.runtime.settings import TelemetrySettings
from shared.telemetry.allowed import passing

EventDict = MutableMapping[str, Any]

_PHRASE = re.compile(r"[A-Za-z][A-Za-z ,.:;()'/_-]{0,119}")
_WITHHELD = "text withheld"
_OWN_CODE = ("/services/", "/shared/", "/deploy/")


def configure(service: str, settings: TelemetrySettings, *, output: BinaryIO | None = None) -> None:
    """Sets up logging for this process, to `output` (default: standard output). The last call counts."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            _describe_failure,
            _Identify(service, settings.environment),
            keep_allowed,
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.BytesLoggerFactory(sys.stdout.buffer if output is None else output),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers = [_ForeignRecords()]
    # Libraries at INFO tell of every connection; what matters of them is WARNING and above.
    root.setLevel(max(level, logging.WARNING))
    logging.captureWarnings(True)


def failure(error: BaseException) -> dict[str, str]:
    """An exception as allowed keys: its type, where it was raised, and its cause's type. Never its text."""
    described = {"error_type": _type(error), "error_at": _place(error)}
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        described["error_cause"] = f"{_type(cause)} at {_place(cause)}"
    return described


def keep_allowed(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Last before rendering: drops what is not allowed and says how much that was."""
    kept: dict[str, Any] = passing(event)
    if not _PHRASE.fullmatch(str(event.get("event", ""))):
        kept["event"] = _WITHHELD
    dropped = sum(1 for key in event if key not in kept)
    if dropped:
        kept["dropped"] = dropped
    return kept


def render(_logger: object, _method: str, event: EventDict) -> bytes:
    """One line of JSON."""
    return orjson.dumps(event)


class _Identify:
    def __init__(self, service: str, environment: str) -> None:
        self._service = service
        self._environment = environment

    def __call__(self, _logger: object, _method: str, event: EventDict) -> EventDict:
        event["timestamp"] = datetime.now(UTC).isoformat(timespec="milliseconds")
        event["service"] = self._service
        event["environment"] = self._environment
        return event


def _describe_failure(_logger: object, _method: str, event: EventDict) -> EventDict:
    found = event.pop("exc_info", None)
    if isinstance(found, tuple):
        found = found[1]
    elif found and not isinstance(found, BaseException):
        found = sys.exc_info()[1]
    if isinstance(found, BaseException):
        event.update(failure(found))
    return event


def _type(error: BaseException) -> str:
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _place(error: BaseException) -> str:
    """The innermost frame, and the innermost frame of our own code where that is another one."""
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return "unknown"
    own = [frame for frame in frames if any(part in frame.filename for part in _OWN_CODE)]
    named = [frames[-1]] if not own or own[-1] is frames[-1] else [own[-1], frames[-1]]
    return " > ".join(f"{'/'.join(frame.filename.split('/')[-3:])}:{frame.lineno} {frame.name}" for frame in named)


class _ForeignRecords(logging.Handler):
    """Sends standard-library records through structlog. A formatted text may hold anything and is withheld."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            template = record.msg if record.args and isinstance(record.msg, str) else ""
            phrase = " ".join(re.sub(r"%[-+# 0]*\d*(?:\.\d+)?[a-zA-Z]", "", template).split())
            error = record.exc_info[1] if record.exc_info else None
            structlog.get_logger().log(
                record.levelno,
                phrase if _PHRASE.fullmatch(phrase) else _WITHHELD,
                logger=record.name,
                **({} if error is None else failure(error)),
            )
        except Exception:
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802 - the base class's
        """A log line that fails must neither raise nor print its record, as the base class would."""
        sys.stderr.write("a log record could not be written\n")
