"""Holds one contact against every rule. Pure: the same request, facts, rules and moment give the same verdict."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from services.routing.gate.decision import ContactRequest, Reason
from services.routing.gate.facts import Attempt, Facts, OptOut, OrderTerms
from services.routing.gate.hours import HORIZON_DAYS, lawful, next_lawful, rules_at
from services.routing.gate.permission import lacking, needs_writing
from services.routing.gate.person import Person
from services.routing.gate.places import ABROAD, Places, places_of
from services.routing.gate.rules import AttemptRule, Rules

#: When what could not be known is asked again; and a list that a person has to bring up to date.
AGAIN: Final = timedelta(minutes=1)
LIST_AGAIN: Final = timedelta(minutes=30)
#: How long after its decision a contact may begin, at most; it must be lawful then as well.
HAND_OVER: Final = timedelta(seconds=15)
#: The weightiest first; what no waiting helps against comes before what it does.
_WEIGHT: Final[tuple[Reason, ...]] = (
    "test", "no_address", "opted_out", "no_consent", "listed", "litigator", "reassigned", "abroad", "shared",
    "cannot_know", "attempts", "hours",
)  # fmt: skip
_PASSING: Final = frozenset({"cannot_know", "attempts", "hours"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rules say of one contact; see `GateDecision`."""

    allowed: bool
    rules: tuple[str, ...]
    reason: Reason
    not_before: datetime | None


class _Finding(NamedTuple):
    """One rule's word. `reason` empty: it was kept. `until`: when it may be kept again."""

    rule: str
    reason: Reason = ""
    until: datetime | None = None


def judge(
    request: ContactRequest, person: Person, facts: Facts, terms: OrderTerms, rules: Rules, at: datetime
) -> Verdict:
    """Hold a contact against every rule.

    Args:
        request: what is about to begin.
        person: with whom.
        facts: what is known of the person.
        terms: the order's, today's.
        rules: the packaged ones.
        at: now.
    """
    places = places_of(person.state, person.postal_code, person.phone)
    findings = list(_findings(request, person, places, facts, terms, rules, at))
    broken = [finding for finding in findings if finding.reason]
    if not broken:
        return Verdict(True, tuple(finding.rule for finding in findings), "", None)
    reason = min((finding.reason for finding in broken), key=_WEIGHT.index)
    not_before = _opening(request, places, broken, at) if reason in _PASSING else None
    return Verdict(False, tuple(finding.rule for finding in broken), reason, not_before)


def _findings(
    request: ContactRequest,
    person: Person,
    places: Places,
    facts: Facts,
    terms: OrderTerms,
    rules: Rules,
    at: datetime,
) -> Iterator[_Finding]:
    address = person.email if request.channel == "email" else person.phone
    yield _Finding("lead.real", "test" if person.test else "")
    yield _Finding("address.present", "" if address else "no_address")
    yield _opted_out(request, facts, rules, at)
    if request.purpose != "reply":
        yield _Finding("list.do_not_contact", "listed" if facts.do_not_contact else "")
    if request.purpose == "follow_up" and request.automatic:
        kept = not person.shared or terms.automatic_to_shared
        yield _Finding("order.automatic_to_shared", "" if kept else "shared")
    if request.channel == "email":
        return
    yield _Finding("place.under_us_law", "abroad" if places == ABROAD else "")
    # What the person asked a moment ago may be answered at any hour, whatever else holds; see `_opted_out`.
    if request.purpose == "reply":
        return
    yield from _consented(request, person, facts, places, terms, rules, at)
    yield from _registers(facts)
    yield from _attempts(request, places, facts, rules, at)
    yield from _hours(request, places, rules, at)


def _opted_out(request: ContactRequest, facts: Facts, rules: Rules, at: datetime) -> _Finding:
    stopping = [one for one in facts.opt_outs if one.stops(request.channel)]
    if not stopping:
        return _Finding("opt_out.none")
    if _confirms(request, stopping, facts.attempts, at, timedelta(minutes=rules.number("reply.minutes"))):
        return _Finding("reply.minutes")
    return _Finding("opt_out.none", "opted_out")


def _confirms(
    request: ContactRequest, stopping: list[OptOut], attempts: tuple[Attempt, ...], at: datetime, within: timedelta
) -> bool:
    """Whether this is the one text that may tell a person that its opt-out by text was understood."""
    last = max(stopping, key=lambda one: one.said_at)
    answered = any(one.purpose == "reply" and one.at >= last.said_at for one in attempts if one.channel == "text")
    return (
        request.purpose == "reply"
        and request.channel == "text"
        and last.said_by == "text"
        and at - last.said_at <= within
        and not answered
    )


