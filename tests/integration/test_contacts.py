"""What intake tells of a bought lead's person, asked as follow-up asks it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from leadline.common.v1 import lead_pb2
from leadline.intake.v1 import intake_service_pb2 as pb
from leadline.intake.v1.record_service_pb2_grpc import RecordServiceStub, add_RecordServiceServicer_to_server
from services.intake.draft import Draft
from services.intake.record_service import RecordService
from services.routing.contacts_client import IntakeContacts
from services.routing.gate.person import Person
from shared.rpc.client import open_channel
from shared.rpc.server import RpcServer
from shared.runtime.settings import RpcSettings
from shared.telemetry.metrics import Metrics
from tests.clock import FakeClock
from tests.integration.intake_world import BUYER, World, intake_world


@pytest.fixture
async def world(database_url: str, clock: FakeClock) -> AsyncIterator[World]:
    async with intake_world(database_url, clock) as built:
        yield built


async def told(world: World, *lead_ids: str) -> list[Person | None]:
    """Over gRPC, by the client that follow-up uses."""
    settings = RpcSettings(port=0, metrics_port=0, drain_wait_seconds=0)
    elsewhere: Any = None
    service = RecordService(world.store, elsewhere, elsewhere, elsewhere)
    server = RpcServer(settings, checks={}, metrics=Metrics())
    server.add(add_RecordServiceServicer_to_server, service, "leadline.intake.v1.RecordService")
    async with server, open_channel(f"127.0.0.1:{server.port}") as channel:
        contacts = IntakeContacts(RecordServiceStub(channel))
        return await contacts.fetch(BUYER, [UUID(lead_id) for lead_id in lead_ids])


def approving(world: World) -> None:
    """Validation says that the consent's text is an approved disclosure, for every candidate."""
    answer = world.stages._answer

    def with_receipt(draft: Draft) -> None:
        answer(draft)
        assert draft.validated is not None
        draft.validated.lead_type.exclusivity = "exclusive"
        receipt = lead_pb2.StageReceipt(stage="validation")
        for candidate in draft.validated.candidates:
            receipt.checks.add(
                rule="consent.disclosure_approved", passed=True, observed="marco-tcpa-2026", order=candidate.order.order
            )
        draft.validated.receipt = receipt.SerializeToString()

    world.stages._answer = with_receipt  # type: ignore[method-assign]


async def test_a_bought_lead_tells_who_where_what_kind_and_what_was_agreed(world: World) -> None:
    approving(world)
    item = world.item(external_id="c-1")
    sent = item.submission
    sent.fields["state"], sent.fields["postal_code"] = "TX", "78701"
    sent.consent.text = "By clicking I agree."
    sent.consent.captured_at.FromDatetime(world.clock.now())
    sent.consent.phone = "(512) 555-9999"
    (result,) = await world.submit(item)
    assert result.answer.outcome == pb.OUTCOME_ACCEPTED

    (person,) = await told(world, result.answer.lead_id)
    assert person is not None
    assert (person.state, person.postal_code, person.seller) == ("TX", "78701", "marco")
    assert (person.order, person.order_version) == (result.answer.order.order, result.answer.order.version)
    assert (person.exclusivity, person.price_minor, person.currency) == ("exclusive", 3200, "USD")
    assert person.decided_at >= world.clock.now()
    assert person.phone == sent.fields["phone"]
    assert not {"phone", "email", "state"} & person.fields.keys()
    assert person.consent is not None
    assert (person.consent.text, person.consent.disclosure) == ("By clicking I agree.", "marco-tcpa-2026")
    assert person.consent.captured_at == world.clock.now()
    assert person.consent.phone == "+15125559999"


@pytest.mark.parametrize("written", ["{own}", "1{national}", "({area}) {rest}", "same", ""])
async def test_consent_for_the_leads_own_number_names_no_other(world: World, written: str) -> None:
    item = world.item(external_id="c-2")
    own = item.submission.fields["phone"]
    item.submission.consent.text = "I agree."
    item.submission.consent.phone = written.format(own=own, national=own[2:], area=own[2:5], rest=own[5:])
    (result,) = await world.submit(item)
    (person,) = await told(world, result.answer.lead_id)
    assert person is not None
    assert person.consent is not None
    assert (person.consent.phone, person.consent.disclosure) == ("", "")


async def test_who_is_unknown_or_was_not_bought_is_nobody(world: World) -> None:
    world.stages.away = True
    (pending,) = await world.submit(world.item(external_id="c-3"))
    assert await told(world, pending.answer.lead_id, str(UUID(int=7))) == [None, None]
