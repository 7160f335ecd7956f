"""What validation costs: CPU microseconds a lead, everything but the wire, measured over many different leads.

    python -m tests.bench.validation_cost [LEADS]

Every check is on, the look-ups in a real Valkey among them; a fresh set of leads each round, no two alike. Names,
phones, addresses, dates, devices and amounts differ from lead to lead, as they do in life; user agents, disclosures
and ZIPs repeat, as they do in life. Prints the median and the spread of several rounds, beside a reference measured
in the same rounds: phonenumbers and email-validator used plainly on the same leads. The ratio is what holds on a
busy machine. The garbage collector is set as in the service's process.
"""

from __future__ import annotations

import asyncio
import cProfile
import pstats
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast

import phonenumbers
import uvloop
from email_validator import validate_email

from deploy.local.valkey import EmbeddedValkey
from leadline.validation.v1.validation_service_pb2 import ValidateLeadsRequest
from services.validation.lead import Lead
from services.validation.plan import CatalogPlan
from services.validation.rules import validate
from services.validation.service import ValidationService
from services.validation.velocity.sightings import Sightings
from services.validation.velocity.store import SightingStore
from services.validation.velocity.traces import Tracer
from services.validation.verdict import Verdict
from shared.catalog.snapshot import CatalogReader, CatalogView
from shared.redis import open_redis
from shared.rpc.verdict import ReceiptWriter
from shared.runtime.clock import SystemClock
from shared.runtime.lifecycle import settle_memory
from shared.runtime.settings import RedisSettings
from tests.bench.validation_leads import all_checks, leads
from tests.unit.validation.messages import request_of
from tests.unit.validation.terms import desks, reference

T = TypeVar("T")

BATCH = 16
ROUNDS = 7
#: The design's budget for this stage, CPU microseconds a lead.
BUDGET, GOAL = 250.0, 120.0
#: One person with each detail.
_SEEN = Sightings(True, 1, 1, 1, 1, 1, 32, 1, 1, 1)


class _Catalog:
    """Gives the one snapshot that every lead is held against."""

    def __init__(self) -> None:
        self._view = CatalogView(all_checks())

    async def get(self, buyer_id: str, revision: int) -> CatalogView:
        """The snapshot, whatever was asked for."""
        return self._view


async def measure(count: int) -> dict[str, float]:
    """CPU microseconds a lead: the rules alone, the receipt alone, and the whole service without the wire."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="leadline-bench-"))
        valkey = stack.enter_context(EmbeddedValkey(Path(folder)))
        redis = await stack.enter_async_context(open_redis(RedisSettings(url=valkey.url)))
        sightings = SightingStore(redis, Tracer("secret"), SystemClock())
        assert await sightings.reach()
        return await _rounds(count, sightings)


async def _rounds(count: int, sightings: SightingStore) -> dict[str, float]:
    desk = desks()
    service = ValidationService(cast(CatalogReader, _Catalog()), desk, sightings)
    writer, prepared = desk.current.receipts, desk.current.plans.of(CatalogView(all_checks()))
    settle_memory()
    figures: dict[str, list[float]] = {"service": [], "rules": [], "look-ups": [], "receipt": [], "reference": []}
    for round_number in range(ROUNDS + 1):
        batch = leads(count, seed=round_number)
        requests = [request_of(*batch[start : start + BATCH]).SerializeToString() for start in range(0, count, BATCH)]
        # A look that was late on a busy machine would silence all that follow.
        assert await sightings.reach()
        started = time.process_time()
        for request in requests:
            answer = await service.ValidateLeads(ValidateLeadsRequest.FromString(request), cast(Any, None))
            answer.SerializeToString()
        spent = {"service": time.process_time() - started}
        verdicts, spent["rules"] = _timed(partial(_verdicts, batch, prepared))
        assert await sightings.reach()
        started = time.process_time()
        for start in range(0, count, BATCH):
            await sightings.look("bench", batch[start : start + BATCH])
        spent["look-ups"] = time.process_time() - started
        _, spent["receipt"] = _timed(partial(_receipts, verdicts, writer))
        _, spent["reference"] = _timed(partial(_plainly, batch))
        if round_number:  # the first round warms up
            for name, seconds in spent.items():
                figures[name].append(seconds / count * 1e6)
    for name, rounds in figures.items():
        print(f"{name:9} median {statistics.median(rounds):6.1f} µs  from {min(rounds):6.1f} to {max(rounds):6.1f}")
    return {name: statistics.median(rounds) for name, rounds in figures.items()}


def _verdicts(batch: list[Lead], prepared: CatalogPlan) -> list[Verdict]:
    return [validate(lead, prepared, reference(), _SEEN) for lead in batch]


def _plainly(batch: list[Lead]) -> None:
    """What the libraries alone take for one phone and one address."""
    for lead in batch:
        number = phonenumbers.parse(lead.fields["phone"], "US")
        phonenumbers.is_valid_number(number)
        phonenumbers.number_type(number)
        phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        validate_email(lead.fields["email"], check_deliverability=False)


def _receipts(verdicts: list[Verdict], writer: ReceiptWriter) -> list[bytes]:
    return [writer.write(verdict.checks, verdict.summary, (("marco-auto", 3),)) for verdict in verdicts]


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    started = time.process_time()
    result = work()
    return result, time.process_time() - started


def main() -> None:
    """Measure, say how it stands against the budget, and show where the time goes."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        figures = runner.run(measure(count))
    print(f"service is {figures['service'] / figures['reference']:.2f} of the reference")
    print(f"budget {BUDGET:.0f} µs, goal {GOAL:.0f} µs: {figures['service'] / GOAL:.2f} of the goal")
    print(f"resident {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB at most")
    prepared, batch = desks().current.plans.of(CatalogView(all_checks())), leads(count, seed=99)
    profile = cProfile.Profile()
    profile.runcall(_verdicts, batch, prepared)
    pstats.Stats(profile).sort_stats("tottime").print_stats(25)


if __name__ == "__main__":
    main()
