"""Verdicts on the wire: findings as messages, checks as the serialised receipt of a stage.

Most checks of a lead are the same as the last lead's. protobuf defines that the encodings of two messages, one after
the other, are the encoding of the merged message, and that merging appends repeated fields; so each distinct check is
encoded once, and a receipt is put together from pieces.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from leadline.common.v1 import lead_pb2, reason_pb2
from shared.verdict import Check, Finding

_PREFIX = "REASON_"

#: Public reason code → value of the enum; the code is the value's name without its prefix, in lower case.
REASONS: Mapping[str, reason_pb2.Reason.ValueType] = {
    name.removeprefix(_PREFIX).lower(): value for name, value in reason_pb2.Reason.items()
}


def finding_message(finding: Finding) -> reason_pb2.Finding:
    """A finding as it crosses the wire."""
    return reason_pb2.Finding(
        reason=REASONS[finding.reason], field=finding.field, message=finding.message, retryable=finding.retryable
    )


class ReceiptWriter:
    """Writes one stage's receipts."""

    def __init__(
        self, stage: str, lists: Mapping[str, str] | None = None, consulted: Mapping[str, str] | None = None
    ) -> None:
        """`lists`: versions of the lists that the stage consults, by name. `consulted`: the list of a rule, by rule."""
        self._head = lead_pb2.StageReceipt(stage=stage, lists=lists).SerializeToString(deterministic=True)
        self._consulted = consulted or {}
        # Of this writer alone: the same check under other lists is another piece.
        self._piece = lru_cache(maxsize=32768)(self._encode)

    def write(
        self, checks: Iterable[Check], summary: str, orders: tuple[tuple[str, int], ...] = (), observations: bytes = b""
    ) -> bytes:
        """A serialised StageReceipt; `checks` in the order in which they ran.

        `orders`: the orders held against, with their versions. `observations`: what was looked up, serialised.
        """
        pieces = [self._head, _summary(summary), _orders(orders), *map(self._piece, checks)]
        if observations:
            pieces.append(_observed(observations))
        return b"".join(pieces)

    def _encode(self, check: Check) -> bytes:
        rule, passed, field, observed, expected, reason, order = check
        message = lead_pb2.Check(
            rule=rule,
            passed=passed,
            field=field,
            observed=observed,
            expected=expected,
            reason=REASONS[reason] if reason else reason_pb2.REASON_UNSPECIFIED,
            order=order,
            list=self._consulted.get(rule, ""),
        )
        return lead_pb2.StageReceipt(checks=(message,)).SerializeToString()


@lru_cache(maxsize=1024)
def _summary(text: str) -> bytes:
    return lead_pb2.StageReceipt(summary=text).SerializeToString()


@lru_cache(maxsize=1024)
def _observed(observations: bytes) -> bytes:
    return lead_pb2.StageReceipt(observations=observations).SerializeToString()


@lru_cache(maxsize=1024)
def _orders(orders: tuple[tuple[str, int], ...]) -> bytes:
    return lead_pb2.StageReceipt(orders=dict(orders)).SerializeToString(deterministic=True)
