"""The stage's part of the decision receipt, written without building it twice.

Most checks of a lead are the same as the last lead's. protobuf defines that the
encodings of two messages, one after the other, are the encoding of the merged
message, and that merging appends repeated fields; so each distinct check is
encoded once, and a receipt is put together from pieces.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from leadline.common.v1.lead_pb2 import Check as CheckMessage
from leadline.common.v1.lead_pb2 import StageReceipt
from leadline.common.v1.reason_pb2 import Reason
from services.validation.verdict import Check

_PREFIX = "REASON_"

#: Public reason code → value of the enum; the code is the value's name without its prefix, in lower case.
REASONS: Mapping[str, Reason.ValueType] = {name.removeprefix(_PREFIX).lower(): value for name, value in Reason.items()}


class ReceiptWriter:
    """Writes this stage's receipts."""

    def __init__(self, lists: Mapping[str, str]) -> None:
        """`lists`: versions of the lists consulted, by name."""
        self._head = StageReceipt(stage="validation", lists=lists).SerializeToString(deterministic=True)

    def write(self, checks: Iterable[Check], summary: str) -> bytes:
        """A serialised StageReceipt."""
        return b"".join([self._head, _summary(summary), *map(_piece, checks)])


@lru_cache(maxsize=1024)
def _summary(text: str) -> bytes:
    return StageReceipt(summary=text).SerializeToString()


@lru_cache(maxsize=32768)
def _piece(check: Check) -> bytes:
    rule, passed, field, observed, expected, reason, order = check
    message = CheckMessage(
        rule=rule,
        passed=passed,
        field=field,
        observed=observed,
        expected=expected,
        reason=REASONS[reason] if reason else Reason.REASON_UNSPECIFIED,
        order=order,
    )
    return StageReceipt(checks=(message,)).SerializeToString()
