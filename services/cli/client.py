"""The services as a command sees them: stubs, deadlines, and failures in words."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, TypeVar

import grpc

from leadline.dedup.v1.person_service_pb2_grpc import PersonServiceStub
from leadline.dedup.v1.suppression_service_pb2_grpc import SuppressionServiceStub
from leadline.intake.v1 import catalog_service_pb2
from leadline.intake.v1.catalog_service_pb2_grpc import CatalogServiceStub
from leadline.intake.v1.exclusivity_service_pb2_grpc import ExclusivityServiceStub
from leadline.intake.v1.intake_service_pb2_grpc import IntakeServiceStub
from leadline.intake.v1.ledger_service_pb2_grpc import LedgerServiceStub
from leadline.intake.v1.notice_service_pb2_grpc import NoticeServiceStub
from leadline.intake.v1.order_service_pb2_grpc import OrderServiceStub
from leadline.intake.v1.receipt_service_pb2_grpc import ReceiptServiceStub
from leadline.intake.v1.return_service_pb2_grpc import ReturnServiceStub
from leadline.reporting.v1.reporting_service_pb2_grpc import ReportingServiceStub
from leadline.reporting.v1.response_service_pb2_grpc import ResponseServiceStub
from leadline.routing.v1.delivery_service_pb2_grpc import DeliveryServiceStub
from leadline.routing.v1.follow_up_service_pb2_grpc import FollowUpServiceStub
from leadline.routing.v1.gate_service_pb2_grpc import GateServiceStub
from leadline.routing.v1.message_service_pb2_grpc import MessageServiceStub
from leadline.routing.v1.playbook_service_pb2_grpc import PlaybookServiceStub
from leadline.routing.v1.sla_service_pb2_grpc import SlaServiceStub
from leadline.routing.v1.work_service_pb2_grpc import WorkServiceStub
from leadline.validation.v1.compliance_service_pb2_grpc import ComplianceServiceStub
from leadline.validation.v1.list_service_pb2_grpc import ListServiceStub
from leadline.validation.v1.pack_service_pb2_grpc import PackServiceStub
from leadline.validation.v1.validation_service_pb2_grpc import ValidationServiceStub
from services.cli.failure import CommandError
from services.cli.settings import Settings
from shared.rpc.client import UnaryMethod, call, open_channel
from shared.rpc.errors import AppError, Unavailable
from shared.runtime.settings import SettingsError, load

if TYPE_CHECKING:
    from leadline.dedup.v1.person_service_pb2_grpc import PersonServiceAsyncStub
    from leadline.dedup.v1.suppression_service_pb2_grpc import SuppressionServiceAsyncStub
    from leadline.intake.v1.catalog_service_pb2_grpc import CatalogServiceAsyncStub
    from leadline.intake.v1.exclusivity_service_pb2_grpc import ExclusivityServiceAsyncStub
    from leadline.intake.v1.intake_service_pb2_grpc import IntakeServiceAsyncStub
    from leadline.intake.v1.ledger_service_pb2_grpc import LedgerServiceAsyncStub
    from leadline.intake.v1.notice_service_pb2_grpc import NoticeServiceAsyncStub
    from leadline.intake.v1.order_service_pb2_grpc import OrderServiceAsyncStub
    from leadline.intake.v1.receipt_service_pb2_grpc import ReceiptServiceAsyncStub
    from leadline.intake.v1.return_service_pb2_grpc import ReturnServiceAsyncStub
    from leadline.reporting.v1.reporting_service_pb2_grpc import ReportingServiceAsyncStub
    from leadline.reporting.v1.response_service_pb2_grpc import ResponseServiceAsyncStub
    from leadline.routing.v1.delivery_service_pb2_grpc import DeliveryServiceAsyncStub
    from leadline.routing.v1.follow_up_service_pb2_grpc import FollowUpServiceAsyncStub
    from leadline.routing.v1.gate_service_pb2_grpc import GateServiceAsyncStub
    from leadline.routing.v1.message_service_pb2_grpc import MessageServiceAsyncStub
    from leadline.routing.v1.playbook_service_pb2_grpc import PlaybookServiceAsyncStub
    from leadline.routing.v1.sla_service_pb2_grpc import SlaServiceAsyncStub
    from leadline.routing.v1.work_service_pb2_grpc import WorkServiceAsyncStub
    from leadline.validation.v1.compliance_service_pb2_grpc import ComplianceServiceAsyncStub
    from leadline.validation.v1.list_service_pb2_grpc import ListServiceAsyncStub
    from leadline.validation.v1.pack_service_pb2_grpc import PackServiceAsyncStub
    from leadline.validation.v1.validation_service_pb2_grpc import ValidationServiceAsyncStub

T = TypeVar("T")
Request = TypeVar("Request")
Response = TypeVar("Response")


class Services:
    """Every service that a command may ask. Nothing connects before the first call."""

    def __init__(
        self,
        settings: Settings,
        *,
        intake: grpc.aio.Channel,
        validation: grpc.aio.Channel,
        dedup: grpc.aio.Channel,
        routing: grpc.aio.Channel,
        reporting: grpc.aio.Channel,
        evidence: grpc.aio.Channel,
    ) -> None:
        self.settings = settings
        self.catalog: CatalogServiceAsyncStub = CatalogServiceStub(intake)
        self.intake: IntakeServiceAsyncStub = IntakeServiceStub(intake)
        self.ledger: LedgerServiceAsyncStub = LedgerServiceStub(intake)
        self.notices: NoticeServiceAsyncStub = NoticeServiceStub(intake)
        self.orders: OrderServiceAsyncStub = OrderServiceStub(intake)
        self.exclusivity: ExclusivityServiceAsyncStub = ExclusivityServiceStub(intake)
        self.receipts: ReceiptServiceAsyncStub = ReceiptServiceStub(intake)
        self.returns: ReturnServiceAsyncStub = ReturnServiceStub(intake)
        self.validation: ValidationServiceAsyncStub = ValidationServiceStub(validation)
        self.lists: ListServiceAsyncStub = ListServiceStub(validation)
        self.compliance: ComplianceServiceAsyncStub = ComplianceServiceStub(validation)
        self.persons: PersonServiceAsyncStub = PersonServiceStub(dedup)
        self.suppressions: SuppressionServiceAsyncStub = SuppressionServiceStub(dedup)
        self.deliveries: DeliveryServiceAsyncStub = DeliveryServiceStub(routing)
        self.follow_up: FollowUpServiceAsyncStub = FollowUpServiceStub(routing)
        self.gate: GateServiceAsyncStub = GateServiceStub(routing)
        self.playbooks: PlaybookServiceAsyncStub = PlaybookServiceStub(routing)
        self.messages: MessageServiceAsyncStub = MessageServiceStub(routing)
        self.sla: SlaServiceAsyncStub = SlaServiceStub(routing)
        self.work: WorkServiceAsyncStub = WorkServiceStub(routing)
        self.reporting: ReportingServiceAsyncStub = ReportingServiceStub(reporting)
        self.response: ResponseServiceAsyncStub = ResponseServiceStub(reporting)
        self.packs: PackServiceAsyncStub = PackServiceStub(evidence)

    async def ask(
        self, method: UnaryMethod[Request, Response], request: Request, *, timeout: float | None = None
    ) -> Response:
        """Call with the deadline of the settings, or with `timeout` seconds for what takes longer by nature.

        Raises:
            AppError: what went wrong.
        """
        return await call(method, request, timeout=timeout or self.settings.deadline_seconds)

    async def buyer(self, named: str) -> str:
        """The buyer that a command is about: the one named, or the only one there is."""
        if named:
            return named
        answer = await self.ask(self.catalog.GetCatalog, catalog_service_pb2.GetCatalogRequest())
        return answer.buyer_id


def run(work: Callable[[Services], Awaitable[T]]) -> T:
    """Do the work of a command.

    Raises:
        CommandError: it could not be done; says why in words.
    """
    try:
        return asyncio.run(_connected(load(Settings), work))
    except SettingsError as error:
        raise CommandError(*error.faults) from None
    except AppError as error:
        raise CommandError(*_words(error)) from None


async def _connected(settings: Settings, work: Callable[[Services], Awaitable[T]]) -> T:
    async with AsyncExitStack() as stack:
        targets = {
            "intake": settings.intake_target,
            "validation": settings.validation_target,
            "dedup": settings.dedup_target,
            "routing": settings.routing_target,
            "reporting": settings.reporting_target,
            "evidence": settings.evidence_target,
        }
        channels = {name: await stack.enter_async_context(open_channel(target)) for name, target in targets.items()}
        services = Services(settings, **channels)
        return await work(services)


def _words(error: AppError) -> list[str]:
    line = error.message
    if isinstance(error, Unavailable):
        line += "; `leadline up` starts Leadline, and LEADLINE_INTAKE_TARGET and its like say where it is"
    if incident := error.metadata.get("incident"):
        line += f" (incident {incident})"
    faults = [f"{fault.field}: {fault.message}" for fault in error.violations if fault.message not in error.message]
    return [line, *faults]
