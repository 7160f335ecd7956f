"""Suppression lists, from the command line to the answer about a lead, on real Postgres."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import asyncpg
import pytest

from leadline.common.v1 import lead_pb2 as common
from leadline.common.v1 import reason_pb2
from leadline.dedup.v1 import dedup_service_pb2 as pb
from leadline.dedup.v1.dedup_service_pb2_grpc import DedupServiceStub, add_DedupServiceServicer_to_server
from leadline.dedup.v1.suppression_service_pb2_grpc import add_SuppressionServiceServicer_to_server
from services.dedup.fingerprint import Fingerprints
from services.dedup.likeness_store import LikenessStore
from services.dedup.service import DedupService
from services.dedup.similar import SimilarPeople
from services.dedup.store import ClaimStore
from services.dedup.suppression import Suppressions
from services.dedup.suppression_service import SuppressionService
from services.dedup.suppression_store import SuppressionStore
from shared.catalog.snapshot import CatalogReader, encode
from shared.catalog.terms import DuplicateTerms
from shared.db.pool import open_pool
from shared.rpc.client import call, open_channel
from shared.rpc.server import RpcServer
from shared.runtime.settings import DatabaseSettings, RpcSettings
from shared.telemetry.metrics import Metrics
from tests.clock import FakeClock
from tests.unit.routing.terms import catalog, order

if TYPE_CHECKING:
    from leadline.dedup.v1.dedup_service_pb2_grpc import DedupServiceAsyncStub

ROOT = Path(__file__).parents[2]
PHONE, EMAIL = "+15125550123", "ann.lee@example.com"
DAY = 86_400


@dataclass
class World:
    """A running dedup with its lists, and the command line."""

    stub: DedupServiceAsyncStub
    port: int
    clock: FakeClock
    folder: Path

    async def suppress(self, *arguments: str, file: str | None = None) -> tuple[int, str, str]:
        """Run `leadline suppress` to its end; `file`: what is in the file that it is given."""
        more: tuple[str, ...] = ()
        if file is not None:
            (self.folder / "people.csv").write_text(file)
            more = ("--file", str(self.folder / "people.csv"))
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "services.cli", "suppress", *arguments, *more, "--buyer", "big-bank"),
            cwd=ROOT,
            env={**os.environ, "LEADLINE_DEDUP_TARGET": f"127.0.0.1:{self.port}"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(90):
            out, err = await process.communicate()
        assert process.returncode is not None
        assert b"Traceback" not in err, err.decode()
        return process.returncode, out.decode(), err.decode()

    async def reasons(self, phone: str = PHONE, email: str = EMAIL, orders: str = "all") -> list[list[str]]:
        """What each order says of a lead."""
        candidates = [common.OrderRef(order=name, version=3) for name in orders.split()]
        lead = pb.LeadToCheck(lead_id=str(uuid4()), seller="marco", phone=phone, email=email, candidates=candidates)
        request = pb.CheckLeadsRequest(buyer_id="big-bank", catalog_revision=7, leads=[lead])
        (checked,) = (await call(self.stub.CheckLeads, request, timeout=5)).results
        return [[reason_pb2.Reason.Name(f.reason)[7:].lower() for f in each.findings] for each in checked.candidates]


@pytest.fixture
async def world(database_url: str, clock: FakeClock, tmp_path: Path) -> AsyncIterator[World]:
    orders = (
        order("all"),
        order("customers-only", duplicates=DuplicateTerms(suppression_lists=("customers",))),
        order("none", duplicates=DuplicateTerms(suppression_lists=())),
    )
    connection = await asyncpg.connect(database_url)
    insert = "INSERT INTO catalog.snapshot VALUES ('big-bank', 7, $1, 'tracey', '', now())"
    await connection.execute(insert, encode(catalog(*orders)))
    await connection.close()
    fingerprints = Fingerprints(bytes(range(32)))
    async with open_pool(DatabaseSettings(url=database_url), role="leadline_dedup", name="test") as pool:
        server = RpcServer(RpcSettings(port=0, metrics_port=0, drain_wait_seconds=0), checks={}, metrics=Metrics())
        service = DedupService(
            catalogs=CatalogReader(pool),
            store=ClaimStore(pool),
            people=SimilarPeople(LikenessStore(pool), fingerprints),
            fingerprints=fingerprints,
            clock=clock,
        )
        server.add(add_DedupServiceServicer_to_server, service, "leadline.dedup.v1.DedupService")
        lists = SuppressionService(SuppressionStore(pool), Suppressions(fingerprints), clock)
        server.add(add_SuppressionServiceServicer_to_server, lists, "leadline.dedup.v1.SuppressionService")
        async with server, open_channel(f"127.0.0.1:{server.port}") as channel:
            yield World(DedupServiceStub(channel), server.port, clock, tmp_path)


async def test_a_customer_by_phone_in_any_writing_is_an_existing_customer_to_the_orders_that_mind(
    world: World,
) -> None:
    assert await world.reasons(orders="all customers-only none") == [[], [], []]
    status, out, _ = await world.suppress(
        "import", "customers", "--kind", "existing_customer", file="name,Phone\nAnn,(512) 555-0123\nBob,\n"
    )
    assert (status, out) == (0, "1 added, 0 renewed\n")
    assert await world.reasons(orders="all customers-only none") == [["existing_customer"], ["existing_customer"], []]
    assert await world.reasons(phone="+15125550124") == [[]]


async def test_hashes_are_lists_as_good_and_each_kind_is_its_own_reason(world: World) -> None:
    tagged = hashlib.sha256(b"ann.lee+x@gmail.com").hexdigest()
    plain = hashlib.sha256(EMAIL.encode()).hexdigest().upper()
    file = f"email_sha256\n{tagged}\n{plain}\n"
    assert (await world.suppress("import", "asked-us", "--kind", "do_not_contact", file=file))[0] == 0
    await world.suppress("import", "bad-payers", "--kind", "suppressed", file=PHONE)
    assert await world.reasons(orders="all customers-only") == [["do_not_contact", "suppressed"], []]
    assert await world.reasons(phone="", email="Ann.Lee+x@gmail.com") == [["do_not_contact"]], "as it was written"


async def test_people_age_out_and_are_renewed_by_coming_again(world: World) -> None:
    arguments = ("import", "customers", "--kind", "existing_customer", "--expires-days", "10")
    await world.suppress(*arguments, file=PHONE)
    world.clock.advance(9 * DAY)
    assert (await world.suppress(*arguments, file=PHONE))[1] == "0 added, 1 renewed\n"
    world.clock.advance(10 * DAY - 1)
    assert await world.reasons() == [["existing_customer"]]
    world.clock.advance(1)
    assert await world.reasons() == [[]]
    (told,) = json.loads((await world.suppress("list", "--json"))[1])
    assert (told["list"], told["kind"], told["entries"], told["expired"]) == ("customers", "existing_customer", 1, 1)
    await world.suppress(*arguments, file=EMAIL)
    (told,) = json.loads((await world.suppress("list", "--json"))[1])
    assert (told["entries"], told["expired"]) == (1, 0), "what has aged out goes when others come"


async def test_a_list_counts_from_its_day_on(world: World) -> None:
    await world.suppress(
        "import", "customers", "--kind", "existing_customer", "--effective-from", "2026-11-24", file=PHONE
    )
    assert await world.reasons() == [[]]
    world.clock.advance(2 * DAY)
    assert await world.reasons() == [["existing_customer"]]


async def test_people_are_taken_off_a_list_and_a_list_ends(world: World) -> None:
    await world.suppress("import", "customers", "--kind", "existing_customer", file=f"{PHONE}\n{EMAIL}\n")
    assert (await world.suppress("remove", "customers", file=PHONE))[1] == "1 removed\n"
    assert await world.reasons(email="") == [[]]
    assert await world.reasons(phone="") == [["existing_customer"]]
    assert (await world.suppress("remove", "customers"))[1] == "1 removed\n"
    assert await world.reasons(phone="") == [[]]
    assert json.loads((await world.suppress("list", "--json"))[1]) == []


async def test_what_cannot_be_read_is_told_by_line_and_the_rest_is_taken(world: World) -> None:
    status, out, err = await world.suppress(
        "import", "customers", "--kind", "existing_customer", file="phone,email\n555,ann@example.com\n,bad\n"
    )
    assert status == 1
    assert out == "1 added, 0 renewed\n"
    assert "people.csv:2: expected a North American phone" in err
    assert "people.csv:3: expected a mail address" in err
    assert "bad" not in err.replace("people.csv", "")


@pytest.mark.parametrize(
    ("arguments", "file", "told"),
    [
        (("import", "new"), PHONE, "there is no list new"),
        (("import", "Customers", "--kind", "suppressed"), PHONE, "expected a lower-case name"),
        (("import", "hashes", "--kind", "suppressed"), "a" * 64, "a SHA-256 of what?"),
    ],
)
async def test_what_cannot_be_meant_is_refused(world: World, arguments: tuple[str, ...], file: str, told: str) -> None:
    status, _, err = await world.suppress(*arguments, file=file)
    assert status == 1
    assert told in err


async def test_a_list_keeps_its_kind(world: World) -> None:
    await world.suppress("import", "customers", "--kind", "existing_customer", file=PHONE)
    status, _, err = await world.suppress("import", "customers", "--kind", "suppressed", file=EMAIL)
    assert status == 1
    assert "is of the kind existing_customer" in err
    assert await world.reasons(phone="") == [[]], "nothing was written"


async def test_two_imports_of_the_same_people_at_once_both_end(world: World) -> None:
    people = "\n".join(f"512555{number:04}" for number in range(3000))
    (world.folder / "people.csv").write_text(people)
    first, second = await asyncio.gather(
        *(world.suppress("import", "customers", "--kind", "existing_customer", file=people) for _ in range(2))
    )
    counts = sorted(out for _, out, _ in (first, second))
    assert counts == ["0 added, 3,000 renewed\n", "3,000 added, 0 renewed\n"]
