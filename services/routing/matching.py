"""Eligibility: would this order buy this lead, and what would it pay?

Every rule runs, so that all reasons are told at once. What the lead says of the person is validation's business;
here is what the order says of the moment, the source, the price and the room left.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple

from services.routing.capacity import UNLIMITED, Demand, Reading, check_room, demands, room
from services.routing.plan import OrderPlan, Plan
from services.routing.price_words import differing, line_words
from services.routing.pricing import Facts, Pricing
from services.routing.windows import is_open, next_opening
from shared.catalog.money import Minor
from shared.catalog.price_lines import Kind, as_ordered, fits
from shared.catalog.terms import Order
from shared.verdict import Check, Finding


class Lead(NamedTuple):
    """What routing knows of a lead.

    Attributes:
        lead_id: Its id; seeds the draw of the team.
        source: Its source's identifier; empty: none was readable.
        minute: When it was received, cut to the minute: nothing in an order's terms begins or ends inside one.
        form: `long` or `short`.
        state: USPS code; empty: not known.
        at: When it was received, to the microsecond; pacing alone looks so closely. None: at the minute.
        fields: The values that price rules name.
        exclusivity: `exclusive` or `shared`, where the lead shows it; empty: the order's word stands.
        incentivized: The consumer was promised a reward.
        opt_in: `single`, `double` or `none`.
    """

    lead_id: str
    source: str
    minute: datetime
    form: str
    state: str
    at: datetime | None = None
    fields: Mapping[str, str] = {}
    exclusivity: str = ""
    incentivized: bool = False
    opt_in: str = "single"

    @property
    def kind(self) -> Kind:
        """What price lines go by."""
        return Kind(self.form, self.exclusivity, self.incentivized, self.opt_in)

    @property
    def received_at(self) -> datetime:
        """When it was received."""
        return self.at or self.minute


class Eligibility(NamedTuple):
    """What one order says of one lead.

    Attributes:
        order: The order's name.
        priority: The buyer's; smaller is preferred.
        price: Minor units; 0 for the buyer's own leads and where no price applies.
        demands: Capacity that it would use.
        room: How many more such leads fit.
        findings: Why not; empty: it would buy.
        checks: Every rule that ran.
    """

    order: str
    priority: int
    price: int
    demands: tuple[Demand, ...]
    room: int
    findings: tuple[Finding, ...]
    checks: tuple[Check, ...]


_Said = tuple[Check, Finding | None]

#: Behind every real order: nobody is told first that an unknown order refused.
_LAST = 2**31


def eligibility(order: str, lead: Lead, plan: Plan, reading: Reading) -> Eligibility:
    """Hold a lead against one order. An order that the catalog does not have is inactive."""
    ready = plan.orders.get(order)
    if ready is None:
        return Eligibility(order, _LAST, 0, (), 0, *_split([_unknown(order)]))
    price, findings, checks = _terms(plan, ready, lead.minute, lead.source, lead.kind, lead.state)
    if ready.pricing is not None and price:
        price, steps = _adjusted(ready, ready.pricing, lead, price, plan.currency)
        checks += steps
    wanted = demands(ready, lead.received_at if ready.paced else lead.minute, lead.source)
    if wanted:
        full, looked = _split(check_room(wanted, reading, price, plan.currency))
        findings, checks = findings + full, checks + looked
    return Eligibility(order, ready.order.priority, price, wanted, room(wanted, reading, price), findings, checks)


def promised(order: str, lead: Lead, plan: Plan, price: int) -> Eligibility:
    """Hold a lead against the order that bid on it, at the price it bid, in minor units.

    The bid holds the capacity, and whether the order buys at the moment was decided when it was made.
    """
    ready = plan.orders.get(order)
    if ready is None:
        return Eligibility(order, _LAST, 0, (), 0, *_split([_unknown(order)]))
    observed = f"{Minor(price)} {plan.currency}"
    said = [_source(ready, lead.source, plan), _rule(order, "price.bid", observed, "the price that was bid", None)]
    return Eligibility(order, ready.order.priority, price, (), UNLIMITED, *_split(said))


@lru_cache(maxsize=4096)
def _terms(
    plan: Plan, ready: OrderPlan, minute: datetime, source: str, kind: Kind, state: str
) -> tuple[int, tuple[Finding, ...], tuple[Check, ...]]:
    """The price, and every rule that does not look at capacity; leads that arrive together share the answer."""
    local, terms = minute.astimezone(ready.zone), ready.order.lead
    kind = kind if kind.exclusivity else kind._replace(exclusivity=terms.exclusivity)
    price, *priced = _price(ready, kind, state, plan.currency)
    if price and source in ready.source_prices and (terms.mismatch == "reject" or as_ordered(kind, terms)):
        price = ready.source_prices[source]
        observed = f"{Minor(price)} {plan.currency}"
        priced.append(_rule(ready.order.slug, "price.source", observed, f"the price for {source}", None))
    said = [
        _state(ready.order),
        *_dates(ready.order, local.date()),
        _schedule(ready, local),
        _source(ready, source, plan),
        *priced,
    ]
    return price, *_split(said)


def _adjusted(
    ready: OrderPlan, pricing: Pricing, lead: Lead, base: int, currency: str
) -> tuple[int, tuple[Check, ...]]:
    """The price after the order's price rules, and a check for every step."""
    slug, facts = ready.order.slug, Facts(lead.state, lead.source, lead.minute.astimezone(ready.zone), lead.fields)
    priced = pricing.price(base, facts)
    steps = [
        (f"{step.rule}: {Minor(step.before)} {step.effect} = {Minor(step.after)} {currency}", step.why)
        if not step.effect.startswith("=")
        else (f"{step.rule}: {step.effect} {currency}, before {Minor(step.before)}", step.why)
        for step in priced.steps
    ]
    said = [_rule(slug, "price.rule", observed, why, None)[0] for observed, why in steps]
    result = f"{Minor(priced.amount)} {currency}"
    said.append(_rule(slug, "price.bounds", result, pricing.bounds, None)[0])
    return priced.amount, tuple(said)


