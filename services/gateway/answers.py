"""The answers that sellers get, as they are written in JSON. Pure."""

from __future__ import annotations

import msgspec

#: Set only where there is something to tell.
Maybe = msgspec.UnsetType


class Price(msgspec.Struct, frozen=True):
    """An amount of money in whole units with two decimals, such as `32.00`, and its ISO 4217 currency."""

    amount: str
    currency: str


class ReasonGiven(msgspec.Struct, frozen=True):
    """One reason why a lead was not bought. `code` is stable; `message` may change."""

    code: str
    field: str
    message: str
    retryable: bool
    suggestion: str | Maybe = msgspec.UNSET


class RuleNotMet(msgspec.Struct, frozen=True, omit_defaults=True):
    """The rule behind one reason, from the decision receipt: what was asked, what was seen, what was expected.

    `seen` is masked. `order`: the order version whose rule it is; absent, it holds whatever the order. `list`: the list
    that was consulted, with its version. The words may change; `code` and `rule` are stable.
    """

    code: str
    field: str = ""
    rule: str = ""
    asked: str = ""
    seen: str = ""
    expected: str = ""
    order: str = ""
    list: str = ""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a lead. `price` is null while pending, `order` where none could be named."""

    lead_id: str
    outcome: str
    price: Price | None
    order: str | None
    reasons: list[ReasonGiven]
    replayed: bool
    trace_id: str
    decision_ms: float
    unknown_fields: list[str]
    test: bool | Maybe = msgspec.UNSET
    index: int | Maybe = msgspec.UNSET
    external_id: str | Maybe = msgspec.UNSET
    source: str | Maybe = msgspec.UNSET
    sub_source: str | Maybe = msgspec.UNSET
    receipt: list[RuleNotMet] | Maybe = msgspec.UNSET


class StatementLine(msgspec.Struct, frozen=True):
    """What one order version bought."""

    order: str
    leads: int
    charged: Price
    credited: Price


class Statement(msgspec.Struct, frozen=True):
    """What a seller is owed for a period: `total` is charges less credits."""

    seller: str
    lines: list[StatementLine]
    total: Price
