"""What dedup says of each lead of a batch, as it crosses the wire."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from leadline.dedup.v1.dedup_service_pb2 import (
    Alike,
    Breach,
    CandidateCheck,
    CheckedLead,
    Identity,
    LeadToCheck,
    Sightings,
)
from services.dedup import exclusivity
from services.dedup.alike import Comparison, Similar, judge_alike
from services.dedup.duplicates import Seen, Window, judge, summary
from services.dedup.suppression import Listed, judge_listed
from shared.catalog.snapshot import CatalogView
from shared.rpc.verdict import ReceiptWriter, finding_message
from shared.verdict import Check

SECONDS_A_DAY = 86_400

_RECEIPTS = ReceiptWriter("dedup")

#: An order's window, its terms for similar people, and the suppression lists that it minds; None: all.
_Terms = tuple[Window, Comparison, tuple[str, ...] | None]


class Answers:
    """Answers of one batch at one moment."""

    def __init__(self, view: CatalogView, now: datetime) -> None:
        self._view = view
        self._now = now
        self._ready: dict[str, _Terms] = {}
        # Most persons are new, and what is said of a new one depends on the orders alone.
        self._of_new: dict[tuple[object, ...], CheckedLead] = {}

    def of(
        self,
        lead: LeadToCheck,
        seen: Mapping[str, Sequence[Seen]],
        identities: Sequence[tuple[str, bytes]],
        similar: Sequence[Similar] = (),
        listed: Sequence[Listed] = (),
    ) -> CheckedLead:
        """The answer, without the identities themselves.

        Args:
            lead: What was asked.
            seen: By kind, for every identity of the lead: earlier purchases, the newest first.
            identities: Kind and digest of each.
            similar: Earlier purchases of similar people, the most similar first.
            listed: Suppression lists that the person is on.
        """
        if similar or listed or any(seen.values()):
            return self._of_known(lead, seen, dict(identities), similar, listed)
        key = (*seen, *((candidate.order, candidate.version) for candidate in lead.candidates))
        answer = self._of_new.get(key)
        if answer is None:
            answer = self._of_new[key] = self._judged(lead, seen, (), ())
        return answer

    def _of_known(
        self,
        lead: LeadToCheck,
        seen: Mapping[str, Sequence[Seen]],
        digests: Mapping[str, bytes],
        similar: Sequence[Similar],
        listed: Sequence[Listed],
    ) -> CheckedLead:
        answer = self._judged(lead, seen, similar, listed, _sightings(seen, similar, listed))
        seller = self._view.seller(lead.seller)
        own = seller is not None and seller.own
        for breach in exclusivity.breaches(lead.seller, own=own, seen=seen, similar=similar, now=self._now):
            answer.breaches.append(_breach(breach, digests))
        return answer

    def _judged(
        self,
        lead: LeadToCheck,
        seen: Mapping[str, Sequence[Seen]],
        similar: Sequence[Similar],
        listed: Sequence[Listed],
        observations: bytes = b"",
    ) -> CheckedLead:
        result, checks, findings = CheckedLead(), list[Check](), 0
        for candidate in lead.candidates:
            window, comparison, minded = self._terms(candidate.order)
            verdict = judge(window, lead.seller, seen, self._now)
            alike = judge_alike(comparison, window, lead.seller, similar, self._now)
            # Whoever is the same by an identity is not told to be alike as well.
            lists = judge_listed(candidate.order, minded, listed)
            told = (*(verdict.findings or alike.findings), *lists.findings)
            result.candidates.append(
                CandidateCheck(
                    order=candidate,
                    findings=[finding_message(finding) for finding in told],
                    match=window.kinds,
                    window_seconds=window.days * SECONDS_A_DAY,
                    scope=window.scope,
                    rejects_alike=comparison.fuzzy == "reject",
                    alike=[
                        Alike(lead_id=one.seen.lead_id, score=one.match.score, why=one.match.why)
                        for one in alike.marked
                    ],
                )
            )
            checks += (*verdict.checks, *alike.checks, *lists.checks)
            findings += len(told)
        result.receipt = _RECEIPTS.write(checks, summary(seen, findings), observations=observations)
        return result

    def _terms(self, slug: str) -> _Terms:
        terms = self._ready.get(slug)
        if terms is None:
            order = self._view.order(slug)
            # Of an order that is not in the catalog routing tells that it is not there.
            terms = self._ready[slug] = (
                (Window.of(order), Comparison.of(order.duplicates), order.duplicates.suppression_lists)
                if order is not None
                else (Window(slug, "", 0, (), "buyer"), _NEVER, ())
            )
        return terms


_NEVER = Comparison("off", 100, 100)


def _sightings(seen: Mapping[str, Sequence[Seen]], similar: Sequence[Similar], listed: Sequence[Listed]) -> bytes:
    """What the buyer is told, and no seller: which leads of whom, and which lists."""
    kinds: dict[Seen, list[str]] = {}
    for kind, earlier in seen.items():
        for one in earlier:
            kinds.setdefault(one, []).append(kind)
    alike = {one.seen.lead_id: one for one in similar[:_MOST_TOLD]}
    for person in alike.values():
        if all(person.seen.lead_id != known.lead_id for known in kinds):
            kinds[person.seen] = []
    told = Sightings(lists=sorted({one.list for one in listed}))
    for known in sorted(kinds, key=lambda one: one.claimed_at, reverse=True):
        sighting = told.sightings.add(lead_id=known.lead_id, seller=known.seller, kinds=kinds[known])
        sighting.bought_at.FromDatetime(known.claimed_at)
        if known.lead_id in alike:
            compared = alike[known.lead_id].match
            sighting.score = compared.score
            sighting.why.extend(compared.why)
    return told.SerializeToString()


#: The most similar people that a receipt names.
_MOST_TOLD = 5


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