def _unknown(order: str) -> _Said:
    return _rule(
        order, "order.active", "not in the catalog", "active", Finding("order_inactive", "There is no such order.")
    )


def _state(order: Order) -> _Said:
    finding = None
    if order.state != "active":
        message = {"draft": "is not active yet", "paused": "is paused", "ended": "has ended"}[order.state]
        finding = Finding("order_inactive", f"The order {message}.", retryable=order.state != "ended")
    return _rule(order.slug, "order.active", order.state, "active", finding)


def _dates(order: Order, today: date) -> Iterable[_Said]:
    if order.starts_on is not None:
        early = today < order.starts_on
        finding = (
            Finding("order_inactive", f"The order starts on {order.starts_on}.", retryable=True) if early else None
        )
        yield _rule(order.slug, "order.started", str(today), f"on or after {order.starts_on}", finding)
    if order.ends_on is not None:
        finding = Finding("order_inactive", f"The order ended on {order.ends_on}.") if today > order.ends_on else None
        yield _rule(order.slug, "order.not_over", str(today), f"on or before {order.ends_on}", finding)


def _schedule(ready: OrderPlan, local: datetime) -> _Said:
    finding = None
    if not is_open(ready.openings, local, ready.closed):
        opens = next_opening(ready.openings, local, ready.closed)
        again = f" It opens {opens:%a %Y-%m-%d %H:%M}." if opens is not None else ""
        message = f"The order does not buy at this hour of this day ({ready.zone.key}).{again}"
        finding = Finding("outside_schedule", message, retryable=True)
    expected = "within the order's hours" if ready.openings or ready.closed else "any time"
    return _rule(ready.order.slug, "schedule.open", f"{local:%a %H:%M} {ready.zone.key}", expected, finding)


def _source(ready: OrderPlan, site: str, plan: Plan) -> _Said:
    source, finding = plan.sources.get(site), None
    if source is not None and source.seller != ready.order.seller:
        finding = Finding("source_not_allowed", "The source belongs to another seller.", "source")
    elif site in ready.blocked or (ready.sources and site not in ready.sources):
        finding = Finding("source_not_allowed", "The order does not buy from this source.", "source")
    elif source is None and not ready.own:
        message = "The buyer does not know this source." if site else "The lead names no source that can be read."
        finding = Finding("source_not_allowed", message, "source")
    elif source is not None and source.state == "paused":
        finding = Finding("source_paused", "The buyer has paused this source.", "source", retryable=True)
    expected = "one of the order's sources" if ready.sources else "an active source of the seller"
    return _rule(ready.order.slug, "source.allowed", site or "none", expected, finding, field="source")


def _price(ready: OrderPlan, kind: Kind, state: str, currency: str) -> tuple[int, _Said]:
    """The first line that holds; minor units."""
    rule, order = "price.known", ready.order
    if ready.own:
        return 0, _rule(order.slug, rule, "own lead", "no price", None)
    of_type = [(n, line) for n, line in enumerate(order.prices, start=1) if fits(line, kind, order.lead)]
    for number, line in of_type:
        if not line.states or state in line.states:
            observed = f"{Minor(line.amount)} {currency}{line_words(number, line, order)}"
            return line.amount, _rule(order.slug, rule, observed, "a price for this lead", None)
    if of_type:
        finding = Finding("geography_excluded", "The order has no price for this state.", "state")
    else:
        message = f"The order has no price for a {kind.form or 'form-less'} lead{differing(kind, order.lead)}."
        finding = Finding("lead_type_mismatch", message, "form")
    observed = f"{kind.form} form{differing(kind, order.lead)}"
    return 0, _rule(order.slug, rule, observed, "a price for this lead", finding, field=finding.field)


def _rule(order: str, rule: str, observed: str, expected: str, finding: Finding | None, *, field: str = "") -> _Said:
    return Check(rule, finding is None, field, observed, expected, finding.reason if finding else "", order), finding


def _split(said: Iterable[_Said]) -> tuple[tuple[Finding, ...], tuple[Check, ...]]:
    pairs = list(said)
    return tuple(finding for _, finding in pairs if finding is not None), tuple(check for check, _ in pairs)
