"""What an insertion order must satisfy: references that exist, terms that do not contradict each other. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from services.intake.catalog.buying_checks import (
    check_caps,
    check_pacing,
    check_price_rules,
    check_schedule,
    check_sources,
)
from services.intake.catalog.criterion_checks import check_criteria
from services.intake.catalog.draft import (
    Draft,
    Finding,
    repeated,
    unknown_field,
    unknown_name,
    unknown_states,
)
from services.intake.catalog.price_checks import check_prices, is_for_others
from services.intake.catalog.reading import Path
from services.intake.catalog.sla_checks import check_agreements
from shared.catalog.recognition import match_kind
from shared.catalog.terms import (
    DuplicateTerms,
    Geography,
    Order,
    Product,
    VelocityTerms,
)

_POSTAL_PREFIX = re.compile(r"[0-9]{1,5}")


def check_orders(draft: Draft) -> Iterator[Finding]:
    """Every order that could be read."""
    for index, order in draft.orders.items():
        path = ("orders", index)
        yield from _references(draft, order, path)
        yield from _disclosures(draft, order, path)
        if order.starts_on is not None and order.ends_on is not None and order.ends_on < order.starts_on:
            yield (*path, "ends_on"), f"the order ends before it starts on {order.starts_on}"
        yield from check_schedule(order.schedule, (*path, "schedule"))
        yield from check_pacing(order, path)
        yield from _geography(order.geography, (*path, "geography"))
        product = draft.product(order.product)
        if product is not None:
            yield from _fields(product, order, path)
        yield from _lead_type(order, path)
        yield from _duplicates(order.duplicates, (*path, "duplicates"))
        yield from _velocity(order.velocity, (*path, "velocity"))
        yield from repeated(order.bots.refuse_networks, (*path, "bots", "refuse_networks"))
        seller = draft.seller(order.seller)
        if seller is not None:
            yield from check_prices(order, (*path, "prices"), own=seller.own)
            yield from check_price_rules(order, product, path, own=seller.own)
            yield from check_caps(order.caps, path, own=seller.own, seller=order.seller)
            yield from check_sources(draft, order, path, own=seller.own)


def _references(draft: Draft, order: Order, path: Path) -> Iterator[Finding]:
    yield from unknown_name(draft, "sellers", order.seller, (*path, "seller"))
    yield from unknown_name(draft, "products", order.product, (*path, "product"))
    yield from unknown_name(draft, "playbooks", order.follow_up.playbook, (*path, "follow_up", "playbook"))
    for team in order.follow_up.teams:
        yield from unknown_name(draft, "teams", team, (*path, "follow_up", "teams", team))
    yield from check_agreements(draft, order.follow_up, (*path, "follow_up"))


def _disclosures(draft: Draft, order: Order, path: Path) -> Iterator[Finding]:
    path = (*path, "consent", "disclosures")
    allowed = {disclosure.slug: disclosure.sellers for disclosure in draft.disclosures.values()}
    for position, slug in enumerate(order.consent.disclosures):
        yield from unknown_name(draft, "disclosures", slug, (*path, position))
        if allowed.get(slug) and order.seller not in allowed[slug]:
            yield (*path, position), f"disclosure `{slug}` is not for seller `{order.seller}`"
    yield from repeated(order.consent.disclosures, path)


def _geography(geography: Geography, path: Path) -> Iterator[Finding]:
    for word in ("states", "exclude_states"):
        yield from unknown_states(getattr(geography, word), (*path, word))
    for word in ("postal_codes", "exclude_postal_codes"):
        codes: tuple[str, ...] = getattr(geography, word)
        for index, code in enumerate(codes):
            if not _POSTAL_PREFIX.fullmatch(code):
                yield (*path, word, index), "expected a ZIP or its beginning, 1 to 5 digits"
        yield from repeated(codes, (*path, word))
    for index, state in enumerate(geography.exclude_states):
        if state in geography.states:
            yield (*path, "exclude_states", index), f"`{state}` is both wanted and excluded"
    for index, code in enumerate(geography.exclude_postal_codes):
        if any(wanted.startswith(code) for wanted in geography.postal_codes):
            yield (*path, "exclude_postal_codes", index), f"`{code}` excludes ZIPs that `postal_codes` wants"


def _fields(product: Product, order: Order, path: Path) -> Iterator[Finding]:
    for index, name in enumerate(order.required_fields):
        yield from unknown_field(product, name, (*path, "required_fields", index))
    yield from repeated(order.required_fields, (*path, "required_fields"))
    yield from check_criteria(product, order, (*path, "criteria"))


def _lead_type(order: Order, path: Path) -> Iterator[Finding]:
    for word in ("forms", "opt_in"):
        values: tuple[str, ...] = getattr(order.lead, word)
        if not values:
            yield (*path, "lead", word), "an empty list buys nothing; name what is bought or leave the word out"
        yield from repeated(values, (*path, "lead", word))
    if order.lead.mismatch == "reprice" and not any(is_for_others(price, order.lead) for price in order.prices):
        message = "no price line names a lead of another type; add one, such as {exclusivity: shared, amount: …}"
        yield (*path, "lead", "mismatch"), message
    yield from repeated(order.lead.phone_types, (*path, "lead", "phone_types"))


def _duplicates(terms: DuplicateTerms, path: Path) -> Iterator[Finding]:
    if terms.window_days and not terms.match:
        yield (*path, "match"), "a window needs something to match: phone, email or both"
    yield from repeated([match_kind(key) for key in terms.match], (*path, "match"))
    for index, key in enumerate(terms.match):
        parts = key.split("+")
        if len(set(parts)) < len(parts):
            yield (*path, "match", index), f"`{key}` names a detail twice"
        elif not {"phone", "email"} & set(parts) and ("name" not in parts or len(parts) < 2):
            yield (*path, "match", index), f"many people share a {key.replace('_', ' ')}; write such as name+address"
    if terms.fuzzy != "off" and terms.flag_score > terms.reject_score:
        yield (*path, "flag_score"), "never reached: `reject_score` is lower"
    if terms.suppression_lists is not None:
        yield from repeated(terms.suppression_lists, (*path, "suppression_lists"))


def _velocity(velocity: VelocityTerms, path: Path) -> Iterator[Finding]:
    hour, day = velocity.people_per_ip_hour, velocity.people_per_ip_day
    if 0 < day <= hour:
        yield (*path, "people_per_ip_hour"), f"never reached: an address may bring only {day} people in a whole day"
