"""Mailboxes that take no mail ever, looked up together: a look-up for each e-mail would cost as much as its writing."""

from __future__ import annotations

from collections.abc import Sequence

from services.routing.gate.digests import Digests
from shared.db.failures import translated
from shared.db.pool import Pool
from shared.runtime.coalescer import Coalescer

_BAD = """
SELECT buyer_id, digest FROM routing.bad_address
 WHERE (buyer_id, digest) IN (SELECT * FROM unnest($1::text[], $2::bytea[]))
"""
#: No more e-mails are on their way at once.
_MOST = 256


class BadAddresses:
    """See `services.routing.messages.email_channel.Mailboxes`."""

    def __init__(self, pool: Pool, digests: Digests) -> None:
        self._pool = pool
        self._digests = digests
        self._looks: Coalescer[tuple[str, bytes], bool] = Coalescer(
            self._look, max_batch=_MOST, max_in_flight=1, max_waiting=_MOST * 4
        )

    async def bad(self, buyer_id: str, address: str) -> bool:
        """Whether mail to this address came back for good. Raises Unavailable where that cannot be told now."""
        (known,) = self._digests.of(buyer_id, "", address)
        return await self._looks.submit((buyer_id, known.digest))

    async def close(self) -> None:
        """Wait for look-ups under way."""
        await self._looks.close()

    async def _look(self, asked: Sequence[tuple[str, bytes]]) -> list[bool]:
        async with translated(self._pool):
            rows = await self._pool.fetch(_BAD, [buyer for buyer, _ in asked], [digest for _, digest in asked])
        found = {(row["buyer_id"], row["digest"]) for row in rows}
        return [one in found for one in asked]
