"""The labelled stream: good leads of every type, and every kind of bad one that the catalog should turn down.

A label says what a careful person would decide under `catalog.yaml`. Nothing of
Leadline's own code decides a label; only the catalog's approved wordings are read.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace

from deploy.demo.agents import BOTS, BROWSERS
from deploy.demo.lead import DemoLead, Format
from deploy.demo.people import People, Person

QUICKQUOTE_STATES = ("TX", "FL", "GA", "NC", "SC", "TN", "AL", "VA", "OH", "PA", "IL", "MI")
REFINANCE_STATES = ("CA", "AZ", "NV", "OR", "WA", "CO", "UT", "ID", "NM")
#: Leads of the pilot order that fit under its cap.
PILOT_CAP = 5

_BUTTONS = ("Get My Rate", "See My Offers", "Check My Rate", "Continue")
_CARS = {
    "Toyota": ("Camry", "RAV4", "Corolla"),
    "Honda": ("Civic", "Accord", "CR-V"),
    "Ford": ("F-150", "Escape", "Explorer"),
    "Chevrolet": ("Silverado", "Malibu"),
    "Nissan": ("Altima", "Rogue"),
    "Subaru": ("Outback", "Forester"),
}
_FORMATS: tuple[Format, ...] = ("json", "json", "json_flat", "form", "adf")


class Stream:
    """Makes the whole stream; the same seed makes the same leads."""

    def __init__(self, seed: int, wordings: dict[str, str]) -> None:
        """`wordings`: each seller's approved disclosure, `*` where a run of words belongs."""
        self._rng = random.Random(seed)  # noqa: S311 - a repeatable stream, not a secret
        self._people = People(self._rng)
        self._wordings = wordings
        self._number = 0

    def leads(self) -> list[DemoLead]:
        """Every lead, in the order of play: turn by turn, each turn shuffled."""
        made = [*self._good(), *self._bad(), *self._duplicates(), *self._pilot()]
        self._rng.shuffle(made)
        return sorted(made, key=lambda lead: lead.turn)

    def _good(self) -> Iterator[DemoLead]:
        for _ in range(360):
            yield self._marco("good_exclusive_long")
        for _ in range(240):
            yield self._short(self._marco("good_exclusive_short"))
        for _ in range(280):
            yield self._quickquote("good_shared_long")
        for _ in range(160):
            yield self._short(self._quickquote("good_shared_short"), "credit_rating", "monthly_income")
        for _ in range(220):
            yield self._refinance("good_refinance_double_opt_in")
        for _ in range(120):
            yield self._own("good_own_site")
        for n in range(120):
            yield self._lead_form("good_lead_form_ad", "google_ads" if n % 2 else "meta")
        for _ in range(80):
            person = self._people.elsewhere(self._people.person())
            yield self._marco("good_moved_kept_number", person)
        for _ in range(120):
            yield self._typed_carelessly(self._marco("good_typed_carelessly"))

    def _bad(self) -> Iterator[DemoLead]:
        spoilers: dict[str, Callable[[DemoLead], None]] = {
            "bad_fake_phone": lambda lead: self._set(lead, "phone", self._rng.choice(_FAKE_PHONES)),
            "bad_dead_area_code": lambda lead: self._set(lead, "phone", self._dead_area_code()),
            "bad_disposable_email": lambda lead: self._set(lead, "email", self._disposable()),
            "bad_gibberish_name": self._gibberish_name,
            "bad_test_data": self._test_data,
            "bad_zip_state_at_odds": self._zip_state_at_odds,
            "bad_bot_user_agent": lambda lead: setattr(lead, "user_agent", self._rng.choice(BOTS)),
            "bad_honeypot": lambda lead: setattr(lead, "honeypot", "https://cheap.example"),
            "bad_too_fast": lambda lead: setattr(lead, "seconds_on_form", round(self._rng.uniform(0.4, 3.5), 1)),
            "bad_no_consent": lambda lead: setattr(lead, "consent", False),
            "bad_no_disclosure": lambda lead: setattr(lead, "consent_text", ""),
            "bad_altered_disclosure": self._altered_disclosure,
            "bad_sold_to_several": lambda lead: setattr(
                lead, "consent_text", lead.consent_text.replace("Big Bank", "its marketing partners")
            ),
            "bad_stale_consent": self._stale_consent,
            "bad_below_minimum": lambda lead: self._set(lead, "loan_amount", str(self._rng.randint(10, 48) * 100)),
            "bad_beyond_means": self._beyond_means,
            "bad_paused_source": lambda lead: setattr(lead, "source", "car-credit-now.example"),
            "bad_unknown_source": lambda lead: setattr(lead, "source", "loans-4-all.example"),
            "bad_rewarded": lambda lead: self._set(lead, "incentivized", "true"),
            "bad_no_phone": lambda lead: self._set(lead, "phone", self._rng.choice(("", "N/A", "{{phone}}"))),
        }
        for label, spoil in spoilers.items():
            for _ in range(26):
                lead = self._marco(label, good=False)
                spoil(lead)
                yield lead
        for _ in range(26):
            outside = self._people.person(("NY", "NJ", "MA", "WA", "CA"))
            yield self._quickquote("bad_out_of_area", outside, good=False)
        for _ in range(26):
            lead = self._refinance("bad_single_opt_in", good=False)
            self._set(lead, "opt_in", "single")
            yield lead

    def _duplicates(self) -> Iterator[DemoLead]:
        for _ in range(30):
            original = self._marco("good_original")
            again = self._new(replace(original, label="bad_duplicate_same_seller", good=False, turn=1))
            again.fields = self._written_differently(original.fields)
            yield from (original, again)
        for _ in range(30):
            person = self._people.person(QUICKQUOTE_STATES, without_zips=("787",))
            original = self._marco("good_original", person)
            again = self._quickquote("bad_duplicate_other_seller", person, good=False)
            again.fields = self._written_differently(again.fields)
            again.turn = 1
            yield from (original, again)
        for _ in range(20):
            person = self._people.person()
            own = self._own("good_original_own", person)
            sold = self._marco("bad_existing_customer", person, good=False)
            sold.turn = 1
            yield from (own, sold)

    def _pilot(self) -> Iterator[DemoLead]:
        """The first of them fit under the cap; the rest come when it is full."""
        for n in range(PILOT_CAP + 25):
            fits = n < PILOT_CAP
            lead = self._marco("good_pilot_within_cap" if fits else "bad_over_cap", good=fits)
            lead.order, lead.source, lead.turn = "marco-pilot-2026", "drive-today.example", 0 if fits else 1
            yield lead

    def _marco(self, label: str, person: Person | None = None, *, good: bool = True) -> DemoLead:
        lead = self._lead(label, good, person or self._people.person())
        lead.seller, lead.order = "marco", "marco-auto-2026"
        lead.source = self._rng.choice(("best-auto-loans.example", "drive-today.example"))
        lead.consent_text = self._wording("marco")
        lead.format = self._rng.choice(_FORMATS)
        return lead

    def _quickquote(self, label: str, person: Person | None = None, *, good: bool = True) -> DemoLead:
        person = person or self._people.person(QUICKQUOTE_STATES, without_zips=("787",))
        lead = self._lead(label, good, person)
        lead.seller, lead.order = "quickquote", "quickquote-shared-2026"
        lead.source = self._rng.choice(("quickquote.example", "compare-car-loans.example"))
        lead.fields["loan_amount"] = str(self._rng.randint(80, 740) * 100)
        lead.fields["monthly_income"] = str(self._rng.randint(20, 120) * 100)
        lead.fields["credit_rating"] = self._rng.choice(("excellent", "good", "fair"))
        lead.consent_text = self._wording("quickquote", f"{person.first_name} {person.last_name}")
        lead.format = self._rng.choice(_FORMATS)
        return lead

    def _refinance(self, label: str, *, good: bool = True) -> DemoLead:
        person = self._people.person(REFINANCE_STATES)
        lead = self._lead(label, good, person)
        lead.seller, lead.order = "leadriver", "leadriver-refi-2026"
        lead.source = self._rng.choice(("refi-my-ride.example", "leadriver.example"))
        lead.fields["loan_purpose"] = self._rng.choice(("refinance", "lease_buyout"))
        lead.fields["vehicle_year"] = str(self._rng.randint(2015, 2025))
        lead.fields["loan_amount"] = str(self._rng.randint(80, 800) * 100)
        lead.fields["opt_in"] = "double"
        lead.consent_text = self._wording("leadriver", person.phone)
        lead.format = self._rng.choice(_FORMATS)
        return lead

    def _own(self, label: str, person: Person | None = None) -> DemoLead:
        lead = self._lead(label, True, person or self._people.person())
        lead.seller, lead.order, lead.source = "big-bank-web", "own-auto-2026", "bigbank.example"
        lead.consent_text = self._wording("big-bank-web")
        lead.format = self._rng.choice(_FORMATS)
        return lead

    def _lead_form(self, label: str, fmt: Format) -> DemoLead:
        lead = self._own(label)
        lead.format = fmt
        lead.consent_text = self._wording("lead-form")
        return lead

    def _lead(self, label: str, good: bool, person: Person) -> DemoLead:
        rng = self._rng
        make = rng.choice(tuple(_CARS))
        lead = DemoLead(
            label=label,
            good=good,
            seller="",
            sub_source=rng.choice(("fb-7", "fb-9", "search-brand", "search-generic", "native-3", "mail-12")),
            fields={
                "first_name": person.first_name,
                "last_name": person.last_name,
                "email": person.email,
                "phone": person.phone,
                "street": person.street,
                "city": person.place.city,
                "state": person.place.state,
                "postal_code": person.place.postal_code,
                "loan_amount": str(rng.randint(60, 900) * 100),
                "loan_purpose": rng.choice(("new", "used", "refinance")),
                "vehicle_year": str(rng.randint(2012, 2026)),
                "vehicle_make": make,
                "vehicle_model": rng.choice(_CARS[make]),
                "monthly_income": str(rng.randint(19, 140) * 100),
                "employment_status": rng.choice(("employed", "employed", "self_employed", "military", "retired")),
                "credit_rating": rng.choice(("excellent", "good", "fair", "poor")),
            },
            seconds_ago=round(rng.uniform(1.0, 20.0), 1),
            ip=".".join(map(str, (rng.choice(_HOME_NETWORKS), *rng.choices(range(1, 255), k=3)))),
            user_agent=rng.choice(BROWSERS),
            seconds_on_form=round(rng.uniform(18, 240), 1),
        )
        return self._new(lead)

    def _new(self, lead: DemoLead) -> DemoLead:
        """Give a lead its own id."""
        self._number += 1
        lead.external_id = f"d-{self._number:05d}"
        return lead

    def _wording(self, whose: str, second: str = "") -> str:
        """The approved text as its site shows it, the wildcards filled in."""
        parts = self._wordings[whose].split("*")
        fills = [self._rng.choice(_BUTTONS), second] if len(parts) > 2 else [second or self._rng.choice(_BUTTONS)]
        return "".join(part + fill for part, fill in zip(parts, [*fills, ""], strict=False))

    @staticmethod
    def _set(lead: DemoLead, name: str, value: str) -> None:
        lead.fields[name] = value

    def _short(self, lead: DemoLead, *kept: str) -> DemoLead:
        """Leave the questions of the long form out, but for those kept."""
        for name in ("monthly_income", "employment_status", "credit_rating", "vehicle_year", "loan_purpose"):
            if name not in kept:
                lead.fields.pop(name)
        return lead

    def _typed_carelessly(self, lead: DemoLead) -> DemoLead:
        """What people really type, and sellers really pass on."""
        fields, rng = lead.fields, self._rng
        fields["phone"] = _spelled(fields["phone"], rng)
        fields["email"] = f" {fields['email'].upper() if rng.random() < 0.5 else fields['email'].title()} "
        fields["first_name"] = rng.choice((fields["first_name"].upper(), f"  {fields['first_name'].lower()} "))
        fields["postal_code"] = f"{fields['postal_code']}-{rng.randint(1000, 9999)}"
        fields["loan_amount"] = rng.choice((f"${int(fields['loan_amount']):,}", f"{int(fields['loan_amount'])}.00"))
        fields["state"] = fields["state"].lower()
        return lead

    def _written_differently(self, fields: dict[str, str]) -> dict[str, str]:
        """The same person, so that only a normalised comparison sees it."""
        changed = dict(fields)
        changed["phone"] = _spelled(fields["phone"], self._rng)
        changed["email"] = fields["email"].upper()
        changed["first_name"] = fields["first_name"].upper()
        return changed

    def _beyond_means(self, lead: DemoLead) -> None:
        """More than sixty monthly incomes."""
        income = self._rng.randint(10, 13) * 100
        lead.fields |= {"monthly_income": str(income), "loan_amount": str(61 * income + self._rng.randint(0, 5000))}

    def _dead_area_code(self) -> str:
        # Beyond exchange 555, which is kept for fiction.
        return f"{self._rng.choice(_DEAD_AREA_CODES)}{self._rng.randint(560, 989)}{self._rng.randint(1000, 9999)}"

    def _disposable(self) -> str:
        return f"user{self._rng.randint(1000, 999999)}@{self._rng.choice(_DISPOSABLE)}"

    def _gibberish_name(self, lead: DemoLead) -> None:
        lead.fields["first_name"], lead.fields["last_name"] = self._rng.choice(_GIBBERISH)

    def _test_data(self, lead: DemoLead) -> None:
        lead.fields["first_name"], lead.fields["last_name"] = self._rng.choice(_TESTERS)
        lead.fields["email"] = f"test{self._rng.randint(1, 9999)}@test.com"

    def _zip_state_at_odds(self, lead: DemoLead) -> None:
        others = [state for state in ("TX", "CA", "FL", "OH", "ME") if state != lead.fields["state"]]
        lead.fields["state"] = self._rng.choice(others)

    def _altered_disclosure(self, lead: DemoLead) -> None:
        lead.consent_text = self._rng.choice(
            (
                lead.consent_text.replace("Big Bank", "another bank"),
                lead.consent_text.replace("Consent is not a condition of any purchase.", ""),
                "By clicking Submit you agree to our terms and privacy policy.",
            )
        )

    def _stale_consent(self, lead: DemoLead) -> None:
        lead.consent_seconds_ago = self._rng.uniform(80, 900) * 3600.0


