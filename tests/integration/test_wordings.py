"""The queue of consent texts that nobody approved: from a lead to a new catalog revision, on a real Postgres."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from leadline.intake.v1 import catalog_service_pb2 as catalog_pb
from leadline.validation.v1 import compliance_service_pb2 as pb
from services.intake.catalog.service import CatalogService
from services.intake.catalog.store import CatalogStore
from services.validation.compliance_service import ComplianceService
from services.validation.consent.new_wordings import NewWordings
from services.validation.consent.seen import SeenWordings
from services.validation.evidence_store import EvidenceStore
from services.validation.rules import validate
from services.validation.wordings_store import MOST_OPEN, WordingRecorder, WordingStore
from shared.db.pool import Pool, open_pool
from shared.rpc.errors import Malformed, NotFound, Unavailable
from shared.runtime.settings import DatabaseSettings
from tests.clock import FakeClock
from tests.integration.intake_world import BUYER, World, intake_world
from tests.unit.validation.terms import GOOD, NOW, SHOWN, plan, reference

CONTEXT: Any = None
NEW = SHOWN.replace("auto loans", "car loans")


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with open_pool(DatabaseSettings(url=database_url), role="leadline_validation", name="test") as opened:
        yield opened


@pytest.fixture
def compliance(pool: Pool, clock: FakeClock) -> ComplianceService:
    return ComplianceService(WordingStore(pool), EvidenceStore(pool), clock)


async def _see(pool: Pool, *texts: str, **words: Any) -> None:
    """Decide leads with these texts, and write down what was new."""
    seen, prepared = SeenWordings(), plan()
    leads = [replace(GOOD, consent=replace(GOOD.consent, text=text), **words) for text in texts]
    NewWordings(seen).note(prepared, leads, [validate(lead, prepared, reference()) for lead in leads])
    await WordingRecorder(seen, WordingStore(pool)).flush()


async def _open(compliance: ComplianceService, **words: Any) -> list[pb.Wording]:
    answer = await compliance.ListWordings(pb.ListWordingsRequest(buyer_id=BUYER, **words), CONTEXT)
    return list(answer.wordings)


async def test_a_text_that_nobody_approved_is_queued_with_its_difference(
    pool: Pool, compliance: ComplianceService
) -> None:
    await _see(pool, SHOWN, NEW, NEW.upper())
    (wording,) = await _open(compliance)
    assert (wording.seller, wording.site, wording.leads) == ("marco", "best-auto-loans.example", 2)
    assert (wording.nearest, wording.difference) == ("marco-tcpa", 'instead of "auto": "car"')
    assert wording.text == NEW
    assert wording.state == pb.WORDING_STATE_OPEN
    assert wording.first_seen.seconds == int(NOW)


async def test_tests_and_approved_texts_elsewhere_are_not_queued(pool: Pool, compliance: ComplianceService) -> None:
    await _see(pool, NEW, test=True)
    await _see(pool, SHOWN, seller="another")
    assert await _open(compliance) == []


async def test_a_text_seen_again_is_counted_by_every_process_and_after_a_restart(
    pool: Pool, compliance: ComplianceService
) -> None:
    await _see(pool, NEW, NEW)
    await asyncio.gather(*[_see(pool, NEW, received_at=NOW + n) for n in range(5)])
    (wording,) = await _open(compliance)
    assert (wording.leads, wording.last_seen.seconds) == (7, int(NOW) + 4)


async def test_a_seller_with_ever_new_texts_fills_its_own_queue_only(
    pool: Pool, compliance: ComplianceService, database_url: str
) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute(
        "INSERT INTO compliance.wording SELECT 'big-bank', 'w' || n, 'marco', '', 't', '', 0, '', now(), now(), 1 "
        "FROM generate_series(1, $1::int) AS n",
        MOST_OPEN,
    )
    await _see(pool, NEW)
    await _see(pool, NEW, seller="web")
    count = "SELECT count(*) FROM compliance.wording WHERE seller = $1"
    assert [await connection.fetchval(count, seller) for seller in ("marco", "web")] == [MOST_OPEN, 1]
    await connection.close()


async def test_a_store_that_is_away_loses_nothing(pool: Pool, compliance: ComplianceService) -> None:
    class Away(WordingStore):
        async def see(self, wordings: object) -> None:
            raise Unavailable("away")

    seen, prepared = SeenWordings(), plan()
    lead = replace(GOOD, consent=replace(GOOD.consent, text=NEW))
    NewWordings(seen).note(prepared, [lead], [validate(lead, prepared, reference())])
    await WordingRecorder(seen, Away(pool)).flush()
    assert len(seen) == 1
    stop = asyncio.Event()
    stop.set()
    await WordingRecorder(seen, WordingStore(pool)).run(stop)
    await WordingRecorder(seen, WordingStore(pool)).flush()
    assert len(await _open(compliance)) == 1


async def test_a_refused_text_leaves_the_queue_and_says_why(pool: Pool, compliance: ComplianceService) -> None:
    await _see(pool, NEW)
    (wording,) = await _open(compliance)
    request = pb.DecideWordingRequest(
        buyer_id=BUYER, wording_id=wording.wording_id, state=pb.WORDING_STATE_REFUSED, decided_by="kim", note="no"
    )
    await compliance.DecideWording(request, CONTEXT)
    assert await _open(compliance) == []
    (refused,) = await _open(compliance, state=pb.WORDING_STATE_REFUSED)
    assert (refused.decided_by, refused.note, refused.HasField("decide_time")) == ("kim", "no", True)
    # Seen again, it is counted and not asked about again.
    await _see(pool, NEW)
    assert await _open(compliance) == []
    assert (await _open(compliance, wording_id=wording.wording_id))[0].leads == 2


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ({"state": pb.WORDING_STATE_OPEN, "decided_by": "kim"}, Malformed),
        ({"state": pb.WORDING_STATE_REFUSED}, Malformed),
        ({"state": pb.WORDING_STATE_APPROVED, "decided_by": "kim"}, Malformed),
        ({"state": pb.WORDING_STATE_REFUSED, "decided_by": "kim", "note": "x" * 2001}, Malformed),
        ({"state": pb.WORDING_STATE_REFUSED, "decided_by": "kim"}, NotFound),
    ],
)
async def test_a_decision_that_cannot_be_meant_is_refused(
    compliance: ComplianceService, words: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        await compliance.DecideWording(pb.DecideWordingRequest(buyer_id=BUYER, wording_id="x", **words), CONTEXT)


# --- the catalog's side of an approval


@pytest.fixture
async def world(database_url: str, clock: FakeClock) -> AsyncIterator[World]:
    async with intake_world(database_url, clock) as built:
        yield built


@pytest.fixture
def catalogs(world: World, clock: FakeClock) -> CatalogService:
    store = CatalogStore(world.pool)
    return CatalogService(store, clock, directory=world.directory, random_bytes=secrets.token_bytes)


def _approval(**words: Any) -> catalog_pb.ApproveDisclosureRequest:
    given = {
        "slug": "marco-tcpa-2027",
        "text": NEW,
        "sellers": ["marco"],
        "sites": ["drive-today.example"],
        "approved_by": "kim",
        "note": "new form",
        **words,
    }
    return catalog_pb.ApproveDisclosureRequest(**given)


async def test_an_approved_disclosure_is_in_force_for_its_sellers_orders(
    world: World, catalogs: CatalogService
) -> None:
    made = await catalogs.ApproveDisclosure(_approval(), CONTEXT)
    assert not made.errors
    assert made.revision == 2
    assert [(change.kind, change.name, change.version) for change in made.changes] == [
        ("disclosure", "marco-tcpa-2027", 0),
        ("order", "marco-auto-2026", 2),
        ("order", "marco-pilot-2026", 2),
    ]
    current = await CatalogStore(world.pool).current(BUYER, world.clock.now())
    assert current is not None
    orders = {order.slug: order.consent.disclosures for order in current.orders}
    assert orders["marco-auto-2026"] == ("marco-tcpa-2026", "marco-tcpa-2027")
    assert orders["quickquote-shared-2026"] == ("quickquote-tcpa-2026",)
    signed = "SELECT approved_by, note FROM catalog.order_version WHERE order_slug = 'marco-auto-2026' AND version = 2"
    assert [tuple(row) for row in await world.admin.fetch(signed)] == [("kim", "new form")]
    # A repeat changes nothing.
    again = await catalogs.ApproveDisclosure(_approval(), CONTEXT)
    assert (len(again.changes), len(again.errors), again.revision) == (0, 0, 2)


async def test_an_approved_disclosure_may_get_more_sites_and_sellers(world: World, catalogs: CatalogService) -> None:
    await catalogs.ApproveDisclosure(_approval(), CONTEXT)
    made = await catalogs.ApproveDisclosure(_approval(sites=["best-auto-loans.example"]), CONTEXT)
    assert [change.details for change in made.changes] == [
        ["sites: drive-today.example -> drive-today.example, best-auto-loans.example"]
    ]


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"slug": "No Slug"}, "slug"),
        ({"slug": "marco-tcpa-2026"}, "slug"),
        ({"text": ""}, "text"),
        ({"text": "* * yes *"}, "disclosures[5].text"),
        ({"text": "x" * 4001}, "text"),
        ({"sellers": []}, "sellers"),
        ({"sellers": ["nobody"]}, "disclosures[5].sellers[0]"),
        ({"sites": ["nowhere.example"]}, "disclosures[5].sites[0]"),
    ],
)
async def test_a_disclosure_that_the_catalog_would_refuse_changes_nothing(
    world: World, catalogs: CatalogService, words: dict[str, Any], field: str
) -> None:
    made = await catalogs.ApproveDisclosure(_approval(**words), CONTEXT)
    assert [error.field for error in made.errors] == [field]
    assert made.revision == 1
    assert await world.count("catalog.snapshot") == 1
