"""Click to dial: the provider of calls rings an agent, and connects the agent with the person.

Nothing here can dial by itself or play a recording: there is no request without an agent, and none that carries a
voice (47 U.S.C. 227(b)(1) asks for consent in writing to both).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from services.routing.delivery.delivery import Outcome, Refused
from services.routing.messages.provider_client import ProviderClient

NO_PROVIDER: Final = "call: no provider is set up, see LEADLINE_CALL_URL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bridge:
    """A call to be set up for an agent who asked for it."""

    #: The attempt, which its status is told about.
    attempt_id: UUID
    #: The agent, by the name that the provider's switchboard has for him or her.
    agent: str
    #: E.164.
    phone: str = field(repr=False)
    #: The buyer's number that the person sees and can call back, E.164, and its name (47 CFR 64.1601(e)).
    caller_id: str
    caller_name: str
    #: Where the call's status is told.
    callback_url: str = ""


class CallBridge:
    """Sets up calls. Without a provider every one is refused, and the agent dials by hand."""

    def __init__(self, provider: ProviderClient | None) -> None:
        self._provider = provider

    async def connect(self, bridge: Bridge) -> Outcome:
        """Ask for one call; a second time with the same attempt is the same call."""
        if self._provider is None:
            return Refused(NO_PROVIDER)
        if not bridge.agent:
            return Refused("call: no agent, and nothing is dialled without one")
        if not bridge.caller_id:
            return Refused("call: the buyer has no number to show, see its caller_id")
        return await self._provider.ask(
            bridge.attempt_id,
            {
                "id": str(bridge.attempt_id),
                "agent": bridge.agent,
                "to": bridge.phone,
                "caller_id": bridge.caller_id,
                "caller_name": bridge.caller_name,
                "callback_url": bridge.callback_url,
            },
        )
