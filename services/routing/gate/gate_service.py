"""GateService: protobuf on one side, the gate on the other."""

from __future__ import annotations

import base64
import binascii
import re
import struct
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
import grpc

from leadline.routing.v1 import gate_service_pb2 as pb
from leadline.routing.v1 import gate_service_pb2_grpc as rpc
from services.routing.contacts_client import Contacts
from services.routing.gate.decision import ContactRequest, GateDecision
from services.routing.gate.digests import Digests
from services.routing.gate.gate import Gate
from services.routing.gate.gate_store import GateStore
from services.routing.gate.opt_out_store import OptOutStore
from services.routing.gate.opt_outs import Notice, OptOuts
from services.routing.gate.revocation import read
from services.routing.gate.rules import CHANNELS, Rules
from shared.rpc.errors import Malformed, WrongState
from shared.runtime.clock import Clock

_DEFAULT_PAGE, _LARGEST_PAGE = 100, 500
MOST_NUMBERS = 10_000
_HASH_BYTES = 32
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = datetime(9999, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
# A page token: an instant, microseconds since the epoch, and an id.
_TOKEN = struct.Struct(">q16s")
_LIST = re.compile(r"national|internal|litigators|state-[a-z]{2}")
_AMERICAN = re.compile(r"1?([2-9][0-9]{9})")
_PURPOSES = ("confirmation", "follow_up", "reply")
_SCOPES = ("all", "phone", "call", "text", "email")
_SAID_BY = ("text", "email", "call", "link", "agent", "letter")

Context = grpc.aio.ServicerContext[Any, Any]
T = TypeVar("T")


class GateService(rpc.GateServiceServicer):
    """Shows what the gate decided, and takes what it goes by."""

    def __init__(
        self,
        gate: Gate,
        decisions: GateStore,
        opt_outs: OptOuts,
        store: OptOutStore,
        contacts: Contacts,
        digests: Digests,
        rules: Rules,
        clock: Clock,
    ) -> None:
        self._gate = gate
        self._decisions = decisions
        self._opt_outs = opt_outs
        self._store = store
        self._contacts = contacts
        self._digests = digests
        self._rules = rules
        self._clock = clock

    async def ListDecisions(self, request: pb.ListDecisionsRequest, context: Context) -> pb.ListDecisionsResponse:
        """A page of decisions by time: one that is made meanwhile moves no other to another page."""
        buyer_id, lead_id, size = _required(request), _uuid("lead_id", request.lead_id), _size(request.page_size)
        after = _cursor(request.page_token) if request.page_token else (_EPOCH, UUID(int=0))
        rows = await self._decisions.of_lead(buyer_id, lead_id, after, size + 1)
        response = pb.ListDecisionsResponse(decisions=[_recorded(row) for row in rows[:size]])
        if len(rows) > size:
            response.next_page_token = _token(rows[size - 1]["decided_at"], rows[size - 1]["decision_id"])
        return response

    async def CheckContact(self, request: pb.CheckContactRequest, context: Context) -> pb.CheckContactResponse:
        """Raises Unavailable where the gate cannot know."""
        buyer_id, lead_id = _required(request), _uuid("lead_id", request.lead_id)
        (person,) = await self._contacts.fetch(buyer_id, [lead_id])
        asked = ContactRequest(
            lead_id=lead_id,
            channel=_one_of("channel", request.channel, CHANNELS),
            automatic=request.automatic,
            purpose=_one_of("purpose", request.purpose or "follow_up", _PURPOSES),  # type: ignore[arg-type]
            person=person,
        )
        at = request.at.ToDatetime(UTC) if request.HasField("at") else self._clock.now()
        (decision,) = await self._gate.preview(buyer_id, [asked], at)
        return pb.CheckContactResponse(
            decision=_decided(asked, decision, self._rules.version, at), citations=self._cited(decision.rules)
        )

    async def RecordOptOut(self, request: pb.RecordOptOutRequest, context: Context) -> pb.RecordOptOutResponse:
        """Raises Malformed where nobody or nothing is named, Unavailable where a contact is still going on."""
        buyer_id = _required(request)
        said_by = _one_of("said_by", request.said_by, _SAID_BY)
        if not (request.lead_id or request.phone or request.email):
            raise Malformed.field("lead_id", "expected a lead, a phone or an e-mail address")
        if not request.recorded_by:
            raise Malformed.field("recorded_by", "required")
        scope = _one_of("scope", request.scope or _understood(request), _SCOPES)
        lead_id = _uuid("lead_id", request.lead_id) if request.lead_id else None
        person = None
        if lead_id is not None:
            (person,) = await self._contacts.fetch(buyer_id, [lead_id])
        notice = Notice(
            buyer_id=buyer_id,
            scope=scope,  # type: ignore[arg-type]
            said_by=said_by,  # type: ignore[arg-type]
            said_at=request.said_at.ToDatetime(UTC) if request.HasField("said_at") else self._clock.now(),
            recorded_by=request.recorded_by,
            lead_id=lead_id,
            person=person,
            phone=_e164(request.phone) if request.phone else "",
            email=request.email,
        )
        return pb.RecordOptOutResponse(opt_out_id=str(await self._opt_outs.record(notice)), scope=scope)

    async def WithdrawOptOut(self, request: pb.WithdrawOptOutRequest, context: Context) -> pb.WithdrawOptOutResponse:
        """Raises WrongState where there is no such opt-out in force from before the consent."""
        buyer_id, opt_out_id = _required(request), _uuid("opt_out_id", request.opt_out_id)
        for field in ("withdrawn_by", "evidence"):
            if not getattr(request, field).strip():
                raise Malformed.field(field, "required: an opt-out ends by new express consent only")
        now = self._clock.now()
        consented_at = request.consented_at.ToDatetime(UTC)
        if not request.HasField("consented_at") or consented_at > now:
            raise Malformed.field("consented_at", "expected when the person consented anew, in the past")
        done = await self._store.withdraw(
            buyer_id,
            opt_out_id,
            at=now,
            by=request.withdrawn_by,
            evidence=request.evidence,
            consented_at=consented_at,
        )
        if not done:
            raise WrongState("there is no such opt-out in force that is older than this consent")
        return pb.WithdrawOptOutResponse()

    async def ListOptOuts(self, request: pb.ListOptOutsRequest, context: Context) -> pb.ListOptOutsResponse:
        """A page of opt-outs by when they were recorded."""
        buyer_id, size = _required(request), _size(request.page_size)
        lead_id = _uuid("lead_id", request.lead_id) if request.lead_id else None
        phone = _e164(request.phone) if request.phone else ""
        addresses = set(self._digests.of(buyer_id, phone, request.email))
        if lead_id is not None:
            addresses |= set(await self._store.reached(buyer_id, lead_id))
        before = _cursor(request.page_token) if request.page_token else (_LAST, UUID(int=0))
        rows = await self._store.page(buyer_id, lead_id, sorted(addresses), before, size + 1)
        response = pb.ListOptOutsResponse(opt_outs=[_opt_out(row) for row in rows[:size]])
        if len(rows) > size:
            response.next_page_token = _token(rows[size - 1]["recorded_at"], rows[size - 1]["opt_out_id"])
        return response

    async def ImportNumbers(self, request: pb.ImportNumbersRequest, context: Context) -> pb.ImportNumbersResponse:
        """Raises Malformed; a number that cannot be read refuses itself only."""
        buyer_id = _required(request)
        if not _LIST.fullmatch(request.list):
            raise Malformed.field("list", "expected national, internal, litigators or state-tx and the like")
        version = _day("version", request.version)
        now = self._clock.now()
        if version > now.date():
            raise Malformed.field("version", "expected the day on which the list was made, not a later one")
        if len(request.phones) + len(request.phone_sha256) > MOST_NUMBERS:
            raise Malformed.field("phones", f"expected at most {MOST_NUMBERS}")
        hashes, refused_phones = _read(request.phones, lambda phone: sha256(_e164(phone).encode()).digest())
        told, refused_hashes = _read(request.phone_sha256, _hash)
        digests = {self._digests.of_hash(buyer_id, "phone", hashed).digest for hashed in (*hashes, *told)}
        await self._store.add_numbers(buyer_id, request.list, version, sorted(digests), now=now, last=request.last)
        return pb.ImportNumbersResponse(refused_phones=refused_phones, refused_hashes=refused_hashes)

    async def ListNumberLists(self, request: pb.ListNumberListsRequest, context: Context) -> pb.ListNumberListsResponse:
        """Every version that is kept."""
        today = self._clock.now().date()
        rows = await self._store.lists(_required(request))
        return pb.ListNumberListsResponse(lists=[self._list(row, today) for row in rows])

    def _list(self, row: asyncpg.Record, today: date) -> pb.NumberList:
        name, version = row["list"], row["version"]
        rule = {"national": "national_list.days", "litigators": "litigators.days"}.get(name)
        if name.startswith("state-"):
            rule = "state_list.days"
        until = version + timedelta(days=self._rules.number(rule)) if rule is not None else None
        listed = pb.NumberList(
            list=name,
            version=version.isoformat(),
            numbers=row["numbers"],
            complete=row["complete"],
            usable=row["complete"] and version <= today and (until is None or today <= until),
            usable_until=until.isoformat() if until is not None else "",
        )
        listed.imported_at.FromDatetime(row["imported_at"])
        return listed

    def _cited(self, rules: Iterable[str]) -> list[pb.RuleCited]:
        known = {rule.id: rule for rule in (*self._rules.hours, *self._rules.attempts, *self._rules.numbers.values())}
        law = {"list.national": "national_list.days", "consent.age": "consent.days", "inquiry.age": "consent.days"}
        found = [(name, known.get(law.get(name, name))) for name in rules]
        return [
            pb.RuleCited(rule=name, citation=rule.citation, source=rule.source, basis=rule.basis)
            for name, rule in found
            if rule is not None
        ]


def _understood(request: pb.RecordOptOutRequest) -> str:
    if not request.words:
        raise Malformed.field("scope", "expected what must end, or the person's words")
    channel = request.said_by if request.said_by in CHANNELS else "call"
    heard = read(request.words, channel)
    if heard.intent not in ("opt_out", "wrong_number"):
        raise Malformed.field("words", "no wish to be left alone was understood; say by `scope` what must end")
    return heard.scope


def _required(request: Any) -> str:
    if not request.buyer_id:
        raise Malformed.field("buyer_id", "required")
    return str(request.buyer_id)


def _uuid(field: str, text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Malformed.field(field, "expected a UUID") from None


def _size(asked: int) -> int:
    size = asked or _DEFAULT_PAGE
    if not 1 <= size <= _LARGEST_PAGE:
        raise Malformed.field("page_size", f"expected 1 to {_LARGEST_PAGE}, or 0 for {_DEFAULT_PAGE}")
    return size


def _one_of(field: str, value: str, known: Sequence[T]) -> T:
    for one in known:
        if value == one:
            return one
    raise Malformed.field(field, f"expected one of {', '.join(map(str, known))}")


def _day(field: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Malformed.field(field, "expected a day such as 2026-11-15") from None


def _e164(phone: str) -> str:
    """A North American number in any usual writing; the error never repeats it."""
    known = _AMERICAN.fullmatch(re.sub(r"[^0-9]", "", phone))
    if known is None:
        raise Malformed.field("phone", "expected a North American number of ten digits")
    return f"+1{known[1]}"


def _hash(hashed: bytes) -> bytes:
    if len(hashed) != _HASH_BYTES:
        raise Malformed.field("phone_sha256", "expected 32 bytes")
    return hashed


def _read(told: Iterable[T], reading: Any) -> tuple[list[bytes], list[int]]:
    """What could be read, and the places of what could not."""
    found, refused = [], []
    for index, one in enumerate(told):
        try:
            found.append(reading(one))
        except Malformed:
            refused.append(index)
    return found, refused


def _token(instant: datetime, ident: UUID) -> str:
    return base64.urlsafe_b64encode(_TOKEN.pack((instant - _EPOCH) // _MICROSECOND, ident.bytes)).decode()


def _cursor(token: str) -> tuple[datetime, UUID]:
    try:
        microseconds, ident = _TOKEN.unpack(base64.urlsafe_b64decode(token))
        return _EPOCH + timedelta(microseconds=microseconds), UUID(bytes=ident)
    except (struct.error, binascii.Error, ValueError, OverflowError):
        raise Malformed.field("page_token", "expected the next_page_token of an earlier answer") from None


def _decided(asked: ContactRequest, decision: GateDecision, version: str, at: datetime) -> pb.ContactDecision:
    told = pb.ContactDecision(
        lead_id=str(asked.lead_id),
        channel=asked.channel,
        automatic=asked.automatic,
        purpose=asked.purpose,
        allowed=decision.allowed,
        reason=decision.reason,
        rules=decision.rules,
        rules_version=version,
    )
    if decision.not_before is not None:
        told.not_before.FromDatetime(decision.not_before)
    told.decided_at.FromDatetime(at)
    return told


def _recorded(row: asyncpg.Record) -> pb.ContactDecision:
    told = pb.ContactDecision(
        decision_id=str(row["decision_id"]),
        lead_id=str(row["lead_id"]),
        **{name: row[name] for name in ("channel", "automatic", "purpose", "allowed", "reason", "rules_version")},
        rules=row["rules"],
    )
    if row["not_before"] is not None:
        told.not_before.FromDatetime(row["not_before"])
    told.decided_at.FromDatetime(row["decided_at"])
    return told


def _opt_out(row: asyncpg.Record) -> pb.OptOutRecord:
    told = pb.OptOutRecord(
        opt_out_id=str(row["opt_out_id"]),
        lead_id="" if row["lead_id"] is None else str(row["lead_id"]),
        kinds=row["kinds"],
        withdrawn_by=row["withdrawn_by"] or "",
        evidence=row["evidence"] or "",
        **{name: row[name] for name in ("scope", "said_by", "recorded_by")},
    )
    for name in ("said_at", "recorded_at", "withdrawn_at", "consented_at"):
        if row[name] is not None:
            getattr(told, name).FromDatetime(row[name])
    return told
