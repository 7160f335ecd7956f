"""A crowd of good people: names of the US census and of the world, real ZIPs, everyday mail, browsers in use.

`crowd/last_names.txt` and `first_names.txt` are from the census of 1990 (public domain, the commonest and a sample of
the rare), `*_of_the_world.txt` from the Latin-script locales of faker and mimesis, `browsers.txt` from fake-useragent's
record of visits. Nobody is a real person: first and last names, places and numbers are drawn apart.
"""

from __future__ import annotations

import random
import unicodedata
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import zipcodes

from deploy.demo.people import People
from tests.clerk.corpus import REFERENCE, LabelledLead
from tests.clerk.leads import demo_catalog

_FOLDER = Path(__file__).parent / "crowd"
_SITE = "https://www.best-auto-loans.example/apply"
_ORDER = "marco-auto-2026"
_PROVIDERS = (
    "gmail.com gmail.com gmail.com gmail.com yahoo.com yahoo.com hotmail.com outlook.com icloud.com aol.com "
    "comcast.net att.net sbcglobal.net bellsouth.net verizon.net cox.net charter.net live.com msn.com me.com proton.me "
    "ymail.com earthlink.net juno.com frontier.com windstream.net centurylink.net q.com optonline.net gmx.com mail.com "
    "spectrum.net tampabay.rr.com rocketmail.com netzero.net suddenlink.net privaterelay.appleid.com duck.com"
).split()
_LOCALS = ("{f}.{l}{n}", "{f}{l}{n}", "{i}{l}{n}", "{l}.{f}{n}", "{f}_{l}", "{f}{n}", "{l}{n}", "{f}-{l}{n}",
           "{n}{f}{l}", "{f}.{i}.{l}", "{l}{f}+loan", "{word}{n}", "{f}{word}{n}")  # fmt: skip
_WORDS = (
    "mustang steelers rosebud tiger angel fisher cowgirl sunshine trucker harley nana papa bluesky redrose packers "
    "music dancer soccer gamer hunter star moon lucky happy sweet jazz rocky bear wolf cat dog butterfly dolphin"
).split()
_PHONES = ("{a}{b}{c}", "({a}) {b}-{c}", "{a}-{b}-{c}", "+1{a}{b}{c}", "{a}.{b}.{c}", "1{a}{b}{c}", "{a} {b} {c}")
_STREETS = ("{n} {s} St", "{n} {s} Ave Apt {k}", "{n} N {s} Rd", "{n} {s} Ln", "PO Box {n}", "RR {k} Box {n}",
            "{n} County Road {k}", "{n} {s} Blvd #{k}", "{n} E {k}00 N")  # fmt: skip
_AMOUNTS = ("25000", "$18,500", "12000.00", "32k", "$9,999", "40,000", "15500", "22000.0")
_BORN = ("{m}/{d}/{y}", "{y}-{m:02}-{d:02}", "{m:02}/{d:02}/{y}", "{m:02}-{d:02}-{y}", "{m:02}{d:02}{y}")
#: Territories and forces, which the order does not buy.
_LEFT_OUT = frozenset({"PR", "VI", "GU", "AS", "MP", "AA", "AE", "AP", "FM", "MH", "PW"})


def people(count: int, *, seed: int) -> list[LabelledLead]:
    """So many good people, the same ones for a seed; no two share a phone."""
    rng = random.Random(seed)
    phones = People(rng)
    return [_person(rng, phones, number) for number in range(count)]


