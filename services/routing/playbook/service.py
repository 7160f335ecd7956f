"""PlaybookService: protobuf on one side, runs and dry runs on the other."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from leadline.routing.v1 import playbook_service_pb2 as pb
from leadline.routing.v1 import playbook_service_pb2_grpc as rpc
from services.routing.contacts_client import Contacts
from services.routing.gate.person import Person
from services.routing.gate.places import places_of
from services.routing.playbook.dry_run import Expectation, Expected
from services.routing.playbook.opening import step_id
from services.routing.playbook.preview import (
    EXPLANATIONS,
    Preview,
    Whom,
    length_seconds,
    of_lead,
    of_run,
    users,
    whom,
)
from services.routing.playbook.run import LeadKind, Run, StepRecord
from services.routing.playbook.run_store import RunStore, StoredRun
from services.routing.playbook.terms import terms_of
from shared.catalog.following import Step
from shared.catalog.snapshot import CatalogReader, CatalogView
from shared.rpc.errors import Malformed, NotFound
from shared.runtime.clock import Clock

_STATES: Final = {
    "running": pb.RUN_STATE_RUNNING,
    "finished": pb.RUN_STATE_FINISHED,
    "stopped": pb.RUN_STATE_STOPPED,
}
_OUTCOMES: Final[Mapping[Expectation, pb.StepOutcome.ValueType]] = {
    "done": pb.STEP_OUTCOME_DONE,
    "open": pb.STEP_OUTCOME_OPEN,
    "will_open": pb.STEP_OUTCOME_EXPECTED,
    "left_out": pb.STEP_OUTCOME_LEFT_OUT,
    "would_be_left_out": pb.STEP_OUTCOME_EXPECTED_LEFT_OUT,
    "never_reached": pb.STEP_OUTCOME_NEVER,
}
_CHOICES: Final = {
    "form": ("", "long", "short"),
    "exclusivity": ("", "exclusive", "shared"),
    "opt_in": ("", "single", "double", "none"),
    "arm": ("", "at_once", "held_back"),
}


class PlaybookService(rpc.PlaybookServiceServicer):
    """Shows runs, and what leads would get."""

    def __init__(self, store: RunStore, catalogs: CatalogReader, contacts: Contacts, clock: Clock) -> None:
        self._store = store
        self._catalogs = catalogs
        self._contacts = contacts
        self._clock = clock

    async def ListPlaybooks(
        self, request: pb.ListPlaybooksRequest, _context: grpc.aio.ServicerContext[object, object]
    ) -> pb.ListPlaybooksResponse:
        """Every playbook in force."""
        view = await self._in_force(request.buyer_id)
        summaries = [
            pb.PlaybookSummary(
                playbook=book.slug,
                steps=len(book.steps),
                calls=sum(step.channel == "call" for step in book.steps),
                messages=sum(step.channel in ("email", "text") for step in book.steps),
                length_seconds=length_seconds(book, self._clock.now()),
                stops=sorted(book.stops),
                orders=[order.slug for order in users(view, book.slug)],
            )
            for book in view.catalog.playbooks
        ]
        return pb.ListPlaybooksResponse(playbooks=summaries, catalog_revision=view.revision)

    async def GetRun(
        self, request: pb.GetRunRequest, _context: grpc.aio.ServicerContext[object, object]
    ) -> pb.GetRunResponse:
        """A lead's run, with every step of its playbook."""
        stored = await self._store.get(_required("buyer_id", request.buyer_id), _lead_id(request.lead_id))
        if stored is None:
            raise NotFound(f"lead {request.lead_id} has no follow-up")
        return await self._run(stored)

    async def _run(self, stored: StoredRun) -> pb.GetRunResponse:
        run, terms = stored.run, await terms_of(self._catalogs, stored.lead)
        answer = pb.GetRunResponse(
            playbook=run.playbook,
            catalog_revision=run.catalog_revision,
            order=stored.lead.order,
            arm=run.arm,
            delay_seconds=run.delay_seconds,
            state=_STATES[run.state],
            stopped_by=run.stopped_by,
            started_at=_timestamp(stored.started_at),
            answered=run.answered,
            disposition=run.disposition,
            opted_out=sorted(run.opted_out),
            steps=[
                _recorded(run, step, run.steps.get(place), stored.lead.team)
                for place, step in enumerate(terms.book.steps)
            ],
        )
        _set(answer.ended_at, run.ended_at)
        _set(answer.due_at, stored.due_at)
        return answer

    async def Preview(
        self, request: pb.PreviewRequest, _context: grpc.aio.ServicerContext[object, object]
    ) -> pb.PreviewResponse:
        """A dry run of a lead that was bought, or of one that could be."""
        buyer_id = _required("buyer_id", request.buyer_id)
        at = request.at.ToDatetime(UTC) if request.HasField("at") else self._clock.now()
        if not request.lead_id:
            view = await self._in_force(buyer_id)
            return _preview(of_lead(_imagined(request.facts), view, request.playbook, request.order, at), "")
        lead_id = _lead_id(request.lead_id)
        (person,) = await self._contacts.fetch(buyer_id, [lead_id])
        if person is None:
            raise NotFound(f"lead {request.lead_id} was not bought, or its person was forgotten")
        stored = await self._store.get(buyer_id, lead_id)
        if stored is None or request.order or request.playbook not in ("", stored.run.playbook):
            view = await self._in_force(buyer_id)
            return _preview(of_lead(whom(person), view, request.playbook, request.order or person.order, at), "")
        return await self._rest(stored, person, at)

    async def _rest(self, stored: StoredRun, person: Person, at: datetime) -> pb.PreviewResponse:
        terms = await terms_of(self._catalogs, stored.lead)
        places = places_of(person.state, person.postal_code, person.phone)
        return _preview(of_run(stored.run, terms.view, terms.order, terms.book, places, at), stored.lead.team)

    async def _in_force(self, buyer_id: str) -> CatalogView:
        revision = await self._store.revision_in_force(_required("buyer_id", buyer_id))
        if not revision:
            raise NotFound(f"buyer {buyer_id} has no catalog in force")
        return await self._catalogs.get(buyer_id, revision)


