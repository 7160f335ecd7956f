"""Leads for measuring validation: all different where people differ, held against an order that checks everything."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import cache
from typing import Any
from unicodedata import normalize

import msgspec

from services.validation.fieldtypes import nanp
from services.validation.lead import Lead
from shared.catalog.terms import Catalog, ConsentTerms, Criterion, Geography
from tests.unit.validation import people
from tests.unit.validation.terms import GOOD, NOW, ORDER, SHOWN, catalog, reference

#: First octets of networks that cable and telephone companies give to homes.
_HOMES = (24, 67, 71, 73, 98, 108)
_PAGES = ("https://www.best-auto-loans.example/apply", "https://www.best-auto-loans.example/rates?step=2")


@cache
def all_checks() -> Catalog:
    """A catalog whose order asks for everything that an order can ask for without asking others."""
    order = msgspec.structs.replace(
        ORDER,
        geography=Geography(exclude_states=("PR",), exclude_postal_codes=("969",)),
        required_fields=(*ORDER.required_fields, "state", "city", "date_of_birth", "credit_rating"),
        criteria=(
            *ORDER.criteria,
            Criterion(field="vehicle_year", minimum=2008),
            Criterion(field="credit_rating", none_of=("poor",)),
            Criterion(field="has_trade_in", one_of=("true", "false")),
        ),
        consent=ConsentTerms(
            max_age_hours=72, require=("captured_at", "page_url", "ip", "phone"), same_site=True, names_buyer=True,
            certificate="present", certificate_max_age_hours=72,
        ),
    )  # fmt: skip
    return catalog(order)


@cache
def _places() -> tuple[tuple[str, str, str], ...]:
    """ZIP, state and city of some hundreds of real places."""
    zips, dice = reference().zips, random.Random(7)
    known = [zip5 for zip5 in (f"{number:05}" for number in range(1000, 99900)) if zips.kind(zip5) == "standard"]
    return tuple((zip5, zips.state(zip5) or "", zips.city(zip5).title()) for zip5 in dice.sample(known, 600))


def leads(count: int, seed: int) -> list[Lead]:
    """Leads that differ where real ones do."""
    dice = random.Random(seed)
    areas = sorted(area for area, code in nanp.AREA_CODES.items() if code == (nanp.CONSUMER, "US"))
    return [_lead(dice, areas) for _ in range(count)]


def _lead(dice: random.Random, areas: list[str]) -> Lead:
    first, last = dice.choice(people.NAMES).split(" ", 1)
    zip5, state, city = dice.choice(_places())
    phone = f"({dice.choice(areas)}) {dice.randrange(220, 989)}-{dice.randrange(1000, 9999)}"
    fields = {
        **GOOD.fields,
        "first_name": first,
        "last_name": last,
        "email": f"{_plain(first + last)}{dice.randrange(10**5)}@{dice.choice(people.MAIL_DOMAINS)}",
        "phone": phone,
        "street": f"{dice.randrange(1, 9999)} {dice.choice(('Main St', 'Oak Ave', 'Elm Dr Apt 4'))}",
        "city": city,
        "state": state,
        "postal_code": zip5,
        "date_of_birth": f"{dice.randrange(1940, 2007)}-{dice.randrange(1, 13):02}-{dice.randrange(1, 29):02}",
        "loan_amount": str(dice.randrange(50, 900) * 100),
        "vehicle_year": str(dice.randrange(2010, 2026)),
        "employer": f"Acme {dice.randrange(1000)}",
        "has_trade_in": dice.choice(["yes", "no"]),
    }
    captured_at = NOW - dice.uniform(1, 3000)
    return replace(
        GOOD,
        fields=fields,
        submitted_at=captured_at + 1,
        received_at=NOW + dice.random(),
        signals=_signals(dice),
        consent=replace(
            GOOD.consent,
            text=SHOWN,
            captured_at=captured_at,
            ip=".".join(map(str, (dice.choice(_HOMES), *dice.choices(range(1, 255), k=3)))),
            page_url=dice.choice(_PAGES),
            phone=phone,
            certificate=f"https://cert.trustedform.com/{dice.randbytes(20).hex()}",
        ),
    )


def _signals(dice: random.Random) -> Any:
    return replace(
        GOOD.signals,
        user_agent=dice.choice(people.USER_AGENTS),
        seconds_on_form=dice.uniform(8, 300),
        keystrokes=dice.randrange(30, 200),
        pastes=dice.randrange(2),
        autofills=dice.randrange(6),
        pointer_events=dice.randrange(20, 900),
        device_id=dice.randbytes(8).hex(),
        webdriver=False,
    )


def _plain(name: str) -> str:
    """A name as people write it in a mail address."""
    return "".join(letter for letter in normalize("NFKD", name).lower() if letter.isascii() and letter.isalpha())
