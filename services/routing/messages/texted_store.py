"""Who has had a text, in Postgres."""

from __future__ import annotations

from uuid import UUID

from shared.db.failures import translated
from shared.db.pool import Pool

_BEFORE = """
SELECT EXISTS (SELECT FROM routing.delivery
                WHERE buyer_id = $1 AND lead_id = $2 AND channel = 'text' AND state = 'handed_off')
"""


class TextedStore:
    """See `services.routing.messages.text_channel.Texted`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def before(self, buyer_id: str, lead_id: UUID) -> bool:
        """Whether a text to the person of this lead was handed over before."""
        async with translated(self._pool):
            return bool(await self._pool.fetchval(_BEFORE, buyer_id, lead_id))