def _person(rng: random.Random, phones: People, number: int) -> LabelledLead:
    first, last = _name(rng, "first_names"), _name(rng, "last_names")
    place = rng.choice(_places())
    # One in eight moved and kept the number.
    area = rng.choice((rng.choice(_places()) if rng.random() < 0.125 else place)["area_codes"])
    fields = {
        **_named(rng, first, last),
        "email": _mail(rng, first, last),
        "phone": _written(rng, phones.phone(area)),
        "postal_code": place["zip_code"],
        "loan_amount": rng.choice(_AMOUNTS),
    }
    if rng.random() < 0.8:
        fields |= _address(rng, place)
    if rng.random() < 0.3:
        day = {"y": rng.randint(1935, 2007), "m": rng.randint(1, 12), "d": rng.randint(1, 28)}
        fields["date_of_birth"] = rng.choice(_BORN).format(**day)
    moment = (REFERENCE - timedelta(seconds=rng.randint(2, 60))).isoformat().replace("+00:00", "Z")
    body = {
        "order": _ORDER,
        "source": _SITE,
        "external_id": f"crowd-{number}",
        "submitted_at": moment,
        "lead": fields,
        "consent": {"text": _wording(), "captured_at": moment, "ip": _ip(rng), "page_url": _SITE},
        "signals": {
            "user_agent": rng.choice(_lines("browsers")),
            "seconds_on_form": rng.randint(9, 1200),
            "honeypot": "",
        },
    }
    return LabelledLead(good=True, walk="the crowd", seller="marco", body=body)


def _name(rng: random.Random, kind: str) -> str:
    """Half by how common it is, half of the rare and the world's."""
    lot = rng.random()
    if lot < 0.5:
        names = _lines(kind)
        return names[min(int(rng.expovariate(1 / 300)), len(names) - 1)]
    return rng.choice(_lines(kind) if lot < 0.65 else _lines(f"{kind}_of_the_world"))


def _named(rng: random.Random, first: str, last: str) -> dict[str, str]:
    case = rng.choice((str, str, str, str.upper, str.lower))
    first, last = case(first), case(last)
    if rng.random() < 0.1:
        return {"first_name": first, "last_name": last, "full_name": f"{first} {last}"}
    return {"first_name": first, "last_name": last}


def _mail(rng: random.Random, first: str, last: str) -> str:
    domain = rng.choice(_PROVIDERS)
    words = {"f": _plain(first), "l": _plain(last), "i": _plain(first)[:1], "n": rng.randint(1, 2007)}
    local = rng.choice(_LOCALS).format(**words, word=rng.choice(_WORDS)).strip(".-_")
    # Google gives no short ones.
    return f"{local if len(local) > 5 else local + str(rng.randint(10000, 99999))}@{domain}"


def _plain(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in letters if letter.isascii() and letter.isalpha()) or "x"


def _written(rng: random.Random, digits: str) -> str:
    return rng.choice(_PHONES).format(a=digits[:3], b=digits[3:6], c=digits[6:])


def _address(rng: random.Random, place: dict[str, Any]) -> dict[str, str]:
    cities = [place["city"], *place["acceptable_cities"]]
    street = rng.choice(_STREETS).format(
        n=rng.randint(1, 19999), k=rng.randint(1, 40), s=rng.choice(_lines("last_names")[:800])
    )
    case = rng.choice((str, str, str.upper, str.lower))
    return {"street": case(street), "city": case(rng.choice(cities)), "state": case(place["state"])}


def _ip(rng: random.Random) -> str:
    return f"{rng.choice((24, 67, 68, 71, 73, 75, 76, 96, 98, 99, 174))}.{rng.randint(1, 254)}.{rng.randint(0, 255)}.7"


def _wording() -> str:
    text = next(known.text for known in demo_catalog().disclosures if known.slug == "marco-tcpa-2026")
    return text.replace("*", "See my rate", 1)


@cache
def _lines(name: str) -> list[str]:
    return (_FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines()


@cache
def _places() -> list[dict[str, Any]]:
    return [
        place
        for place in zipcodes.list_all()  # type: ignore[no-untyped-call]
        if place["active"] and place["zip_code_type"] != "MILITARY" and place["state"] not in _LEFT_OUT
        and place["area_codes"] and all(code.isdigit() for code in place["area_codes"])
    ]  # fmt: skip
