"""Texts: what a template says, filled in, counted and handed to the provider of texts."""

from __future__ import annotations

from typing import Final, Protocol
from uuid import UUID

from services.routing.delivery.delivery import Delivery, Outcome, Postponed, Refused
from services.routing.gate.person import Person
from services.routing.messages.composition import CompositionError
from services.routing.messages.provider_client import ProviderClient
from services.routing.messages.writing import Writer
from shared.rpc.errors import AppError
from shared.runtime.clock import Clock


class Texted(Protocol):
    """Who has had a text."""

    async def before(self, buyer_id: str, lead_id: UUID) -> bool:
        """Whether a text to the person of this lead was handed over before.

        Raises:
            AppError: that cannot be told now.
        """


#: More cost more than a text is worth, and read like none.
MOST_SEGMENTS: Final = 4
NO_PROVIDER: Final = "text: no provider is set up, see LEADLINE_TEXT_URL"


class TextChannel:
    """Hands texts to a provider. Without one, every text is refused: a person sees it among the dead deliveries."""

    def __init__(self, writer: Writer, provider: ProviderClient | None, texted: Texted, clock: Clock) -> None:
        self._writer = writer
        self._provider = provider
        self._texted = texted
        self._clock = clock

    async def send(self, delivery: Delivery, person: Person, *, begin_before: float) -> Outcome:
        """Hand one text over to the one address of its person; every failure is an outcome.

        Args:
            begin_before: monotonic seconds; what cannot be begun by then is postponed.
        """
        if self._provider is None:
            return Refused(NO_PROVIDER)
        if not person.phone:
            return Refused("contact: no phone")
        try:
            first = not await self._texted.before(delivery.lead.buyer_id, delivery.lead.lead_id)
            text = await self._writer.text(delivery, person.first_name, person.phone, first=first)
        except CompositionError as error:
            return Refused(f"compose: {error}")
        except AppError as error:
            return Postponed(f"catalog: {error.code.name.lower()}")
        if text.content.size.segments > MOST_SEGMENTS:
            return Refused(f"compose: the text takes {text.content.size.segments} segments, at most {MOST_SEGMENTS}")
        if self._clock.monotonic() > begin_before:
            return Postponed("text: no time left", outage=True)
        return await self._provider.ask(
            delivery.delivery_id,
            {
                "id": str(delivery.delivery_id),
                "from": text.sender,
                "to": text.recipient,
                "text": text.content.text,
                "encoding": text.content.size.encoding,
                "segments": text.content.size.segments,
                "callback_url": text.callback_url,
            },
        )
