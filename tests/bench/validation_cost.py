"""What validation costs: CPU microseconds a lead, everything but the wire, measured over many different leads.

    python -m tests.bench.validation_cost [LEADS]

Names, phones, addresses and amounts differ from lead to lead, as they do in life; user agents, disclosures and
ZIPs repeat, as they do in life. Prints the median and the spread of several rounds, beside a reference measured in
the same rounds: phonenumbers and email-validator used plainly on the same leads. The ratio is what holds on a busy
machine.
"""

from __future__ import annotations

import asyncio
import cProfile
import pstats
import random
import resource
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar, cast

import phonenumbers
from email_validator import validate_email

from leadline.validation.v1.validation_service_pb2 import ValidateLeadsRequest
from services.validation.fieldtypes import nanp
from services.validation.lead import Lead
from services.validation.plan import CatalogPlan
from services.validation.rules import validate
from services.validation.service import ValidationService
from services.validation.verdict import Verdict
from shared.catalog.snapshot import CatalogReader, CatalogView
from shared.rpc.verdict import ReceiptWriter
from tests.unit.validation import people
from tests.unit.validation.messages import request_of
from tests.unit.validation.terms import GOOD, SHOWN, catalog, desks, plan, reference

T = TypeVar("T")

BATCH = 16
ROUNDS = 7
#: The design's budget for this stage, CPU microseconds a lead.
BUDGET, GOAL = 250.0, 120.0


class _Catalog:
    """Gives the one snapshot that every lead is held against."""

    def __init__(self) -> None:
        self._view = CatalogView(catalog())

    async def get(self, buyer_id: str, revision: int) -> CatalogView:
        """The snapshot, whatever was asked for."""
        return self._view


def leads(count: int, seed: int) -> list[Lead]:
    """Leads that differ where real ones do."""
    dice = random.Random(seed)
    areas = sorted(area for area, code in nanp.AREA_CODES.items() if code.kind == nanp.CONSUMER)
    return [_lead(dice, areas) for _ in range(count)]


def _lead(dice: random.Random, areas: list[str]) -> Lead:
    first, last = dice.choice(people.NAMES).split(" ", 1)
    zip5, state = dice.choice(people.ZIPS)
    fields = {
        **GOOD.fields,
        "first_name": first,
        "last_name": last,
        "email": f"{dice.choice('abcdefgh')}{dice.randrange(10**6)}@{dice.choice(people.MAIL_DOMAINS)}",
        "phone": f"({dice.choice(areas)}) {dice.randrange(220, 989)}-{dice.randrange(1000, 9999)}",
        "street": f"{dice.randrange(1, 9999)} Main St",
        "state": state,
        "postal_code": zip5,
        "loan_amount": str(dice.randrange(50, 900) * 100),
        "vehicle_year": str(dice.randrange(2010, 2026)),
        "employer": f"Acme {dice.randrange(1000)}",
        "has_trade_in": dice.choice(["yes", "no"]),
    }
    signals = replace(GOOD.signals, user_agent=dice.choice(people.USER_AGENTS), seconds_on_form=dice.uniform(8, 300))
    return replace(GOOD, fields=fields, signals=signals, consent=replace(GOOD.consent, text=SHOWN))


async def measure(count: int) -> dict[str, float]:
    """CPU microseconds a lead: the rules alone, the receipt alone, and the whole service without the wire."""
    service = ValidationService(cast(CatalogReader, _Catalog()), desks())
    writer = ReceiptWriter("validation", reference().versions)
    prepared = plan()
    figures: dict[str, list[float]] = {"service": [], "rules": [], "receipt": [], "reference": []}
    for round_number in range(ROUNDS + 1):
        batch = leads(count, seed=round_number)
        requests = [request_of(*batch[start : start + BATCH]).SerializeToString() for start in range(0, count, BATCH)]
        started = time.process_time()
        for request in requests:
            answer = await service.ValidateLeads(ValidateLeadsRequest.FromString(request), cast(Any, None))
            answer.SerializeToString()
        spent = {"service": time.process_time() - started}
        verdicts, spent["rules"] = _timed(partial(_verdicts, batch, prepared))
        _, spent["receipt"] = _timed(partial(_receipts, verdicts, writer))
        _, spent["reference"] = _timed(partial(_plainly, batch))
        if round_number:  # the first round warms up
            for name, seconds in spent.items():
                figures[name].append(seconds / count * 1e6)
    for name, rounds in figures.items():
        print(f"{name:9} median {statistics.median(rounds):6.1f} µs  from {min(rounds):6.1f} to {max(rounds):6.1f}")
    return {name: statistics.median(rounds) for name, rounds in figures.items()}


def _verdicts(batch: list[Lead], prepared: CatalogPlan) -> list[Verdict]:
    return [validate(lead, prepared, reference()) for lead in batch]


def _plainly(batch: list[Lead]) -> None:
    """What the libraries alone take for one phone and one address."""
    for lead in batch:
        number = phonenumbers.parse(lead.fields["phone"], "US")
        phonenumbers.is_valid_number(number)
        phonenumbers.number_type(number)
        phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        validate_email(lead.fields["email"], check_deliverability=False)


def _receipts(verdicts: list[Verdict], writer: ReceiptWriter) -> list[bytes]:
    return [writer.write(verdict.checks, verdict.summary) for verdict in verdicts]


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    started = time.process_time()
    result = work()
    return result, time.process_time() - started


def main() -> None:
    """Measure, say how it stands against the budget, and show where the time goes."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    figures = asyncio.run(measure(count))
    print(f"service is {figures['service'] / figures['reference']:.2f} of the reference")
    print(f"budget {BUDGET:.0f} µs, goal {GOAL:.0f} µs: {figures['service'] / GOAL:.2f} of the goal")
    print(f"resident {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB at most")
    prepared, batch = plan(), leads(count, seed=99)
    profile = cProfile.Profile()
    profile.runcall(_verdicts, batch, prepared)
    pstats.Stats(profile).sort_stats("tottime").print_stats(25)


if __name__ == "__main__":
    main()
