"""`leadline agents`: the people who call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.failure import CommandError
from services.cli.output import Buyer, Json, moment, plain, show_json, table, word

if TYPE_CHECKING:
    from leadline.routing.v1 import work_pb2 as work
    from leadline.routing.v1 import work_service_pb2 as pb

agents = typer.Typer(no_args_is_help=True, help="The people who call: what they may do, when, and how much at once.")

_STATES = ("available", "paused", "away")


@agents.command("put")
def put(
    agent: Annotated[str, typer.Argument(help="A word of your own; no e-mail address, no number.")],
    team: Annotated[str, typer.Option("--team", help="The team.")],
    states: Annotated[str, typer.Option("--states", help="Licensed in, such as TX,OK; left out: anywhere.")] = "",
    products: Annotated[str, typer.Option("--products", help="Such as auto-loan; left out: any.")] = "",
    lead_types: Annotated[str, typer.Option("--lead-types", help="exclusive, shared, own; left out: any.")] = "",
    languages: Annotated[str, typer.Option("--languages", help="Such as en,es.")] = "en",
    capacity: Annotated[int, typer.Option("--capacity", min=1, max=100, help="Tasks at once.")] = 1,
    weight: Annotated[int, typer.Option("--weight", min=1, max=1000, help="Share, where work goes by weight.")] = 1,
    shift: Annotated[
        list[str] | None, typer.Option("--shift", help="Such as mon=09:00-17:00; repeatable; left out: always.")
    ] = None,
    zone: Annotated[str, typer.Option("--zone", help="Of the shifts, such as America/Chicago.")] = "",
    off: Annotated[str, typer.Option("--off", help="Days off, such as 2026-12-24,2026-12-25.")] = "",
    state: Annotated[str, typer.Option("--state", help=f"{', '.join(_STATES)}.")] = "available",
    buyer: Buyer = "",
    as_json: Json = False,
) -> None:
    """Add somebody who calls, or change what is known of them: whole, so what is left out is forgotten."""
    from leadline.routing.v1 import work_pb2 as work
    from leadline.routing.v1 import work_service_pb2 as pb
    from services.cli.client import Services, run

    given = work.Agent(
        agent=agent,
        team=team,
        products=_words(products),
        lead_types=_words(lead_types),
        languages=_words(languages),
        licensed_states=[one.upper() for one in _words(states)],
        capacity=capacity,
        weight=weight,
        state=_state(state),
        shifts=[_shift(text) for text in shift or ()],
        time_zone=zone,
        days_off=_words(off),
    )

    async def ask(services: Services) -> pb.PutAgentResponse:
        request = pb.PutAgentRequest(buyer_id=await services.buyer(buyer), agent=given)
        return await services.ask(services.work.PutAgent, request)

    answer = run(ask)
    if as_json:
        show_json(plain(answer)["agent"])
    else:
        _show([work.AgentStanding(agent=answer.agent)])


@agents.command("list")
def show(
    team: Annotated[str, typer.Argument(metavar="[TEAM]", help="Only this team's.")] = "",
    buyer: Buyer = "",
    as_json: Json = False,
) -> None:
    """Show who calls, what they have now, and why they are given nothing."""
    answer = _listed(team, buyer)
    if as_json:
        show_json(plain(answer)["agents"])
    else:
        _show(list(answer.agents))


@agents.command("state")
def change(
    agent: Annotated[str, typer.Argument(help="Who.")],
    state: Annotated[str, typer.Argument(help=f"{', '.join(_STATES)}.")],
    buyer: Buyer = "",
    as_json: Json = False,
) -> None:
    """Let somebody take work, pause, or be away; all else stays as it is."""
    from leadline.routing.v1 import work_pb2 as work
    from leadline.routing.v1 import work_service_pb2 as pb
    from services.cli.client import Services, run

    found = [one.agent for one in _listed("", buyer).agents if one.agent.agent == agent]
    if not found:
        raise CommandError(f"there is no agent {agent}")
    found[0].state = _state(state)

    async def ask(services: Services) -> pb.PutAgentResponse:
        request = pb.PutAgentRequest(buyer_id=await services.buyer(buyer), agent=found[0])
        return await services.ask(services.work.PutAgent, request)

    answer = run(ask)
    if as_json:
        show_json(plain(answer)["agent"])
    else:
        _show([work.AgentStanding(agent=answer.agent)])


def _listed(team: str, buyer: str) -> pb.ListAgentsResponse:
    from leadline.routing.v1 import work_service_pb2 as pb
    from services.cli.client import Services, run

    async def ask(services: Services) -> pb.ListAgentsResponse:
        request = pb.ListAgentsRequest(buyer_id=await services.buyer(buyer), team=team)
        return await services.ask(services.work.ListAgents, request)

    return run(ask)


def _show(found: list[work.AgentStanding]) -> None:
    from leadline.routing.v1 import work_pb2 as work

    states = work.AgentState.DESCRIPTOR
    rows = (
        (
            *(one.agent.agent, one.agent.team, word(states, one.agent.state), one.unavailable),
            *(f"{one.holding}/{one.agent.capacity}", one.agent.weight, ",".join(one.agent.licensed_states) or "any"),
            *(",".join([*one.agent.products, *one.agent.lead_types]) or "any", ",".join(one.agent.languages)),
            moment(one, "seen_at")[:19],
        )
        for one in found
    )
    columns = ("Agent", "Team", "State", "Takes nothing", "Has", "Weight", "Licensed", "Takes", "Speaks", "Seen")
    table(columns, rows, right=("Weight",))


def _state(text: str) -> work.AgentState.ValueType:
    from leadline.routing.v1 import work_pb2 as work

    if text not in _STATES:
        raise CommandError(f"state: expected one of {', '.join(_STATES)}")
    return work.AgentState.Value(f"AGENT_STATE_{text.upper()}")


def _shift(text: str) -> work.Shift:
    from leadline.routing.v1 import work_pb2 as work

    day, _, hours = text.partition("=")
    begins, dash, ends = hours.partition("-")
    if not dash:
        raise CommandError(f"--shift {text}: expected day=HH:MM-HH:MM, such as mon=09:00-17:00")
    return work.Shift(day=day, begins=begins, ends=ends)


def _words(text: str) -> list[str]:
    return [one for one in (part.strip() for part in text.split(",")) if one]