def _spelled(phone: str, rng: random.Random) -> str:
    area, exchange, line = phone[:3], phone[3:6], phone[6:]
    return rng.choice(
        (
            f"({area}) {exchange}-{line}",
            f"{area}.{exchange}.{line}",
            f"+1 {area} {exchange} {line}",
            f"1-{area}-{exchange}-{line}",
        )
    )


_FAKE_PHONES = (
    "5555555555", "2125550123", "1234567890", "0000000000", "9999999999", "(312) 555-0147", "2222222222", "3055550199",
)  # fmt: skip
#: Area codes that were never given out.
_DEAD_AREA_CODES = ("211", "311", "555", "666", "999", "222", "199", "960")
_DISPOSABLE = (
    "mailinator.com",
    "guerrillamail.com",
    "10minutemail.com",
    "yopmail.com",
    "trashmail.com",
    "sharklasers.com",
)
#: First octets of networks that cable and telephone companies give to homes.
_HOME_NETWORKS = (24, 67, 71, 73, 98, 108)
_GIBBERISH = (
    ("asdf", "asdf"), ("qwerty", "qwerty"), ("Asdfgh", "Jkl"), ("zxcvbn", "zxcvbn"), ("qwertyuiop", "asdfghjkl"),
    ("Mickey", "Mouse"), ("Donald", "Duck"), ("xxxxx", "xxxxx"), ("aaaa", "aaaa"),
)  # fmt: skip
_TESTERS = (("Test", "Test"), ("test", "user"), ("Testing", "Testing"), ("Test", "Lead"))
