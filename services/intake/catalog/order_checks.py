"""What an insertion order must satisfy: references that exist, terms that do not contradict each other. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from services.intake.catalog.buying_checks import (
    check_caps,
    check_pacing,
    check_price_rules,
    check_schedule,
    check_sources,
)
from services.intake.catalog.draft import (
    Draft,
    Finding,
    crossed_bounds,
    repeated,
    unknown_field,
    unknown_name,
    unknown_states,
)
from services.intake.catalog.reading import Path, did_you_mean
from shared.catalog.buying import Price
from shared.catalog.recognition import match_kind
from shared.catalog.terms import (
    Criterion,
    DuplicateTerms,
    Geography,
    Order,
    Product,
    ProductField,
    VelocityTerms,
)
from shared.catalog.words import FormKind

_NUMERIC: Final = frozenset({"integer", "number", "money"})
#: What criteria may ask besides a product's fields: the consumer's age in whole years, by the date of birth.
_AGE: Final = ProductField(name="age", type="integer", minimum=0, maximum=130)
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
            yield from _prices(order, path, own=seller.own)
            yield from check_price_rules(order, product, path, own=seller.own)
            yield from check_caps(order.caps, path, own=seller.own, seller=order.seller)
            yield from check_sources(draft, order, path, own=seller.own)


def _references(draft: Draft, order: Order, path: Path) -> Iterator[Finding]:
    yield from unknown_name(draft, "sellers", order.seller, (*path, "seller"))
    yield from unknown_name(draft, "products", order.product, (*path, "product"))
    yield from unknown_name(draft, "playbooks", order.follow_up.playbook, (*path, "follow_up", "playbook"))
    for team in order.follow_up.teams:
        yield from unknown_name(draft, "teams", team, (*path, "follow_up", "teams", team))


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
    fields = {field.name: field for field in (_AGE, *product.fields)}
    seen: set[str] = set()
    for index, criterion in enumerate(order.criteria):
        place = (*path, "criteria", index)
        if criterion.field not in fields:
            yield from unknown_field(product, criterion.field, (*place, "field"))
        if criterion.field in seen:
            yield (*place, "field"), f"`{criterion.field}` already has a criterion; put both into one"
        seen.add(criterion.field)
        yield from _criterion(criterion, fields.get(criterion.field), place)


def _criterion(criterion: Criterion, field: ProductField | None, path: Path) -> Iterator[Finding]:
    bounded = criterion.minimum is not None or criterion.maximum is not None
    if not (bounded or criterion.one_of or criterion.none_of):
        yield path, "a criterion needs `minimum`, `maximum`, `one_of` or `none_of`"
    yield from crossed_bounds(criterion.minimum, criterion.maximum, path)
    refused = {value.casefold() for value in criterion.none_of}
    for index, value in enumerate(criterion.one_of):
        if value.casefold() in refused:
            yield (*path, "one_of", index), f"`{value}` is both wanted and refused"
    if bounded and (field is None or field.type not in _NUMERIC):
        yield path, f"bounds need a numeric field of the product, and `{criterion.field}` is none"
    elif field is not None:
        yield from _within_field(criterion, field, path)


def _within_field(criterion: Criterion, field: ProductField, path: Path) -> Iterator[Finding]:
    if criterion.minimum is not None and field.maximum is not None and criterion.minimum > field.maximum:
        yield (*path, "minimum"), f"nothing can pass: the product's `{field.name}` ends at {field.maximum:g}"
    if criterion.maximum is not None and field.minimum is not None and criterion.maximum < field.minimum:
        yield (*path, "maximum"), f"nothing can pass: the product's `{field.name}` begins at {field.minimum:g}"
    if field.type != "choice":
        return
    choices = {choice.casefold() for choice in field.choices}
    for word in ("one_of", "none_of"):
        for index, value in enumerate(getattr(criterion, word)):
            if value.casefold() not in choices:
                hint = did_you_mean(value, field.choices) or f"; choices: {', '.join(field.choices)}"
                yield (*path, word, index), f"`{field.name}` has no choice `{value}`{hint}"


def _lead_type(order: Order, path: Path) -> Iterator[Finding]:
    for word in ("forms", "opt_in"):
        values: tuple[str, ...] = getattr(order.lead, word)
        if not values:
            yield (*path, "lead", word), "an empty list buys nothing; name what is bought or leave the word out"
        yield from repeated(values, (*path, "lead", word))
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


def _prices(order: Order, path: Path, *, own: bool) -> Iterator[Finding]:
    path = (*path, "prices")
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
        if price.form is not None and price.form not in order.lead.forms:
            yield (*place, "form"), f"the order does not buy {price.form} forms"
        if any(_covers(earlier, price) for earlier in order.prices[:index]):
            yield place, "this price is never reached: a line above holds wherever it does"
    for form in dict.fromkeys(order.lead.forms):
        if not _is_priced(order, form):
            yield path, f"a lead with a {form} form has no price in some states; add one without `states`"


def _covers(earlier: Price, later: Price) -> bool:
    """True where the earlier line's conditions hold whenever the later line's do."""
    in_states = not earlier.states or (bool(later.states) and set(later.states) <= set(earlier.states))
    return in_states and earlier.form in (None, later.form)


def _is_priced(order: Order, form: FormKind) -> bool:
    """True where every lead of the form that the order may buy finds a price."""
    lines = [price for price in order.prices if price.form in (None, form)]
    if any(not price.states for price in lines):
        return True
    priced = {state for price in lines for state in price.states}
    return bool(order.geography.states) and set(order.geography.states) <= priced
