"""Takes texts from people: ends what they want ended, answers HELP, and tells who cares that somebody wrote back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from services.routing.accepted import AcceptedLead
from services.routing.gate.digests import Digests
from services.routing.gate.revocation import Heard
from services.routing.gate.rules import Channel
from services.routing.messages.buyers import Buyers, with_number
from services.routing.messages.inbound import InboundText, TextAnswer, confirmation_of_opt_out, help_text
from services.routing.messages.inbound_store import InboundStore, Note
from services.routing.messages.notices import Wishes
from services.routing.messages.replies import record_reply, tell_if_unclear
from shared.catalog.terms import Buyer
from shared.db.failures import translated
from shared.db.pool import Pool
from shared.runtime.clock import Clock

#: Understands a message that came over a channel; see `services.routing.gate.revocation.read`.
Understands = Callable[[str, Channel], Heard]


class InboundTexts:
    """Takes each text once, by its provider's id."""

    def __init__(
        self,
        pool: Pool,
        store: InboundStore,
        buyers: Buyers,
        wishes: Wishes,
        digests: Digests,
        understand: Understands,
        clock: Clock,
    ) -> None:
        self._pool = pool
        self._store = store
        self._buyers = buyers
        self._wishes = wishes
        self._digests = digests
        self._understand = understand
        self._clock = clock

    async def take(self, message: InboundText) -> TextAnswer:
        """Take a text. Where the number that it was sent to is no buyer's, it is meant for every one, and not answered.

        Raises:
            Unavailable: it is not certain that an opt-out holds; to be sent again.
        """
        everybody = await self._buyers.all()
        meant = with_number(everybody, message.to)
        answers = [await self._take(buyer, message) for buyer in meant or everybody]
        said = next((answer for answer in answers if answer.outcome != "ignored"), TextAnswer("ignored"))
        return said if meant else TextAnswer(said.outcome)

    async def _take(self, buyer: Buyer, message: InboundText) -> TextAnswer:
        before = await self._before(buyer, message)
        if before is not None:
            return before
        (address,) = self._digests.of(buyer.slug, message.sender, "")
        lead = next(iter(await self._store.leads_of(buyer.slug, address)), None)
        heard = self._understand(message.text, "text")
        note = Note(
            buyer_id=buyer.slug,
            kind="text",
            message_id=message.message_id,
            digest=address.digest,
            lead_id=lead.lead_id if lead is not None else None,
            outcome="ignored",
            received_at=message.received_at,
        )
        if heard.intent in ("opt_out", "wrong_number"):
            await self._wishes.end(
                buyer.slug, heard.scope, "text", message.received_at, lead_id=note.lead_id, phone=message.sender
            )
            note = replace(note, outcome="opted_out", reply=confirmation_of_opt_out(buyer))
        elif heard.intent == "help":
            note = replace(note, outcome="help", reply=help_text(buyer))
        elif lead is not None and message.text.strip():
            note = replace(note, outcome="reply")
            tell_if_unclear(heard, lead, "text")
        return await self._keep(buyer, message, note, address.digest, lead)

    async def _keep(
        self, buyer: Buyer, message: InboundText, note: Note, digest: bytes, lead: AcceptedLead | None
    ) -> TextAnswer:
        """Keep what a text was taken for, once; of several opt-outs one is confirmed."""
        async with translated(self._pool), self._pool.acquire() as conn, conn.transaction():
            await self._store.one_at_a_time(conn, buyer.slug, digest)
            if note.outcome == "opted_out" and await self._store.confirmed(conn, buyer.slug, digest):
                note = replace(note, reply="")
            fresh = await self._store.note(conn, note, self._clock.now())
            if fresh and note.outcome == "reply" and lead is not None:
                await record_reply(conn, lead, "text", message.message_id, message.received_at)
        before = None if fresh else await self._before(buyer, message)
        return before or _answer(note.outcome, note.reply, message)

    async def _before(self, buyer: Buyer, message: InboundText) -> TextAnswer | None:
        known = await self._store.known(buyer.slug, "text", message.message_id)
        return None if known is None else _answer(*known, message)


def _answer(outcome: str, reply: str, message: InboundText) -> TextAnswer:
    return TextAnswer(outcome, reply, message.to if reply else "")
