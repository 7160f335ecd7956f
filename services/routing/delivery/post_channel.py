"""Leads posted to the buyer's systems: webhooks, signed as Standard Webhooks says, and ADF."""

from __future__ import annotations

from services.routing.delivery.adf import adf
from services.routing.delivery.delivery import Delivery, HandedOff, Outcome, Postponed, Refused
from services.routing.delivery.lead_document import document
from services.routing.delivery.receivers import Receivers, UnknownReceiverError
from services.routing.delivery.secrets_folder import SecretError, Secrets
from services.routing.gate.person import Person
from shared.rpc.errors import AppError
from shared.runtime.clock import Clock
from shared.webhook.courier import Courier
from shared.webhook.signing import headers

_ADF_HEADERS = {"Content-Type": "application/xml; charset=utf-8"}


class PostChannel:
    """See `services.routing.delivery.channel.Channel`."""

    def __init__(self, courier: Courier, receivers: Receivers, secrets: Secrets, clock: Clock) -> None:
        self._courier = courier
        self._receivers = receivers
        self._secrets = secrets
        self._clock = clock

    async def send(self, delivery: Delivery, person: Person, *, begin_before: float) -> Outcome:
        """Post one lead."""
        try:
            handover = await self._receivers.find(delivery)
            receiver = handover.receiver
            if receiver.kind == "webhook":
                body = document(delivery, person, handover)
                secrets = [self._secrets.get(name) for name in receiver.secrets]
                head = headers(secrets, str(delivery.delivery_id), self._clock.now(), body)
            else:
                body = adf(delivery, person, handover)
                head = {
                    "Content-Type": "application/xml; charset=utf-8",
                    "X-Leadline-Delivery": str(delivery.delivery_id),
                }
        except UnknownReceiverError as error:
            return Refused(str(error))
        except SecretError as error:
            # Whoever runs this install puts it right without touching the delivery.
            return Postponed(str(error), outage=True)
        except AppError as error:
            return Postponed(f"catalog: {error.code.name.lower()}")
        if self._clock.monotonic() > begin_before:
            return Postponed("not begun in time")
        answer = await self._courier.send(receiver.url, head, body, deadline_seconds=receiver.timeout_seconds)
        if not answer.failure:
            return HandedOff(self._clock.now())
        if answer.final:
            return Refused(answer.failure)
        return Postponed(answer.failure, outage=True, retry_after_seconds=answer.retry_after_seconds)
