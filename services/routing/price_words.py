"""Price lines in words: which one won and why, and what a lead without a price is."""

from __future__ import annotations

from shared.catalog.buying import Price
from shared.catalog.price_lines import Kind
from shared.catalog.terms import LeadTerms, Order


def line_words(number: int, line: Price, order: Order) -> str:
    """Such as `, line 2: short form`; empty where the order has one line only, and that asks nothing."""
    asks = [f"{line.form} form"] if line.form is not None else []
    asks += [line.exclusivity] if line.exclusivity is not None else []
    asks += ["with a reward" if line.incentivized else "without a reward"] if line.incentivized is not None else []
    asks += [f"{line.opt_in} opt-in"] if line.opt_in is not None else []
    asks += ["this state"] if line.states else []
    if not asks and len(order.prices) == 1:
        return ""
    return f", line {number}: {', '.join(asks) or 'any other lead'}"


def differing(kind: Kind, terms: LeadTerms) -> str:
    """In what a lead differs from the type ordered, besides its form: words behind `a long lead`."""
    parts = []
    if kind.exclusivity == "shared" and terms.exclusivity == "exclusive":
        parts.append("sold to several")
    if kind.incentivized and not terms.incentivized:
        parts.append("with a reward")
    if kind.opt_in not in terms.opt_in:
        parts.append("without opt-in" if kind.opt_in == "none" else f"with a {kind.opt_in} opt-in")
    return f" {' and '.join(parts)}" if parts else ""
