"""Takes what comes back of e-mails: bounces, complaints, answers and clicks on the link to unsubscribe."""

from __future__ import annotations

from uuid import UUID

from services.routing.accepted import AcceptedLead
from services.routing.gate.digests import Digests
from services.routing.gate.facts import Scope
from services.routing.messages.buyers import Buyers, with_mailbox
from services.routing.messages.inbound import InboundEmail
from services.routing.messages.inbound_store import InboundStore, Note
from services.routing.messages.inbound_texts import Understands
from services.routing.messages.notices import Wishes
from services.routing.messages.replies import record_reply, tell_if_unclear
from services.routing.messages.unsubscribe import UnsubscribeLinks
from shared.catalog.terms import Buyer
from shared.db.failures import translated
from shared.db.pool import Pool
from shared.rpc.errors import Malformed, NotFound
from shared.runtime.clock import Clock


class InboundEmails:
    """Takes each message once, by its provider's id; a link as often as it is followed."""

    def __init__(
        self,
        pool: Pool,
        store: InboundStore,
        buyers: Buyers,
        wishes: Wishes,
        digests: Digests,
        links: UnsubscribeLinks,
        understand: Understands,
        clock: Clock,
    ) -> None:
        self._pool = pool
        self._store = store
        self._buyers = buyers
        self._wishes = wishes
        self._digests = digests
        self._links = links
        self._understand = understand
        self._clock = clock

    async def take(self, message: InboundEmail) -> str:
        """Take a bounce, a complaint or an answer; of which buyer's e-mail is not known, it is meant for every one.

        Returns:
            `opted_out`, `marked`, `reply` or `ignored`.

        Raises:
            Unavailable: it is not certain that an opt-out holds; to be sent again.
        """
        everybody = await self._buyers.all()
        meant, lead_id = with_mailbox(everybody, message.to), None
        if message.delivery_id is not None:
            found = await self._store.delivered([buyer.slug for buyer in everybody], message.delivery_id)
            if found is not None:
                meant, lead_id = [buyer for buyer in everybody if buyer.slug == found[0]], found[1]
        outcomes = [await self._take(buyer, message, lead_id) for buyer in meant or everybody]
        return next((outcome for outcome in outcomes if outcome != "ignored"), "ignored")

    async def _take(self, buyer: Buyer, message: InboundEmail, lead_id: UUID | None) -> str:
        known = await self._store.known(buyer.slug, "email", message.message_id)
        if known is not None:
            return known[0]
        (address,) = self._digests.of(buyer.slug, "", message.address)
        lead = await self._store.lead(buyer.slug, lead_id) if lead_id is not None else None
        if lead is None:
            lead = next(iter(await self._store.leads_of(buyer.slug, address)), None)
        known_lead = lead.lead_id if lead is not None else None
        outcome, scope = self._taken_for(message, lead)
        if outcome == "opted_out":
            await self._wishes.end(
                buyer.slug, scope, "email", message.received_at, lead_id=known_lead, email=message.address
            )
        note = Note(
            buyer_id=buyer.slug,
            kind="email",
            message_id=message.message_id,
            digest=address.digest,
            lead_id=known_lead,
            outcome=outcome,
            received_at=message.received_at,
        )
        now = self._clock.now()
        async with translated(self._pool), self._pool.acquire() as conn, conn.transaction():
            fresh = await self._store.note(conn, note, now)
            if fresh and outcome == "marked":
                await self._store.mark(conn, buyer.slug, address.digest, message.delivery_id, now)
            if fresh and outcome == "reply" and lead is not None:
                await record_reply(conn, lead, "email", message.message_id, message.received_at)
        return outcome

    def _taken_for(self, message: InboundEmail, lead: AcceptedLead | None) -> tuple[str, Scope]:
        if message.type == "bounce":
            return "marked" if message.permanent else "ignored", "email"
        if message.type == "complaint":
            return "opted_out", "email"
        heard = self._understand(message.words, "email")
        if heard.intent in ("opt_out", "wrong_number") and not message.automatic:
            return "opted_out", heard.scope
        if lead is None or message.automatic or not message.words.strip():
            return "ignored", "email"
        tell_if_unclear(heard, lead, "email")
        return "reply", "email"

    async def link(self, token: str) -> Buyer:
        """Whose e-mails a link ends. Raises NotFound where this install did not write it."""
        buyer, _ = await self._read(token)
        return buyer

    async def unsubscribe(self, token: str, scope: Scope) -> Buyer:
        """End a buyer's e-mails to the person who got the link, or with `all` every contact.

        It needs nobody else: the addresses at which the person was reached are known, as digests, also while intake is
        away and after the lead was forgotten.

        Raises:
            NotFound: this install did not write the link, or nobody was ever reached for its lead.
            Unavailable: it is not certain that it holds; to be tried again.
        """
        buyer, lead_id = await self._read(token)
        try:
            await self._wishes.end(buyer.slug, scope, "link", self._clock.now(), lead_id=lead_id)
        except Malformed:
            raise NotFound("nobody was ever written to under this link") from None
        return buyer

    async def _read(self, token: str) -> tuple[Buyer, UUID]:
        of = self._links.read(token)
        buyers = [buyer for buyer in await self._buyers.all() if of is not None and buyer.slug == of.buyer_id]
        if of is None or not buyers:
            raise NotFound("this install did not write the link")
        return buyers[0], of.lead_id
