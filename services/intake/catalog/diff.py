"""What a new catalog changes in the one in force. Pure.

Nothing that ever bought a lead disappears: an order that is no longer in the file ends as a new version, and
whatever it names (seller, product, …) stays with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from msgspec import Struct
from msgspec.structs import fields, replace

from services.intake.catalog.draft import Finding
from shared.catalog.buying import DayHours
from shared.catalog.following import Playbook
from shared.catalog.terms import Catalog, Order
from shared.catalog.words import OrderState

Action = Literal["create", "update", "remove"]

#: Sections of a catalog with the word for one part and the field that names it, in the order of the file.
_SECTIONS: Final = (
    ("sellers", "seller", "slug"),
    ("sources", "source", "site"),
    ("disclosures", "disclosure", "slug"),
    ("products", "product", "slug"),
    ("playbooks", "playbook", "slug"),
    # What playbooks name stays with them, so they come first.
    ("teams", "team", "slug"),
    ("templates", "template", "slug"),
    ("receivers", "receiver", "slug"),
)
#: Fields that name an item of a list inside a part, so that a diff says `caps.day` and not `caps[0]`.
_ITEM_NAMES: Final = ("window", "name", "field", "site")
_SHOWN_CHARACTERS: Final = 60
#: What an order may be next. A draft buys nothing; an ended one never buys again.
NEXT_STATES: Final[Mapping[OrderState, frozenset[OrderState]]] = {
    "draft": frozenset({"draft", "active", "ended"}),
    "active": frozenset({"active", "paused", "ended"}),
    "paused": frozenset({"paused", "active", "ended"}),
    "ended": frozenset({"ended"}),
}


@dataclass(frozen=True, slots=True)
class Change:
    """One part that is new, different or gone."""

    action: Action
    kind: str
    name: str
    #: Such as `caps.day.leads: 100 -> 200`; empty for a part that is new or gone.
    details: tuple[str, ...] = ()
    #: The version made, for an order; else 0.
    version: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """What applying a catalog would do."""

    #: What would then be in force.
    catalog: Catalog
    changes: tuple[Change, ...]
    #: What may not change, by its place in the new file; where there is any, nothing may be written.
    conflicts: tuple[Finding, ...]
    #: The order versions made.
    versions: tuple[Order, ...]


def plan(current: Catalog | None, wanted: Catalog) -> Plan:
    """Compare a file's catalog with the one in force; `None`: there is none yet."""
    base = current if current is not None else Catalog(buyer=wanted.buyer)
    changes = [*_buyer_change(current, wanted)]
    orders, order_changes, versions = _merge_orders(base.orders, wanted.orders)
    merged = replace(wanted, orders=orders)
    for section, kind, name in _SECTIONS:
        kept = _kept(section, name, base, merged)
        merged = replace(merged, **{section: kept})
        changes += _part_changes(kind, name, getattr(base, section), kept)
    changes += order_changes
    if not changes:
        return Plan(base, (), (), ())
    return Plan(
        catalog=replace(merged, revision=base.revision + 1),
        changes=tuple(changes),
        conflicts=tuple(_conflicts(current, wanted)),
        versions=versions,
    )


def placed(made: Plan, newest: int, highest: Mapping[str, int]) -> Plan:
    """A plan with numbers that nothing had before, not even what never came into force.

    Args:
        made: the plan.
        newest: the newest revision there is.
        highest: the highest version that each order ever had.
    """
    if not made.changes:
        return made
    versions = {order.slug: max(order.version, highest.get(order.slug, 0) + 1) for order in made.versions}

    def numbered(orders: Sequence[Order]) -> tuple[Order, ...]:
        return tuple(replace(order, version=versions.get(order.slug, order.version)) for order in orders)

    return Plan(
        catalog=replace(made.catalog, revision=newest + 1, orders=numbered(made.catalog.orders)),
        changes=tuple(
            Change(one.action, one.kind, one.name, one.details, versions.get(one.name, one.version))
            if one.kind == "order"
            else one
            for one in made.changes
        ),
        conflicts=made.conflicts,
        versions=numbered(made.versions),
    )


def _conflicts(current: Catalog | None, wanted: Catalog) -> Iterator[Finding]:
    if current is None:
        return
    if current.buyer.currency != wanted.buyer.currency:
        yield ("buyer", "currency"), f"the books are kept in {current.buyer.currency}; a buyer's currency cannot change"
    known = {order.slug: order for order in current.orders}
    for index, order in enumerate(wanted.orders):
        last = known.get(order.slug)
        if last is not None and last.seller != order.seller:
            yield ("orders", index, "seller"), f"the order is seller `{last.seller}`'s; end it and write another one"
        if last is not None and order.state not in NEXT_STATES[last.state]:
            yield ("orders", index, "state"), _refused_state(last, order)
    was_own = {seller.slug: seller.own for seller in current.sellers}
    for index, seller in enumerate(wanted.sellers):
        if was_own.get(seller.slug, seller.own) != seller.own:
            yield ("sellers", index, "own"), "a seller cannot become the buyer's own site or cease to be it"


def _refused_state(last: Order, order: Order) -> str:
    if last.state == "ended":
        return "an order that has ended never comes back; write another one"
    return f"an order that has bought cannot become a draft again; pause it ({last.state} -> {order.state})"


def _buyer_change(current: Catalog | None, wanted: Catalog) -> Iterator[Change]:
    if current is None:
        yield Change("create", "buyer", wanted.buyer.slug)
    elif current.buyer != wanted.buyer:
        yield Change("update", "buyer", wanted.buyer.slug, details(current.buyer, wanted.buyer))


