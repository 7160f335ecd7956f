"""What is agreed with sales, and what teams say of themselves, must satisfy. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from services.intake.catalog.buying_checks import check_schedule
from services.intake.catalog.draft import Draft, Finding, unknown_name
from services.intake.catalog.reading import Path
from shared.catalog.sales import DEFAULT_SECONDS, Sla
from shared.catalog.terms import FollowUp


def check_teams(draft: Draft) -> Iterator[Finding]:
    """Hours that can be kept, and an address that can be one."""
    for index, team in draft.teams.items():
        yield from check_schedule(team.schedule, ("teams", index, "schedule"))
        local, _, host = team.alert_email.rpartition("@")
        if team.alert_email and (not local or "." not in host or any(one.isspace() for one in team.alert_email)):
            yield ("teams", index, "alert_email"), "expected an e-mail address, such as desk@bank.example"
        if team.alert_receiver is not None:
            yield from _receiver(draft, team.alert_receiver, ("teams", index, "alert_receiver"))
        if team.fallback is not None:
            yield from unknown_name(draft, "teams", team.fallback, ("teams", index, "fallback"))
        if team.fallback == team.slug:
            yield ("teams", index, "fallback"), "expected another team"


def _receiver(draft: Draft, slug: str, path: Path) -> Iterator[Finding]:
    yield from unknown_name(draft, "receivers", slug, path)
    if any(one.slug == slug and one.kind != "webhook" for one in draft.receivers.values()):
        yield path, f"`{slug}` is no webhook, the only kind that takes alerts"


def check_agreements(draft: Draft, terms: FollowUp, path: Path) -> Iterator[Finding]:
    """An order's agreements: one way to say each thing, and teams that there are."""
    if terms.sla is not None:
        if terms.sla_seconds != DEFAULT_SECONDS:
            yield (*path, "sla_seconds"), "`sla` says how soon; leave out its short form"
        yield from _agreement(draft, terms.sla, (*path, "sla"))
    for team, sla in terms.sla_by_team.items():
        place = (*path, "sla_by_team", team)
        yield from unknown_name(draft, "teams", team, place)
        if team in draft.names["teams"] and team not in terms.teams:
            yield place, f"team `{team}` is not among the order's teams"
        yield from _agreement(draft, sla, place)


def _agreement(draft: Draft, sla: Sla, path: Path) -> Iterator[Finding]:
    if sla.remind_at_percent is not None and sla.remind_seconds_before is not None:
        yield (*path, "remind_at_percent"), "expected it or `remind_seconds_before`, not both"
    if sla.remind_seconds_before is not None and sla.remind_seconds_before >= sla.seconds:
        yield (*path, "remind_seconds_before"), f"expected less than the {sla.seconds} seconds that are agreed"
    if sla.escalate_to is not None:
        yield from unknown_name(draft, "teams", sla.escalate_to, (*path, "escalate_to"))
