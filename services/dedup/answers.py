"""What dedup says of each lead of a batch, as it crosses the wire."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from leadline.dedup.v1.dedup_service_pb2 import Breach, CandidateCheck, CheckedLead, Identity, LeadToCheck, Sightings
from services.dedup import exclusivity
from services.dedup.duplicates import Seen, Window, judge, summary
from shared.catalog.snapshot import CatalogView
from shared.rpc.verdict import ReceiptWriter, finding_message
from shared.verdict import Check

SECONDS_A_DAY = 86_400

_RECEIPTS = ReceiptWriter("dedup")


class Answers:
    """Answers of one batch at one moment."""

    def __init__(self, view: CatalogView, now: datetime) -> None:
        self._view = view
        self._now = now
        self._windows: dict[str, Window] = {}
        # Most persons are new, and what is said of a new one depends on the orders alone.
        self._of_new: dict[tuple[object, ...], CheckedLead] = {}

    def of(
        self, lead: LeadToCheck, seen: Mapping[str, Sequence[Seen]], identities: Sequence[tuple[str, bytes]]
    ) -> CheckedLead:
        """The answer, without the identities themselves.

        Args:
            lead: What was asked.
            seen: By kind, for every identity of the lead: earlier purchases, the newest first.
            identities: Kind and digest of each.
        """
        if any(seen.values()):
            return self._of_known(lead, seen, dict(identities))
        key = (*seen, *((candidate.order, candidate.version) for candidate in lead.candidates))
        answer = self._of_new.get(key)
        if answer is None:
            answer = self._of_new[key] = self._judged(lead, seen, b"")
        return answer

    def _of_known(
        self, lead: LeadToCheck, seen: Mapping[str, Sequence[Seen]], digests: Mapping[str, bytes]
    ) -> CheckedLead:
        answer = self._judged(lead, seen, _sightings(seen))
        seller = self._view.seller(lead.seller)
        own = seller is not None and seller.own
        for breach in exclusivity.breaches(lead.seller, own=own, seen=seen, now=self._now):
            answer.breaches.append(_breach(breach, digests))
        return answer

    def _judged(self, lead: LeadToCheck, seen: Mapping[str, Sequence[Seen]], observations: bytes) -> CheckedLead:
        result, checks, findings = CheckedLead(), list[Check](), 0
        for candidate in lead.candidates:
            window = self._window(candidate.order)
            verdict = judge(window, lead.seller, seen, self._now)
            result.candidates.append(
                CandidateCheck(
                    order=candidate,
                    findings=[finding_message(finding) for finding in verdict.findings],
                    match=window.kinds,
                    window_seconds=window.days * SECONDS_A_DAY,
                    scope=window.scope,
                )
            )
            checks += verdict.checks
            findings += len(verdict.findings)
        result.receipt = _RECEIPTS.write(checks, summary(seen, findings), observations=observations)
        return result

    def _window(self, slug: str) -> Window:
        window = self._windows.get(slug)
        if window is None:
            order = self._view.order(slug)
            # Of an order that is not in the catalog routing tells that it is not there.
            window = Window.of(order) if order is not None else Window(slug, "", 0, (), "buyer")
            self._windows[slug] = window
        return window


def _sightings(seen: Mapping[str, Sequence[Seen]]) -> bytes:
    """What the buyer is told, and no seller: which leads of whom."""
    kinds: dict[Seen, list[str]] = {}
    for kind, earlier in seen.items():
        for one in earlier:
            kinds.setdefault(one, []).append(kind)
    told = Sightings()
    for one in sorted(kinds, key=lambda one: one.claimed_at, reverse=True):
        sighting = told.sightings.add(lead_id=one.lead_id, seller=one.seller, kinds=kinds[one])
        sighting.bought_at.FromDatetime(one.claimed_at)
    return told.SerializeToString()


def _breach(found: exclusivity.Breach, digests: Mapping[str, bytes]) -> Breach:
    breach = Breach(
        lead_id=found.earlier.lead_id,
        seller=found.earlier.seller,
        shared=_identities(found.kinds, digests),
        score=found.score,
    )
    if found.earlier.exclusive_until is not None:
        breach.exclusive_until.FromDatetime(found.earlier.exclusive_until)
    return breach


def _identities(kinds: Iterable[str], digests: Mapping[str, bytes]) -> list[Identity]:
    return [Identity(kind=kind, digest=digests[kind]) for kind in kinds]