def _merge_orders(
    old: Sequence[Order], new: Sequence[Order]
) -> tuple[tuple[Order, ...], list[Change], tuple[Order, ...]]:
    """The orders then in force, what changed, and the versions made."""
    before = {order.slug: order for order in old}
    merged: list[Order] = []
    changes: list[Change] = []
    for order in new:
        last = before.pop(order.slug, None)
        version = last.version if last is not None else 0
        same = last is not None and replace(last, version=0) == replace(order, version=0)
        merged.append(last if last is not None and same else replace(order, version=version + 1))
        if last is None:
            changes.append(Change("create", "order", order.slug, version=1))
        elif not same:
            changes.append(Change("update", "order", order.slug, details(last, order), version + 1))
    for order in before.values():
        ended = order if order.state == "ended" else replace(order, state="ended", version=order.version + 1)
        merged.append(ended)
        if ended is not order:
            changes.append(Change("remove", "order", order.slug, details(order, ended), ended.version))
    known = {(order.slug, order.version) for order in old}
    return tuple(merged), changes, tuple(order for order in merged if (order.slug, order.version) not in known)


def _kept(section: str, name: str, base: Catalog, merged: Catalog) -> tuple[Any, ...]:
    """The new file's parts and those old ones that an ended order still names."""
    new = getattr(merged, section)
    names = {getattr(part, name) for part in new}
    needed = {needed for order in merged.orders for needed in _named_by(order, section)}
    needed |= {needed for playbook in merged.playbooks for needed in _named_in(playbook, section)}
    old = (part for part in getattr(base, section) if getattr(part, name) not in names)
    return (*new, *(part for part in old if getattr(part, name) in needed))


def _named_by(order: Order, section: str) -> tuple[str, ...]:
    match section:
        case "sellers":
            return (order.seller,)
        case "products":
            return (order.product,)
        case "disclosures":
            return order.consent.disclosures
        case "teams":
            return tuple({**order.follow_up.teams, **dict.fromkeys(order.follow_up.escalates_to)})
        case "playbooks":
            return (order.follow_up.playbook,)
        case "receivers":
            return order.follow_up.deliver_to
        case _:
            return ()


def _named_in(playbook: Playbook, section: str) -> tuple[str, ...]:
    match section:
        case "teams":
            named = [step.team for step in playbook.steps]
        case "templates":
            named = [step.template for step in playbook.steps]
        case "receivers":
            named = [step.receiver for step in playbook.steps]
        case _:
            return ()
    return tuple(name for name in named if name is not None)


def _part_changes(kind: str, name: str, old: Sequence[Any], new: Sequence[Any]) -> Iterator[Change]:
    before = {getattr(part, name): part for part in old}
    for part in new:
        slug = getattr(part, name)
        last = before.pop(slug, None)
        if last is None:
            yield Change("create", kind, slug)
        elif last != part:
            yield Change("update", kind, slug, details(last, part))
    for slug in before:
        yield Change("remove", kind, slug)


def details(old: Struct, new: Struct) -> tuple[str, ...]:
    """What differs, such as `caps.day.leads: 100 -> 200`, but for the version."""
    before, after = dict(_flat(old, "")), dict(_flat(new, ""))
    return tuple(
        f"{path}: {was} -> {becomes}"
        for path in dict.fromkeys((*after, *before))
        if path != "version" and before.get(path, "none") != after.get(path, "none")
        for was, becomes in [_shown(before.get(path, "none"), after.get(path, "none"))]
    )


def _flat(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Every field with its value as text, by path."""
    if isinstance(value, Struct) and not isinstance(value, DayHours):
        for item in fields(value):
            yield from _flat(getattr(value, item.name), f"{path}.{item.name}" if path else item.name)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _flat(item, f"{path}.{key}")
    elif isinstance(value, tuple) and any(isinstance(item, Struct) for item in value) and not _are_hours(value):
        for index, item in enumerate(value):
            if isinstance(item, str):
                # A site may be named alone or with what is said of it.
                yield f"{path}.{item}.site", item
                continue
            name = next((getattr(item, word) for word in _ITEM_NAMES if hasattr(item, word)), None)
            yield from _flat(item, f"{path}.{name}" if name is not None else f"{path}[{index}]")
    else:
        yield path, _text(value)


def _are_hours(items: Sequence[Any]) -> bool:
    return isinstance(items[0], DayHours)


def _text(value: Any) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return str(value).lower()
        case float():
            return f"{value:g}"
        case DayHours():
            return f"{value.day} {value.opens}-{value.closes}"
        case tuple():
            return ", ".join(map(_text, value)) or "none"
        case _:
            return str(value)


def _shown(old: str, new: str) -> tuple[str, str]:
    """Both texts short enough for one line; of long ones, the part where they begin to differ."""
    if max(len(old), len(new)) <= _SHOWN_CHARACTERS:
        return _quoted(old), _quoted(new)
    pairs = zip(old, new, strict=False)
    same = next((index for index, (left, right) in enumerate(pairs) if left != right), min(len(old), len(new)))
    start = max(0, same - 20)
    return _cut(old, start), _cut(new, start)


def _cut(text: str, start: int) -> str:
    end = start + _SHOWN_CHARACTERS
    return _quoted(("…" if start else "") + text[start:end] + ("…" if len(text) > end else ""))


def _quoted(text: str) -> str:
    return repr(text) if "\n" in text or text != text.strip() or not text else text
