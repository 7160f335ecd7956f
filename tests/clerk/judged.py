"""A labelled lead and what was said of it."""

from __future__ import annotations

from dataclasses import dataclass

from tests.clerk.corpus import LabelledLead


@dataclass(frozen=True, slots=True)
class Judged:
    """A lead, and all that was said against it."""

    lead: LabelledLead
    bought: bool
    reasons: frozenset[str]
    #: `code field: message`, for people.
    told: tuple[str, ...]

    @property
    def right(self) -> bool:
        """Good and bought, or bad and refused for one of the reasons that fit."""
        lead = self.lead
        if lead.either:
            return True
        return self.bought if lead.good else not self.bought and bool(lead.reasons & self.reasons)

    @property
    def false_alarm(self) -> bool:
        """A good lead was refused."""
        return self.lead.good and not self.right

    @property
    def let_through(self) -> bool:
        """A bad lead was bought."""
        return not self.lead.good and not self.right and self.bought

    def __str__(self) -> str:
        fields = self.lead.body["lead"]
        shown = {name: fields.get(name) for name in ("first_name", "last_name", "email", "phone", "postal_code")}
        label = "good" if self.lead.good else f"bad, {', '.join(sorted(self.lead.reasons))}"
        said = "bought" if self.bought else "; ".join(self.told)
        return f"{label} ({self.lead.walk}) {shown}: {said}"
