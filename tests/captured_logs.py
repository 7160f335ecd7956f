"""The process's logging as it is in production, into memory, and everything as before afterwards."""

from __future__ import annotations

import json
import logging as stdlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import structlog

from shared.runtime.settings import TelemetrySettings
from shared.telemetry import logging


@contextmanager
def captured_logs(level: str = "info") -> Iterator[BytesIO]:
    """Gives what would have been written to standard output."""
    output, root = BytesIO(), stdlib.getLogger()
    handlers, before, structured = root.handlers, root.level, structlog.get_config()
    logging.configure("test", TelemetrySettings(log_level=level), output=output)
    try:
        yield output
    finally:
        root.handlers = handlers
        root.setLevel(before)
        stdlib.captureWarnings(False)
        structlog.configure(**structured)


def lines(output: BytesIO) -> list[dict[str, Any]]:
    """The log lines so far."""
    return [json.loads(line) for line in output.getvalue().splitlines()]
