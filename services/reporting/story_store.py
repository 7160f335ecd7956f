"""Stories and the sums over them: how they are written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from services.reporting.response import NUMBERS
from services.reporting.response_sums import HEAT_NUMBERS, HELD_NUMBERS, HeatKey, HeldKey, ResponseKey, Sums
from services.reporting.story import Story, decode, encode
from services.reporting.sums_store import adding, array, arrays, columns, write
from shared.db.failures import translated
from shared.db.pool import Connection, Pool

#: What stories are found by: buyer and lead.
LeadKey = tuple[str, str]

# In the order of the key: two projectors then wait for each other, and never each for the other. Each statement finds
# its rows by the primary key whatever the planner believes of the table: one lateral look a lead, and ON CONFLICT.
_LOCK = """
SELECT named.buyer_id, named.lead_id::text, known.story
  FROM unnest($1::text[], $2::uuid[]) AS named (buyer_id, lead_id)
       CROSS JOIN LATERAL (SELECT l.story FROM reporting.lead AS l
                            WHERE l.buyer_id = named.buyer_id AND l.lead_id = named.lead_id
                              FOR UPDATE) AS known
"""
_BEGIN = """
INSERT INTO reporting.lead (buyer_id, lead_id, story)
SELECT * FROM unnest($1::text[], $2::uuid[], $3::text[])
    ON CONFLICT (buyer_id, lead_id) DO NOTHING
RETURNING buyer_id, lead_id::text
"""
_GROW = """
INSERT INTO reporting.lead (buyer_id, lead_id, story)
SELECT * FROM unnest($1::text[], $2::uuid[], $3::text[])
    ON CONFLICT (buyer_id, lead_id) DO UPDATE SET story = excluded.story
"""
_STORY = "SELECT story FROM reporting.lead WHERE buyer_id = $1 AND lead_id = $2"

_NAMED = ("seller", "source", "order_slug", "team", "agent")
_RESPONSE_KEY = ("buyer_id", "side", "span", "starts_at", *_NAMED)
_HEAT_KEY = ("buyer_id", "facet", "hour", *_NAMED)
_HELD_KEY = ("buyer_id", "span", "starts_at", "order_slug", "delay_seconds", "arm")
_ADD_RESPONSE = adding("response", _RESPONSE_KEY, NUMBERS, buckets=False)
_ADD_TIMES = adding("response_time", ("buyer_id", "side", "timed", "span", "starts_at", *_NAMED), (), buckets=True)
_ADD_HEAT = adding("heat", _HEAT_KEY, HEAT_NUMBERS, buckets=True)
_ADD_HELD = adding("hold_out", _HELD_KEY, HELD_NUMBERS, buckets=False)


class StoryStore:
    """What is known of leads, and what it adds up to."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def get(self, buyer_id: str, lead_id: UUID) -> Story | None:
        """The story of one lead; None where nothing is known of it.

        Raises:
            Unavailable: Postgres is away.
            msgspec.ValidationError: a later release wrote it in a way that this one cannot read.
        """
        async with translated(self._pool):
            text: str | None = await self._pool.fetchval(_STORY, buyer_id, lead_id)
        return None if text is None else decode(text)

    async def grow(
        self, connection: Connection, told: Mapping[LeadKey, Story]
    ) -> list[tuple[LeadKey, Story | None, Story]]:
        """Join what was told to what was known, in the transaction that took the events.

        Returns:
            Each lead whose story grew: before (None: it was not known) and after.
        """
        grown: list[tuple[LeadKey, Story | None, Story]] = []
        missing = sorted(told)
        while missing:
            known = {(row[0], row[1]): decode(row[2]) for row in await connection.fetch(_LOCK, *columns(missing))}
            for key, before in known.items():
                after = before.joined(told[key])
                if after != before:
                    grown.append((key, before, after))
            new = [(*key, encode(told[key])) for key in missing if key not in known]
            # Whom another projector began meanwhile, and committed, is known in the next round.
            begun = {(row[0], row[1]) for row in await connection.fetch(_BEGIN, *columns(new))} if new else set()
            grown += [(key, None, told[key]) for key in begun]
            missing = [key for key in missing if key not in known and key not in begun]
        changed = sorted((*key, encode(after)) for key, before, after in grown if before is not None)
        if changed:
            await connection.execute(_GROW, *columns(changed))
        return grown

    async def add(
        self,
        connection: Connection,
        response: Mapping[ResponseKey, Sums],
        heat: Mapping[HeatKey, Sums],
        held: Mapping[HeldKey, Sums],
    ) -> None:
        """Add sums, in the same transaction."""
        counts = [(*key, _numbers(sums, NUMBERS)) for key, sums in response.items()]
        await write(connection, _ADD_RESPONSE, counts)
        times = [
            (*key[:2], timed, *key[2:], *arrays(buckets))
            for key, sums in response.items()
            for timed, buckets in sums.times.items()
        ]
        await write(connection, _ADD_TIMES, times)
        hours = [
            (*key, _numbers(sums, HEAT_NUMBERS), *arrays(sums.times.get("attempt", {}))) for key, sums in heat.items()
        ]
        await write(connection, _ADD_HEAT, hours)
        await write(connection, _ADD_HELD, [(*key, _numbers(sums, HELD_NUMBERS)) for key, sums in held.items()])


def _numbers(sums: Sums, names: Iterable[str]) -> str:
    return array(sums.numbers.get(name, 0) for name in names)
