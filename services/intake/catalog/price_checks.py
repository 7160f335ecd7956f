"""What an order's price lines must satisfy: a price for every lead that it buys, and no line in vain. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from msgspec.structs import replace

from services.intake.catalog.draft import Finding, unknown_states
from services.intake.catalog.reading import Path
from shared.catalog.buying import Price
from shared.catalog.price_lines import Kind, as_ordered, fits
from shared.catalog.terms import LeadTerms, Order

#: Every type of lead that a price line can name.
_KINDS = tuple(
    Kind(form, exclusivity, incentivized, opt_in)
    for form, exclusivity, incentivized, opt_in in product(
        ("long", "short"), ("exclusive", "shared"), (False, True), ("single", "double", "none")
    )
)


def check_prices(order: Order, path: Path, *, own: bool) -> Iterator[Finding]:
    """Every price line of an order."""
    if own:
        if order.prices:
            yield path, f"seller `{order.seller}` is the buyer's own site, whose leads have no price"
        return
    if not order.prices:
        yield path, f"an order of seller `{order.seller}` needs what its leads pay"
        return
    for index, price in enumerate(order.prices):
        place = (*path, index)
        yield from unknown_states(price.states, (*place, "states"))
        if price.amount == 0:
            yield (*place, "amount"), 'a bought lead pays at least "0.01"; a free one comes from an own seller'
        refused = _refused(price, order.lead)
        if refused:
            yield (*place, refused[0]), f"the order does not buy {refused[1]}; `mismatch: reprice` would buy them"
        elif any(_covers(earlier, price, order.lead) for earlier in order.prices[:index]):
            yield place, "this price is never reached: a line above holds wherever it does"
    yield from _unpriced(order, path)


def is_for_others(price: Price, terms: LeadTerms) -> bool:
    """Whether a line names a type of lead that the order does not ask for."""
    return _refused(price, replace(terms, mismatch="reject")) is not None


def _refused(price: Price, terms: LeadTerms) -> tuple[str, str] | None:
    """The word of a line, and the leads, that the order turns away before they are priced."""
    if terms.mismatch == "reprice":
        return None
    if price.form is not None and price.form not in terms.forms:
        return "form", f"{price.form} forms"
    if price.exclusivity == "shared" and terms.exclusivity == "exclusive":
        return "exclusivity", "shared leads"
    if price.incentivized and not terms.incentivized:
        return "incentivized", "leads with a reward"
    if price.opt_in is not None and price.opt_in not in terms.opt_in:
        return "opt_in", f"leads whose opt-in is {price.opt_in}"
    return None


def _covers(earlier: Price, later: Price, terms: LeadTerms) -> bool:
    """True where the earlier line holds for every lead for which the later one does."""
    if earlier.states and not (later.states and set(later.states) <= set(earlier.states)):
        return False
    kinds = [
        kind for kind in _KINDS if (terms.mismatch == "reprice" or as_ordered(kind, terms)) and fits(later, kind, terms)
    ]
    return bool(kinds) and all(fits(earlier, kind, terms) for kind in kinds)


def _unpriced(order: Order, path: Path) -> Iterator[Finding]:
    """The first kind of lead as ordered, by form, that finds no price in some state."""
    for form in dict.fromkeys(order.lead.forms):
        for kind in _KINDS:
            if kind.form == form and as_ordered(kind, order.lead) and not _is_priced(order, kind):
                which = f"a lead with a {form} form{_besides(kind, order)}"
                yield path, f"{which} has no price in some states; add one without `states`"
                break


def _is_priced(order: Order, kind: Kind) -> bool:
    lines = [price for price in order.prices if fits(price, kind, order.lead)]
    if any(not price.states for price in lines):
        return True
    priced = {state for price in lines for state in price.states}
    return bool(order.geography.states) and set(order.geography.states) <= priced


def _besides(kind: Kind, order: Order) -> str:
    """The parts of a type, besides the form, that some line tells apart."""
    parts = []
    if any(price.exclusivity for price in order.prices):
        parts.append(f"{kind.exclusivity}")
    if any(price.incentivized is not None for price in order.prices):
        parts.append("with a reward" if kind.incentivized else "without a reward")
    if any(price.opt_in for price in order.prices):
        parts.append(f"with opt-in {kind.opt_in}")
    return f" ({', '.join(parts)})" if parts else ""
