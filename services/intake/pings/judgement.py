"""Pings and posts as the comparison sees them, and what a post's bid says against it."""

from __future__ import annotations

from leadline.common.v1 import lead_pb2, reason_pb2
from services.intake.answer import finding
from services.intake.draft import Draft, reached
from services.intake.pings.comparison import Digest, Lead, Told, Type, mismatches, told_by

_MISMATCH = reason_pb2.REASON_BID_MISMATCH
_RULE = "bid.matches"
#: Reasons that are about the bid, not about the lead: its hold is not this lead's to give up.
BID_REASONS = (_MISMATCH, reason_pb2.REASON_BID_EXPIRED)


def told(draft: Draft, digest: Digest) -> Told:
    """What is kept of a ping; one that validation did not answer for told nothing."""
    return told_by(_lead(draft), digest)


def judge_bid(draft: Draft) -> list[reason_pb2.Finding]:
    """What the bid has against its post: everything in which the post is not what the ping told."""
    findings = list(draft.bid_findings)
    if draft.bid is not None:
        claims = draft.bid.claims
        differing = list(mismatches(draft.bid.told, _lead(draft), draft.bid.digest))
        if draft.submission.order not in ("", claims.order):
            differing.append("order")
        for name in dict.fromkeys(differing):
            findings.append(finding(_MISMATCH, f"Expected {name} as in the ping.", field=name))
            _note(draft, name, passed=False)
        if not differing:
            _note(draft, "", passed=True)
    elif findings:
        draft.settlement.checks.append(
            lead_pb2.Check(rule="bid.token", field="bid_token", expected="a bid in force", reason=findings[0].reason)
        )
    return findings


def holds(draft: Draft) -> bool:
    """True where settling the draft spends its bid's hold; a lead that is not the one pinged leaves it to that one."""
    return (
        draft.bid is not None and not draft.test and not any(reason.reason in BID_REASONS for reason in draft.reasons)
    )


def _note(draft: Draft, name: str, *, passed: bool) -> None:
    if any((check.rule, check.field) == (_RULE, name) for check in draft.settlement.checks):
        return  # Decided once more, after another look.
    claims = draft.bid.claims if draft.bid is not None else None
    draft.settlement.checks.append(
        lead_pb2.Check(
            rule=_RULE,
            passed=passed,
            field=name,
            observed=f"ping {claims.ping_id}" if claims else "",
            expected="as in the ping",
            reason=reason_pb2.REASON_UNSPECIFIED if passed else _MISMATCH,
            order=claims.order if claims else "",
        )
    )


def _lead(draft: Draft) -> Lead:
    validated, checked = reached(draft.validated), reached(draft.checked)
    kind = validated.lead_type
    return Lead(
        sent=draft.submission.fields,
        fields=validated.fields,
        source=validated.source,
        identities={identity.kind: identity.digest for identity in checked.identities},
        type=Type(kind.form, kind.incentivized, kind.opt_in, kind.exclusivity),
        hashes=draft.hashes,
    )
