"""Agents in Postgres, and where they stand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import asyncpg
import msgspec

from services.routing.work.agent import Agent, AgentNow
from services.routing.work.distribution import Turns
from shared.catalog.buying import Schedule
from shared.db.pool import Connection, Pool

_PUT = """
INSERT INTO routing.agent
    (buyer_id, agent, team, products, lead_types, languages, states, capacity, weight, state, shifts, changed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
ON CONFLICT (buyer_id, agent) DO UPDATE
SET team = excluded.team, products = excluded.products, lead_types = excluded.lead_types,
    languages = excluded.languages, states = excluded.states, capacity = excluded.capacity,
    weight = excluded.weight, state = excluded.state, shifts = excluded.shifts, changed_at = excluded.changed_at
"""
_COLUMNS = """
a.*, (SELECT count(*) FROM routing.call_task AS t
      WHERE t.buyer_id = a.buyer_id AND t.agent = a.agent AND t.state = 'claimed') AS holding
"""
_LIST = f"""
SELECT {_COLUMNS} FROM routing.agent AS a
WHERE a.buyer_id = $1 AND ($2 = '' OR a.team = $2) ORDER BY a.team, a.agent
"""
_ONE = f"SELECT {_COLUMNS} FROM routing.agent AS a WHERE a.buyer_id = $1 AND a.agent = $2"
_LOCK = "SELECT 1 FROM routing.agent WHERE buyer_id = $1 AND agent = $2 FOR UPDATE"
_LOCK_TEAM = "SELECT 1 FROM routing.agent WHERE buyer_id = $1 AND team = $2 ORDER BY agent FOR UPDATE"
_SEEN = "UPDATE routing.agent SET seen_at = greatest(seen_at, $3) WHERE buyer_id = $1 AND agent = $2 RETURNING 1"
_STOOD = """
UPDATE routing.agent AS a
SET passed = s.passed, present_in = s.present_in, assigned_at = s.assigned_at
FROM unnest($2::text[], $3::float8[], $4::bigint[], $5::timestamptz[]) AS s (agent, passed, present_in, assigned_at)
WHERE a.buyer_id = $1 AND a.agent = s.agent
"""
_NEW_TURN = "INSERT INTO routing.turn (buyer_id, team) VALUES ($1, $2) ON CONFLICT DO NOTHING"
_TURN = "SELECT round, reached FROM routing.turn WHERE buyer_id = $1 AND team = $2 FOR UPDATE SKIP LOCKED"
_TURNED = "UPDATE routing.turn SET round = $3, reached = $4 WHERE buyer_id = $1 AND team = $2"

_ENCODER = msgspec.json.Encoder(order="deterministic")
_DECODER = msgspec.json.Decoder(Schedule)


async def put(conn: Connection | Pool, agent: Agent, at: datetime) -> None:
    """Add an agent, or change one."""
    await conn.execute(
        _PUT,
        agent.buyer_id,
        agent.agent,
        agent.team,
        agent.products,
        agent.lead_types,
        agent.languages,
        agent.states,
        agent.capacity,
        agent.weight,
        agent.state,
        _ENCODER.encode(agent.shifts).decode(),
        at,
    )


async def agents(conn: Connection | Pool, buyer_id: str, team: str = "") -> list[AgentNow]:
    """Agents of a team (empty: of all) with what they have, by team and name."""
    return [_agent(row) for row in await conn.fetch(_LIST, buyer_id, team)]


async def agent_of(conn: Connection | Pool, buyer_id: str, agent: str) -> AgentNow | None:
    """One agent; None: there is none of that name."""
    row = await conn.fetchrow(_ONE, buyer_id, agent)
    return None if row is None else _agent(row)


async def locked(conn: Connection, buyer_id: str, agent: str) -> AgentNow | None:
    """One agent, whom nobody else gives work to until the transaction ends."""
    await conn.execute(_LOCK, buyer_id, agent)
    return await agent_of(conn, buyer_id, agent)


async def locked_team(conn: Connection, buyer_id: str, team: str) -> list[AgentNow]:
    """The agents of a team, to whom nobody else gives work until the transaction ends."""
    await conn.execute(_LOCK_TEAM, buyer_id, team)
    return await agents(conn, buyer_id, team)


async def seen(conn: Connection, buyer_id: str, agent: str, at: datetime) -> bool:
    """Note a sign of life; False: there is no such agent."""
    return await conn.fetchval(_SEEN, buyer_id, agent, at) is not None


async def turns(conn: Connection, buyer_id: str, team: str) -> Turns | None:
    """Lock where a team stands; None: somebody else is giving its work just now."""
    await conn.execute(_NEW_TURN, buyer_id, team)
    row = await conn.fetchrow(_TURN, buyer_id, team)
    return None if row is None else Turns(row["round"], row["reached"])


async def turned(conn: Connection, buyer_id: str, team: str, turns: Turns, stood: Sequence[AgentNow]) -> None:
    """Record where a team and its agents stand."""
    await conn.execute(_TURNED, buyer_id, team, turns.round, turns.reached)
    await conn.execute(
        _STOOD,
        buyer_id,
        [one.agent.agent for one in stood],
        [one.passed for one in stood],
        [one.present_in for one in stood],
        [one.assigned_at for one in stood],
    )


def _agent(row: asyncpg.Record) -> AgentNow:
    agent = Agent(
        buyer_id=row["buyer_id"],
        agent=row["agent"],
        team=row["team"],
        products=tuple(row["products"]),
        lead_types=tuple(row["lead_types"]),
        languages=tuple(row["languages"]),
        states=tuple(row["states"]),
        capacity=row["capacity"],
        weight=row["weight"],
        state=row["state"],
        shifts=_DECODER.decode(row["shifts"]),
    )
    return AgentNow(
        agent=agent,
        holding=row["holding"],
        seen_at=row["seen_at"],
        passed=row["passed"],
        present_in=row["present_in"],
        assigned_at=row["assigned_at"],
    )