def _imagined(facts: pb.LeadFacts) -> Whom:
    for word, choices in _CHOICES.items():
        if getattr(facts, word) not in choices:
            raise Malformed.field(f"facts.{word}", f"expected one of {', '.join(filter(None, choices))}")
    return Whom(
        lead_id=None,
        kind=LeadKind(
            form=facts.form,
            exclusivity="exclusive" if facts.own else facts.exclusivity,
            opt_in=facts.opt_in,
            incentivized=facts.incentivized,
            own=facts.own,
        ),
        places=places_of(facts.us_state, facts.postal_code, facts.phone),
        answered=facts.answered,
        disposition=facts.disposition,
        arm="held_back" if facts.arm == "held_back" else "at_once",
    )


def _preview(preview: Preview, team: str) -> pb.PreviewResponse:
    order, run = preview.order, preview.run
    return pb.PreviewResponse(
        playbook=preview.book.slug,
        catalog_revision=preview.revision,
        order=order.slug if order is not None else "",
        offer=order.follow_up.offer if order is not None else "",
        arm=run.arm,
        delay_seconds=run.delay_seconds,
        decided_at=_timestamp(run.decided_at),
        zones=preview.zones,
        stopped_by=run.stopped_by,
        steps=[_expected(run, one, team) for one in preview.steps],
    )


def _expected(run: Run, one: Expected, team: str) -> pb.PlaybookStep:
    step = _named(one.step, team)
    step.outcome, step.reason, step.explanation = (
        _OUTCOMES[one.expectation],
        one.why,
        EXPLANATIONS.get(one.why, one.why),
    )
    _set(step.at, one.at)
    _set(step.due_at, one.due_at)
    if one.at is not None and one.lawful_at is not None and one.lawful_at > one.at:
        _set(step.lawful_at, one.lawful_at)
    if one.expectation in ("done", "open"):
        step.step_id = str(step_id(run.lead_id, one.step))
    return step


def _recorded(run: Run, known: Step, record: StepRecord | None, team: str) -> pb.PlaybookStep:
    step = _named(known, team)
    if record is None:
        step.outcome = pb.STEP_OUTCOME_EXPECTED if run.state == "running" else pb.STEP_OUTCOME_NEVER
        return step
    step.reason, step.explanation = record.why, EXPLANATIONS.get(record.why, record.why)
    _set(step.at, record.at)
    _set(step.due_at, record.due_at)
    if record.state == "opened":
        step.outcome = pb.STEP_OUTCOME_OPEN if record.ended_at is None else pb.STEP_OUTCOME_DONE
        step.step_id = str(step_id(run.lead_id, known))
    elif record.state == "skipped":
        step.outcome = pb.STEP_OUTCOME_LEFT_OUT
    else:
        step.outcome = pb.STEP_OUTCOME_EXPECTED if run.state == "running" else pb.STEP_OUTCOME_NEVER
    return step


def _named(step: Step, team: str) -> pb.PlaybookStep:
    return pb.PlaybookStep(
        name=step.name,
        channel=step.channel,
        template=step.template or "",
        receiver=step.receiver or "",
        team=(step.team or team) if step.channel == "call" else "",
    )


def _required(field: str, value: str) -> str:
    if not value:
        raise Malformed.field(field, "required")
    return value


def _lead_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Malformed.field("lead_id", "expected a UUID") from None


def _timestamp(instant: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(instant)
    return stamp


def _set(stamp: Timestamp, instant: datetime | None) -> None:
    if instant is not None:
        stamp.FromDatetime(instant)
