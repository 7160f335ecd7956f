"""What a rule says, as plain data: the vocabulary that deciding stages share."""

from __future__ import annotations

from typing import NamedTuple


class Finding(NamedTuple):
    """One reason against a lead or an order.

    Attributes:
        reason: Public reason code, such as `cap_reached`.
        message: One sentence for the seller's engineer, without personal data.
        field: The lead's field it is about; empty: the whole lead.
        retryable: The same lead may be accepted later, unchanged.
    """

    reason: str
    message: str
    field: str = ""
    retryable: bool = False


class Check(NamedTuple):
    """One rule that ran, for the decision receipt.

    Attributes:
        rule: The rule's stable name, such as `schedule.open`.
        passed: It was content.
        field: The field it read; empty: the whole lead.
        observed: What it saw, masked.
        expected: What it wanted.
        reason: Public reason code it gives where it was not content; else empty.
        order: The candidate order; empty: about the lead alone.
    """

    rule: str
    passed: bool
    field: str = ""
    observed: str = ""
    expected: str = ""
    reason: str = ""
    order: str = ""