def _consented(
    request: ContactRequest,
    person: Person,
    facts: Facts,
    places: Places,
    terms: OrderTerms,
    rules: Rules,
    at: datetime,
) -> Iterator[_Finding]:
    days = rules.number("consent.days")
    if needs_writing(request):
        missing = lacking(person, terms, at, days, names_buyer=False)
        yield from (_Finding(rule, "no_consent") for rule in missing)
        if not missing:
            yield _Finding("consent.written")
    else:
        old = at - person.decided_at > timedelta(days=days)
        yield _Finding("inquiry.age", "no_consent" if old else "")
    yield from _lists(person, facts, places, terms, rules, at)


def _lists(
    person: Person, facts: Facts, places: Places, terms: OrderTerms, rules: Rules, at: datetime
) -> Iterator[_Finding]:
    """Do-not-call lists: the national one is a must, a state's is used where the buyer has it."""
    agreed = not lacking(person, terms, at, rules.number("consent.days"), names_buyer=True)
    wanted = {"national": "national_list.days"}
    wanted |= {f"state-{state.lower()}": "state_list.days" for state in places.states}
    for name, age in sorted(wanted.items()):
        state = facts.lists.get(name)
        if state is None and name != "national":
            continue
        if state is None or not 0 <= (at.date() - state.version).days <= rules.number(age):
            yield _Finding(f"list.{name}", "cannot_know", at + LIST_AGAIN)
        else:
            yield _Finding(f"list.{name}", "listed" if state.listed and not agreed else "")
    internal = facts.lists.get("internal")
    if internal is not None:
        yield _Finding("list.internal", "listed" if internal.listed else "")


def _registers(facts: Facts) -> Iterator[_Finding]:
    for rule, answer, reason in (
        ("register.litigators", facts.litigator, "litigator"),
        ("register.reassigned", facts.reassigned, "reassigned"),
    ):
        match answer:
            case None:
                pass
            case "clear":
                yield _Finding(rule)
            case "hit":
                yield _Finding(rule, reason)  # type: ignore[arg-type]
            case "unknown":
                yield _Finding(rule, "cannot_know")


def _attempts(request: ContactRequest, places: Places, facts: Facts, rules: Rules, at: datetime) -> Iterator[_Finding]:
    for rule in rules.attempts:
        if rule.in_force(at.date()) and any(
            rule.binds(state, request.channel, request.automatic) for state in places.states
        ):
            free_at = _free_at(rule, facts.attempts, at)
            yield _Finding(rule.id) if free_at is None else _Finding(rule.id, "attempts", free_at)


def _free_at(rule: AttemptRule, attempts: tuple[Attempt, ...], at: datetime) -> datetime | None:
    """When the rule allows the next attempt; None: now."""
    period = timedelta(hours=rule.hours)
    counted = sorted(
        one.at
        for one in attempts
        if one.purpose != "reply"
        and one.channel in rule.channels
        and (one.automatic or not rule.automatic_only)
        and at - one.at < period
    )
    return counted[-rule.most] + period if len(counted) >= rule.most else None


def _hours(request: ContactRequest, places: Places, rules: Rules, at: datetime) -> Iterator[_Finding]:
    if places == ABROAD:
        return
    # Judged now, and as of the last moment at which it may begin: an hour that ends meanwhile has ended.
    closed_at = next(
        (
            moment
            for moment in (at, at + HAND_OVER)
            if not lawful(places, request.channel, moment, automatic=request.automatic)
        ),
        None,
    )
    if closed_at is None:
        binding = {
            rule.id
            for state in places.states
            for rule in rules.hours
            if rule.binds(state, request.channel, request.automatic) and rule.in_force(at.date())
        }
        yield from (_Finding(rule) for rule in sorted(binding))
    else:
        closed = rules_at(places, request.channel, closed_at, automatic=request.automatic)
        # An hour that the clock shows twice is closed by no rule alone.
        yield from (_Finding(rule, "hours", closed_at) for rule in closed or ("hours",))


def _opening(request: ContactRequest, places: Places, broken: list[_Finding], at: datetime) -> datetime | None:
    """When all that passes by itself may have passed."""
    earliest = max((finding.until or at for finding in broken), default=at)
    if any(finding.reason == "cannot_know" for finding in broken):
        earliest = max(earliest, at + AGAIN)
    if request.channel == "email" or request.purpose == "reply":
        return earliest
    if earliest - at > timedelta(days=HORIZON_DAYS):
        return None
    return next_lawful(places, request.channel, earliest, automatic=request.automatic)
