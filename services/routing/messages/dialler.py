"""Sets a call up for an agent who began an attempt: who is shown, and where its status is told."""

from __future__ import annotations

from uuid import UUID

from services.routing.delivery.delivery import HandedOff
from services.routing.messages.buyers import InForce
from services.routing.messages.call_bridge import Bridge, CallBridge
from services.routing.messages.writing import INBOUND_CALL, Catalogs, Writer
from shared.rpc.errors import AppError


class BridgeDialler:
    """See `services.routing.work.calls.Dialler`."""

    def __init__(self, in_force: InForce, catalogs: Catalogs, writer: Writer, bridge: CallBridge) -> None:
        self._in_force = in_force
        self._catalogs = catalogs
        self._writer = writer
        self._bridge = bridge

    async def dial(self, buyer_id: str, attempt_id: UUID, agent: str, phone: str) -> str:
        """Have an agent rung and connected; why that is not done, or an empty text. Never about the person."""
        try:
            revisions = dict(await self._in_force.buyers())
            view = await self._catalogs.get(buyer_id, revisions.get(buyer_id, 0))
        except AppError as error:
            return f"call: {error.code.name.lower()}"
        outcome = await self._bridge.connect(
            Bridge(
                attempt_id=attempt_id,
                agent=agent,
                phone=phone,
                caller_id=view.buyer.caller_id,
                caller_name=view.buyer.name,
                callback_url=self._writer.callback(view, INBOUND_CALL),
            )
        )
        return "" if isinstance(outcome, HandedOff) else outcome.error
