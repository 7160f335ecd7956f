"""A day's leads as one file: into a folder, by e-mail, or both."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

from services.routing.delivery.attachment import with_file
from services.routing.delivery.csv_file import file_content, file_id, file_name
from services.routing.delivery.delivery import Delivery, HandedOff, Outcome, Postponed, Refused
from services.routing.delivery.receivers import Handover, Receivers, UnknownReceiverError
from services.routing.gate.person import Person
from services.routing.messages.composition import CompositionError, parsed_mailbox
from services.routing.messages.mail import Mailer
from shared.rpc.errors import AppError
from shared.runtime.clock import Clock

#: Seconds in which a mail session must be free.
_BEGIN_WITHIN = 10.0


class CsvChannel:
    """See `services.routing.delivery.channel.BatchChannel`.

    Args:
        folder: below which files are put, one folder a buyer and receiver; None: nowhere.
    """

    def __init__(self, folder: Path | None, mailer: Mailer, receivers: Receivers, clock: Clock) -> None:
        self._folder = folder
        self._mailer = mailer
        self._receivers = receivers
        self._clock = clock

    async def send_all(self, batch: Sequence[tuple[Delivery, Person]]) -> list[Outcome]:
        """Hand all over in one file. The same deliveries give the same file, so that a copy replaces it."""
        return [await self._send(batch)] * len(batch)

    async def _send(self, batch: Sequence[tuple[Delivery, Person]]) -> Outcome:
        deliveries = [delivery for delivery, _ in batch]
        try:
            handover = await self._receivers.find(deliveries[0])
        except UnknownReceiverError as error:
            return Refused(str(error))
        except AppError as error:
            return Postponed(f"catalog: {error.code.name.lower()}")
        receiver, buyer = handover.receiver, handover.view.buyer
        content = file_content(receiver, handover.view, batch)
        name = file_name(receiver, buyer.time_zone, deliveries)
        if receiver.to_folder:
            if self._folder is None:
                return Postponed("LEADLINE_DELIVERY_DIR is not set", outage=True)
            try:
                await asyncio.to_thread(_write, self._folder / buyer.slug / receiver.slug, name, content)
            except OSError as error:
                return Postponed(f"the file cannot be written: {os.strerror(error.errno or 0)}", outage=True)
        return await self._mail(handover, deliveries, name, content) if receiver.address else self._done()

    async def _mail(self, handover: Handover, deliveries: Sequence[Delivery], name: str, content: bytes) -> Outcome:
        try:
            sender = parsed_mailbox(handover.view.buyer.email_from, "the buyer's email_from")
            recipient = parsed_mailbox(handover.receiver.address, "the receiver's address")
        except CompositionError as error:
            return Refused(str(error))
        now = self._clock.now()
        message = with_file(file_id(deliveries), f"Leads: {name}", name, content, now, sender, recipient)
        begin_before = self._clock.monotonic() + _BEGIN_WITHIN
        return await self._mailer.send(sender.address, recipient.address, message, begin_before=begin_before)

    def _done(self) -> Outcome:
        return HandedOff(self._clock.now())


def _write(folder: Path, name: str, content: bytes) -> None:
    """All or nothing, and kept: whoever looks for files never finds half of one."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = folder / f".{name}.part"
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(folder / name)
    directory = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
