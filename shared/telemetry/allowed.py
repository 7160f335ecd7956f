"""What may be told: the only keys that a log line or a span may carry, and the only shapes of their values.

An allow-list, because a deny-list forgets: a key that is not here is dropped and counted, whatever it holds. Nothing
that a consumer typed has a key here. Add a key together with the code that needs it; never one for contact data,
free text, a request, a response or the text of an exception.
"""

from __future__ import annotations

from collections.abc import Mapping

MAX_TEXT = 200

KEYS: frozenset[str] = frozenset(
    {
        # who and what: identifiers made by us or named in the catalog
        "buyer_id",
        "seller",
        "source",
        "position",
        "hash",
        "order",
        "order_version",
        "catalog_revision",
        "revision",
        "lead_id",
        "original_lead_id",
        "task_id",
        "message_id",
        "event_id",
        "key_id",
        "team",
        "playbook",
        "step",
        "channel",
        "receiver",
        "product",
        "trace_id",
        "incident",
        # what happened
        "outcome",
        "reason",
        "reasons",
        "finding",
        "state",
        "stage",
        "topic",
        "consumer",
        "method",
        "path",
        "code",
        "http_status",
        "lead_type",
        "replayed",
        "test",
        "kind",
        "status",
        "serving",
        "check",
        "sqlstate",
        "constraint",
        # how much and how long
        "count",
        "leads",
        "batch",
        "attempt",
        "attempts",
        "behind",
        "pending",
        "waiting",
        "in_flight",
        "dropped",
        "spans",
        "price_minor",
        "amount_minor",
        "currency",
        "seconds",
        "milliseconds",
        "bytes",
        "retry_after_seconds",
        # the process itself
        "service",
        "environment",
        "version",
        "host",
        "port",
        "metrics_port",
        "pid",
        "role",
        "schema",
        "migration",
        "worker",
        "signal",
        "exit_status",
        "trace_ratio",
        "logger",
        "level",
        "timestamp",
        "event",
        # failures: type and place, never the text
        "error_type",
        "error_at",
        "error_cause",
    }
)

Scalar = str | int | float | bool


def passing(values: Mapping[str, object]) -> dict[str, Scalar | None]:
    """The part of `values` that may be told: allowed keys with a number, a flag, None or a short text."""
    return {
        key: value
        for key, value in values.items()
        if key in KEYS
        and (value is None or isinstance(value, int | float) or (isinstance(value, str) and len(value) <= MAX_TEXT))
    }
