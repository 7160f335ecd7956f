"""What an order's rules must satisfy: CEL that compiles over the product's fields. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

import msgspec

from services.intake.catalog.draft import Draft
from services.intake.catalog.reading import Path
from shared.catalog.rule_language import RuleError, RuleLanguage
from shared.catalog.terms import MOST_RULES, Order, ProductField

#: A fault inside a value: where the value is, how many characters into it, what was expected.
Inside = tuple[Path, int, str]

#: Products whose language is kept: a file is checked at every `diff` and `apply`.
_KEPT: Final = 32


def check_rules(draft: Draft) -> Iterator[Inside]:
    """The rules of every order that could be read."""
    for index, order in draft.orders.items():
        path = ("orders", index, "rules")
        if len(order.rules) > MOST_RULES:
            yield (*path, MOST_RULES), 0, f"an order has at most {MOST_RULES} rules"
        yield from _names(order, path)
        product = draft.product(order.product)
        if product is not None:
            yield from _expressions(order, _language(msgspec.json.encode(product.fields)), path)


def _names(order: Order, path: Path) -> Iterator[Inside]:
    seen: set[str] = set()
    for index, rule in enumerate(order.rules):
        if rule.name in seen:
            yield (*path, index, "name"), 0, f"`{rule.name}` is already the name of a rule of this order"
        seen.add(rule.name)


def _expressions(order: Order, language: RuleLanguage, path: Path) -> Iterator[Inside]:
    for index, rule in enumerate(order.rules[:MOST_RULES]):
        try:
            language.compile(rule.holds)
        except RuleError as error:
            for slip in error.slips:
                yield (*path, index, "holds"), slip.offset, slip.message


@lru_cache(maxsize=_KEPT)
def _language(fields: bytes) -> RuleLanguage:
    """`fields`: the product's, encoded, for a field with words for its choices cannot be looked up."""
    return RuleLanguage(msgspec.json.decode(fields, type=tuple[ProductField, ...]))
