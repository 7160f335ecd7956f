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


class PingAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What a ping is answered. `price` is what the post will be paid; 0.00 where `outcome` is `no_bid`.

    `bid_token` and `expires_at`, the first instant at which the bid is over, are null without a bid.
    """

    ping_id: str
    outcome: str
    price: Price
    order: str | None
    bid_token: str | None
    expires_at: str | None
    reasons: list[ReasonGiven]
    replayed: bool
    trace_id: str
    decision_ms: float
    unknown_fields: list[str]
    test: bool | Maybe = msgspec.UNSET


class StatementLine(msgspec.Struct, frozen=True, kw_only=True):
    """What moved for one order version. `total` = charged - credited + reversed + fees + adjusted - held + released."""

    order: str
    leads: int
    charged: Price
    credited: Price
    reversed: Price
    fees: Price
    adjusted: Price
    held: Price
    released: Price
    total: Price


class StatementEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One movement of money. `amount` is what it adds to what can be paid to you; `cause` is what brought it about.

    `kind`: charge, credit, reversal (of a credit), fee, adjustment, hold (while disputed) or release (of a hold).
    `lead_id` is empty for an adjustment that is about no lead; `id` of a charge is its lead's.
    """

    id: str
    posted_at: str
    kind: str
    amount: Price
    lead_id: str
    external_id: str
    order: str
    cause: str
    why: str


class Statement(msgspec.Struct, frozen=True, kw_only=True, rename={"since": "from"}):
    """What a seller is owed: where the period began, what moved in it, where it ended.

    `opening` and `closing`: what can be paid; below 0: you owe. `opening_held` and `closing_held`: withheld beside that
    while it is disputed. `total`: closing less opening. `number` and `digest` of a closed statement, which never
    changes; null while it is open. `from` is null where the period has no beginning.
    """

    seller: str
    since: str | None
    to: str
    time_zone: str
    number: int | None
    digest: str | None
    opening: Price
    opening_held: Price
    lines: list[StatementLine]
    total: Price
    closing: Price
    closing_held: Price
    entries: list[StatementEntry]


class WindowLeft(msgspec.Struct, frozen=True, kw_only=True):
    """What one cap leaves. `window`: hour, day, week, month or total; it begins anew at `until`.

    `leads_left_now` is set where the day's leads are spread over its open hours: so many may be sold by now.
    `source`: the cap is about this site of yours alone.
    """

    window: str
    source: str | Maybe = msgspec.UNSET
    leads_left: int | Maybe = msgspec.UNSET
    leads_left_now: int | Maybe = msgspec.UNSET
    spend_left: Price | Maybe = msgspec.UNSET
    until: str | Maybe = msgspec.UNSET


class OrderOffered(msgspec.Struct, frozen=True, kw_only=True):
    """An active order of yours. A lead must fit into all of its `windows`; without any, it takes any number.

    `prices`: what leads pay, in words: the first line that holds, then what changes it. `open`: its schedule is, by
    now; else `next_opening` says when it will be. `next_lead`: it keeps a pace, and takes its next lead then.
    """

    order: str
    product: str
    prices: list[str]
    currency: str
    open: bool
    windows: list[WindowLeft]
    starts_on: str | Maybe = msgspec.UNSET
    ends_on: str | Maybe = msgspec.UNSET
    next_opening: str | Maybe = msgspec.UNSET
    next_lead: str | Maybe = msgspec.UNSET


class Orders(msgspec.Struct, frozen=True):
    """What a seller can sell, the order that the buyer prefers first."""

    orders: list[OrderOffered]


class FaultFound(msgspec.Struct, frozen=True):
    """A term of the order that a request does not keep to, and what was expected."""

    term: str
    expected: str


class ReturnStep(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to a return: `request` or an action, the state after it, when, by whom and why."""

    action: str
    state: str
    at: str
    who: str
    why: str


class ReturnAsked(msgspec.Struct, frozen=True, kw_only=True):
    """A lead that the buyer asks back, under the terms of the order version that bought it.

    `state`: open (your answer is awaited until `answer_by`; without one it is granted), contested (you said no, the
    buyer decides), granted (you may dispute it until `dispute_by`, where that is told), disputed (the amount is
    withheld), reversed (the buyer gave in), refused (not within the terms, see `faults`, or given up) or withdrawn.
    `settlement`: credit, refund or replacement. `history` is told of a single return, oldest first.
    """

    id: str
    lead_id: str
    order: str
    reason: str
    state: str
    amount: Price
    settlement: str
    requested_at: str
    answer_by: str | Maybe = msgspec.UNSET
    dispute_by: str | Maybe = msgspec.UNSET
    faults: list[FaultFound] | Maybe = msgspec.UNSET
    history: list[ReturnStep] | Maybe = msgspec.UNSET


class Returns(msgspec.Struct, frozen=True):
    """What the buyer asked back from you, newest first. `next_page`, where there is more, goes into `page`."""

    returns: list[ReturnAsked]
    next_page: str | Maybe = msgspec.UNSET
