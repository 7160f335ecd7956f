"""What an order says of when, from where, how fast and for how much it buys must satisfy. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from services.intake.catalog.draft import Draft, Finding, repeated, unknown_name, unknown_states, unknown_time_zone
from services.intake.catalog.reading import Path, did_you_mean
from shared.catalog.buying import Cap, DayHours, OrderSource, PriceRule, Schedule
from shared.catalog.terms import Order, Product

_NUMERIC: Final = frozenset({"integer", "number", "money"})
#: Whom a lead is about is nothing that a price may depend on, and no stage needs to be told for it.
_PRICEABLE: Final = _NUMERIC | {"boolean", "choice", "range", "text"}
_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY_MINUTES: Final = 24 * 60
_WEEK_MINUTES: Final = 7 * _DAY_MINUTES


def check_sources(draft: Draft, order: Order, path: Path, *, own: bool) -> Iterator[Finding]:
    """The sites that an order names, and what it says of each."""
    sellers = draft.names["sellers"]
    owners = {source.site: source.seller for source in draft.sources.values() if source.seller in sellers}
    path = (*path, "sources")
    for position, (given, source) in enumerate(zip(order.sources, order.site_terms, strict=True)):
        place: Path = (*path, position)
        named: Path = place if isinstance(given, str) else (*place, "site")
        yield from unknown_name(draft, "sources", source.site, named)
        owner = owners.get(source.site, order.seller)
        if owner != order.seller:
            yield named, f"source `{source.site}` belongs to seller `{owner}`, and the order to `{order.seller}`"
        yield from _source(source, place, own=own)
        yield from check_caps(source.caps, place, own=own, seller=order.seller)
    yield from repeated([source.site for source in order.site_terms], path)


def _source(source: OrderSource, path: Path, *, own: bool) -> Iterator[Finding]:
    if source.blocked and (source.price is not None or source.caps):
        yield path, "a blocked source sells nothing, so that neither `price` nor `caps` means anything"
    if source.price is not None and own:
        yield (*path, "price"), "leads of the buyer's own site have no price"
    elif source.price == 0:
        yield (*path, "price"), 'a bought lead pays at least "0.01"; to buy none, say `blocked: true`'


def check_caps(caps: Sequence[Cap], path: Path, *, own: bool, seller: str) -> Iterator[Finding]:
    """Caps of an order or of one of its sources."""
    seen: set[str] = set()
    for index, cap in enumerate(caps):
        place = (*path, "caps", index)
        if cap.leads is None and cap.spend is None:
            yield place, "a cap needs `leads`, `spend` or both"
        if own and cap.spend is not None:
            yield (*place, "spend"), f"seller `{seller}` is the buyer's own site, which spends nothing"
        if cap.window in seen:
            yield (*place, "window"), f"there is already a cap for each {cap.window}; put both into one"
        seen.add(cap.window)


def check_schedule(schedule: Schedule, path: Path) -> Iterator[Finding]:
    """Hours that do not overlap, over midnight and over the end of the week as well."""
    if schedule.time_zone:
        yield from unknown_time_zone(schedule.time_zone, (*path, "time_zone"))
    taken: list[tuple[int, int, DayHours]] = []
    for index, hours in enumerate(schedule.hours):
        place = (*path, "hours", index)
        if hours.opens == hours.closes:
            yield place, f'{hours.day} closes as it opens; a whole day is `opens: "00:00", closes: "24:00"`'
            continue
        opens, closes = _minutes_of_week(hours)
        for other_opens, other_closes, other in taken:
            # The week has no end: Sunday's night reaches into Monday.
            turns = (-_WEEK_MINUTES, 0, _WEEK_MINUTES)
            if any(opens < other_closes + turn and other_opens + turn < closes for turn in turns):
                which = "" if other.day == hours.day else f"{other.day} "
                yield place, f"{_shown(hours)} overlaps {which}{other.opens}-{other.closes}"
        taken.append((opens, closes, hours))
    yield from repeated([str(day) for day in schedule.closed_on], (*path, "closed_on"))


def check_pacing(order: Order, path: Path) -> Iterator[Finding]:
    """An even spread needs something to spread."""
    if order.pacing.even and not any(cap.window == "day" and cap.leads for cap in order.caps):
        yield (
            (*path, "pacing", "even"),
            "the day's cap is what is spread: expected a cap with `window: day` and `leads`",
        )


def check_price_rules(order: Order, product: Product | None, path: Path, *, own: bool) -> Iterator[Finding]:
    """Rules that say one thing each, about fields that can be told, within bounds that can be met."""
    if own and (order.price_rules or order.price_floor is not None or order.price_ceiling is not None):
        yield (*path, "price_rules"), f"seller `{order.seller}` is the buyer's own site, whose leads have no price"
        return
    floor, ceiling = order.price_floor, order.price_ceiling
    if ceiling == 0:
        yield (*path, "price_ceiling"), 'a bought lead pays at least "0.01"'
    elif floor is not None and ceiling is not None and floor > ceiling:
        yield (*path, "price_floor"), f"the floor {floor} is above the ceiling {ceiling}"
    sites = set(order.sites)
    for index, rule in enumerate(order.price_rules):
        place = (*path, "price_rules", index)
        yield from _price_rule(rule, place)
        if product is not None and rule.field is not None:
            yield from _rule_field(rule, product, place)
        for position, site in enumerate(rule.sources):
            if sites and site not in sites:
                yield (*place, "sources", position), f"the order does not buy from `{site}`{did_you_mean(site, sites)}"
    yield from repeated([rule.name for rule in order.price_rules], (*path, "price_rules"))


def _price_rule(rule: PriceRule, path: Path) -> Iterator[Finding]:
    given = [word for word in ("add", "subtract", "percent", "set") if getattr(rule, word) is not None]
    if len(given) != 1:
        found = f", found {' and '.join(f'`{word}`' for word in given)}" if given else ""
        yield path, f"expected exactly one of `add`, `subtract`, `percent` and `set`{found}"
    yield from unknown_states(rule.states, (*path, "states"))
    for word in ("sources", "weekdays", "one_of"):
        yield from repeated(getattr(rule, word), (*path, word))
    if rule.after is not None and rule.after == rule.before:
        yield (*path, "before"), f"{rule.before} is where it begins; leave both out for the whole day"
    asked = rule.minimum is not None or rule.maximum is not None or bool(rule.one_of)
    if asked and rule.field is None:
        yield path, "bounds and values need the `field` that they are about"
    if rule.field is not None and not asked:
        yield (*path, "field"), "expected `minimum`, `maximum` or `one_of` for the field"
    if rule.minimum is not None and rule.maximum is not None and rule.minimum > rule.maximum:
        yield (*path, "minimum"), f"the minimum {rule.minimum} is above the maximum {rule.maximum}"


def _rule_field(rule: PriceRule, product: Product, path: Path) -> Iterator[Finding]:
    known = {field.name: field for field in product.fields}
    field = known.get(rule.field or "")
    if field is None:
        hint = did_you_mean(rule.field or "", known)
        message = f"prices depend on fields of product `{product.slug}` alone, and `{rule.field}` is none of them{hint}"
        yield (*path, "field"), message
    elif field.type not in _PRICEABLE:
        yield (*path, "field"), f"a price cannot depend on `{field.name}`, which is of type {field.type}"
    elif (rule.minimum is not None or rule.maximum is not None) and field.type not in _NUMERIC:
        yield (*path, "field"), f"bounds need a numeric field, and `{field.name}` is of type {field.type}"
    elif field.type == "choice":
        choices = {choice.casefold() for choice in field.choices}
        for index, value in enumerate(rule.one_of):
            if value.casefold() not in choices:
                hint = did_you_mean(value, field.choices) or f"; choices: {', '.join(field.choices)}"
                yield (*path, "one_of", index), f"`{field.name}` has no choice `{value}`{hint}"


def _minutes_of_week(hours: DayHours) -> tuple[int, int]:
    opens, closes = _minutes(hours.opens), _minutes(hours.closes)
    begins = _DAYS.index(hours.day) * _DAY_MINUTES
    return begins + opens, begins + closes + (_DAY_MINUTES if closes < opens else 0)


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def _shown(hours: DayHours) -> str:
    return f"{hours.day} {hours.opens}-{hours.closes}"
