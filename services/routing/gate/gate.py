"""The contact gate: whether a person may be reached over a channel, decided at the moment of contact."""

from __future__ import annotations

from services.routing.gate.decision import ContactRequest, GateDecision, Permits, Purpose, Reason
from services.routing.gate.person import Consent, Person

__all__ = ["Consent", "ContactRequest", "GateDecision", "Permits", "Person", "Purpose", "Reason"]
