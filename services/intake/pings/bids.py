"""Posts that bring a bid's token: whose bid it is, and the terms it was made on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress

import msgspec

from leadline.common.v1 import reason_pb2
from services.intake.answer import finding
from services.intake.candidates import Candidates
from services.intake.draft import Draft
from services.intake.pings.bid import Bid
from services.intake.pings.comparison import Told
from services.intake.pings.store import PingStore
from services.intake.pings.sweeper import BATCH
from services.intake.pings.token import BidClaims, BidSigner
from shared.catalog.snapshot import CatalogReader
from shared.rpc.errors import AppError
from shared.runtime.clock import Clock

_EXPIRED, _MISMATCH = reason_pb2.REASON_BID_EXPIRED, reason_pb2.REASON_BID_MISMATCH
_FIELD = "bid_token"
_NOT_OURS = "Expected the token of a bid that was made to you, unaltered."


class Bids:
    """Ties posts to the bids that they take up."""

    def __init__(self, store: PingStore, catalogs: CatalogReader, signer: BidSigner, clock: Clock) -> None:
        self._store = store
        self._catalogs = catalogs
        self._signer = signer
        self._clock = clock

    async def bind(self, drafts: Iterable[Draft]) -> dict[str, AppError]:
        """Hold drafts that bring a token against the bid's order at the bid's version; the others stay as they are.

        A token that is good for nothing is a finding against its lead, not an error.

        Returns:
            What kept drafts from being looked at, by lead id; nothing is known of these.
        """
        failed: dict[str, AppError] = {}
        ours: dict[str, list[tuple[Draft, BidClaims]]] = {}
        for draft in drafts:
            if not draft.submission.bid_token:
                continue
            claims = self._signer.read(draft.submission.bid_token)
            if claims is None or not _may_use(draft, claims):
                draft.bid_findings.append(finding(_MISMATCH, _NOT_OURS, field=_FIELD))
            else:
                ours.setdefault(draft.buyer_id, []).append((draft, claims))
        for buyer_id, bound in ours.items():
            try:
                await self._bind(buyer_id, bound)
            except AppError as error:
                failed |= {draft.lead_id: error for draft, _ in bound}
        return failed

    async def _bind(self, buyer_id: str, bound: Sequence[tuple[Draft, BidClaims]]) -> None:
        told = await self._store.told(buyer_id, [claims.ping_id for _, claims in bound])
        for draft, claims in bound:
            packed = told.get(claims.ping_id)
            if packed is None or draft.received_at.timestamp() >= claims.expires_at:
                message = "The bid's life was over before the post; ping again."
                draft.bid_findings.append(finding(_EXPIRED, message, field=_FIELD, retryable=True))
                continue
            view = await self._catalogs.get(buyer_id, claims.catalog_revision)
            order = view.order(claims.order)
            draft.view = view
            draft.candidates = Candidates(orders=(order,) if order else (), not_found=order is None)
            draft.bid = Bid(claims, msgspec.msgpack.decode(packed, type=Told), self._signer.digest)

    async def give_back(self, drafts: Iterable[Draft]) -> None:
        """Return what the bids of settled drafts held that were rejected. Where that fails, the sweeper does it."""
        if any(draft.bid is not None and not draft.accepted for draft in drafts):
            with suppress(AppError):
                await self._store.return_holds(self._clock.now(), BATCH)


def _may_use(draft: Draft, claims: BidClaims) -> bool:
    return (
        (claims.buyer_id, claims.seller, claims.test) == (draft.buyer_id, draft.seller, draft.test)
        and (not draft.key_orders or claims.order in draft.key_orders)
    )  # fmt: skip
