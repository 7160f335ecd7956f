"""Hands alerts to teams, by e-mail and to their receivers; addresses are those of the catalog in force."""

from __future__ import annotations

from typing import Protocol, cast

from services.routing.delivery.attachment import with_body
from services.routing.delivery.delivery import Delivery, HandedOff, Outcome, Postponed, Refused
from services.routing.delivery.secrets_folder import SecretError, Secrets
from services.routing.gate.person import Person
from services.routing.messages.composition import CompositionError, parsed_mailbox
from services.routing.messages.mail import Mailer
from services.routing.sla.clock import Point
from services.routing.sla.notice import Notice
from services.routing.sla.store import SlaStore
from shared.catalog.sales import Team
from shared.catalog.snapshot import CatalogReader, CatalogView
from shared.rpc.errors import AppError
from shared.runtime.clock import Clock
from shared.webhook.courier import Courier
from shared.webhook.signing import headers


class NothingToTellError(LookupError):
    """The team, its address or the clocks are not there any more; says which."""


class Revisions(Protocol):
    """Who knows the revision in force; see `services.routing.delivery.store.DeliveryStore`."""

    async def revision_in_force(self, buyer_id: str) -> int:
        """The buyer's present catalog revision; 0 where there is none."""
        ...


class Notices:
    """Makes of a delivery what it is to say."""

    def __init__(self, store: SlaStore, revisions: Revisions, catalogs: CatalogReader) -> None:
        self._store = store
        self._revisions = revisions
        self._catalogs = catalogs

    async def read(self, delivery: Delivery) -> tuple[Notice, Team, CatalogView]:
        """What to say, and to whom.

        Raises:
            NothingToTellError: nothing, or to nobody.
            AppError: it cannot be known now.
        """
        buyer_id, point = delivery.lead.buyer_id, cast(Point, delivery.template)
        view = await self._catalogs.get(buyer_id, await self._revisions.revision_in_force(buyer_id))
        first = await self._store.clock(buyer_id, delivery.lead.lead_id)
        if first is None:
            raise NothingToTellError("there is no such clock")
        slug = first.clock.start.escalate_to if point == "escalated" else first.clock.start.team
        team = view.team(slug)
        if team is None:
            raise NothingToTellError(f"the catalog has no team {slug}")
        told = await self._store.passed(buyer_id, slug, point, delivery.created_at)
        zone = team.schedule.time_zone or view.buyer.time_zone
        notice = Notice(
            point=point,
            team=slug,
            team_name=team.name,
            buyer_id=buyer_id,
            zone=zone,
            at=delivery.created_at,
            clocks=[one.clock for one in told],
        )
        return notice, team, view


class AlertMailChannel:
    """See `services.routing.delivery.channel.Channel`."""

    def __init__(self, mailer: Mailer, notices: Notices) -> None:
        self._mailer = mailer
        self._notices = notices

    async def send(self, delivery: Delivery, _person: Person, *, begin_before: float) -> Outcome:
        """Mail one alert to a team's address."""
        try:
            notice, team, view = await self._notices.read(delivery)
            sender = parsed_mailbox(view.buyer.email_from, "the buyer's email_from")
            recipient = parsed_mailbox(team.alert_email, "the team's alert_email")
        except (NothingToTellError, CompositionError) as error:
            return Refused(str(error))
        except AppError as error:
            return Postponed(f"alert: {error.code.name.lower()}")
        body = notice.text.encode()
        message = with_body(delivery.delivery_id, notice.subject, body, delivery.created_at, sender, recipient)
        return await self._mailer.send(sender.address, recipient.address, message, begin_before=begin_before)


class AlertPostChannel:
    """See `services.routing.delivery.channel.Channel`."""

    def __init__(self, courier: Courier, notices: Notices, secrets: Secrets, clock: Clock) -> None:
        self._courier = courier
        self._notices = notices
        self._secrets = secrets
        self._clock = clock

    async def send(self, delivery: Delivery, _person: Person, *, begin_before: float) -> Outcome:
        """Post one alert, signed as Standard Webhooks says, to the webhook that a team names."""
        try:
            notice, _, view = await self._notices.read(delivery)
            receiver = view.receiver(delivery.receiver)
            if receiver is None or receiver.kind != "webhook":
                return Refused(f"the catalog has no webhook receiver {delivery.receiver}")
            secrets = [self._secrets.get(name) for name in receiver.secrets]
        except NothingToTellError as error:
            return Refused(str(error))
        except SecretError as error:
            return Postponed(str(error), outage=True)
        except AppError as error:
            return Postponed(f"alert: {error.code.name.lower()}")
        if self._clock.monotonic() > begin_before:
            return Postponed("not begun in time")
        body = notice.document
        head = headers(secrets, str(delivery.delivery_id), self._clock.now(), body)
        answer = await self._courier.send(receiver.url, head, body, deadline_seconds=receiver.timeout_seconds)
        if not answer.failure:
            return HandedOff(self._clock.now())
        if answer.final:
            return Refused(answer.failure)
        return Postponed(answer.failure, outage=True, retry_after_seconds=answer.retry_after_seconds)
