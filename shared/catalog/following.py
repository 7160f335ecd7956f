"""How a bought lead is followed up: playbooks and what they say, parts of `shared.catalog.terms.Catalog`."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from shared.catalog.words import Exclusivity, FormKind, OptIn, Slug, Term, Text

#: `email` and `text` are sent by a program, `call` is a task for a person, `deliver` hands the lead to a system.
StepChannel = Literal["email", "text", "call", "deliver"]
#: What an agent says became of a lead.
Disposition = Literal[
    "no_answer", "voicemail", "contacted", "callback", "appointment", "qualified", "not_interested", "converted",
    "later_product", "wrong_number", "disconnected", "do_not_contact", "duplicate", "fraud",
]  # fmt: skip
#: What may end a run. `contacted`: somebody live answered, or an agent says so; `returned`: the lead was given back.
StopReason = Literal[
    "contacted", "callback", "appointment", "qualified", "not_interested", "converted", "later_product",
    "wrong_number", "disconnected", "do_not_contact", "duplicate", "fraud", "opted_out", "returned",
]  # fmt: skip
#: These end every run, whatever the playbook says: whoever wants to be left alone is.
ALWAYS_STOPS: tuple[StopReason, ...] = ("opted_out", "do_not_contact", "fraud", "returned")
Delay = Annotated[
    str, Meta(pattern=r"^(0|[1-9][0-9]{0,5})[smhd]$", description="a number of s, m, h or d, such as 45s, 2h or 1d")
]

_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def delay_seconds(delay: Delay) -> int:
    """A delay such as `2h` in seconds."""
    return int(delay[:-1]) * _UNITS[delay[-1]]


class Template(Term, frozen=True, kw_only=True):
    """What a message says. `{first_name}`, `{offer}`, `{buyer}`, `{product}` are filled in.

    The offer of the ad always stands in the message, whether or not the template names it.
    """

    slug: Slug
    #: Of an e-mail, one line; a text has none.
    subject: Annotated[str, Meta(max_length=200)] = ""
    text: Text
    #: Of an e-mail; empty: made from the text.
    html: Annotated[str, Meta(max_length=20_000)] = ""
    #: True: it advertises, so that its e-mail carries a way to unsubscribe (15 U.S.C. 7704(a)(3)). A confirmation
    #: does not.
    promotional: bool = False


class Condition(Term, frozen=True, kw_only=True):
    """When a step is taken: all that it says must hold at the moment at which the step is due."""

    #: True: only once somebody live answered; false: only while nobody has.
    answered: bool | None = None
    #: Only where the agents' latest word is one of these; empty: whatever it is, also none.
    dispositions: tuple[Disposition, ...] = ()
    forms: tuple[FormKind, ...] = ()
    exclusivity: Exclusivity | None = None
    opt_in: tuple[OptIn, ...] = ()
    incentivized: bool | None = None
    #: Collected by the buyer's own site.
    own: bool | None = None


class Step(Term, frozen=True, kw_only=True):
    """One thing that is done about a lead."""

    name: Slug
    after: Delay = "0s"
    #: What `after` counts from: the purchase, or the end of the step before it in the list: of a message its hand-over
    #: to the channel's queue, of a call the attempt.
    since: Literal["bought", "previous"] = "bought"
    channel: StepChannel
    #: What an e-mail or a text says.
    template: Slug | None = None
    #: Which system a `deliver` goes to.
    receiver: Slug | None = None
    #: Who calls; left out: the lead's team.
    team: Slug | None = None
    when: Condition = Condition()

    @property
    def at_once(self) -> bool:
        """True where it is due as soon as the lead is bought."""
        return self.since == "bought" and delay_seconds(self.after) == 0

    @property
    def confirms(self) -> bool:
        """True for an e-mail that answers the person's request at once."""
        return self.at_once and self.channel == "email"


class Playbook(Term, frozen=True, kw_only=True):
    """How a bought lead is followed up, step by step. A lead keeps the playbook of the revision that bought it."""

    slug: Slug
    steps: tuple[Step, ...]
    #: What ends it, besides `ALWAYS_STOPS`.
    stop: tuple[StopReason, ...] = (
        "contacted",
        "appointment",
        "qualified",
        "not_interested",
        "converted",
        "later_product",
        "wrong_number",
        "disconnected",
        "duplicate",
    )

    @property
    def stops(self) -> frozenset[StopReason]:
        """All that ends it."""
        return frozenset((*self.stop, *ALWAYS_STOPS))

    @property
    def calls(self) -> bool:
        """True where any step is a call."""
        return any(step.channel == "call" for step in self.steps)

    @property
    def confirmation(self) -> Step | None:
        """The first e-mail that goes out at once."""
        return next((step for step in self.steps if step.confirms), None)


class HoldOut(Term, frozen=True, kw_only=True):
    """A share of the order's leads that people follow up later, so that the report can tell what speed is worth.

    The arm is drawn from the lead's id and kept; the confirmation goes out at once in both arms.
    """

    #: Of a hundred leads, so many are held back.
    percent: Annotated[int, Meta(ge=1, le=50)]
    #: By so much are calls, and deliveries to systems where people call from, later.
    delay_seconds: Annotated[int, Meta(ge=60, le=86_400)]


class ContactTerms(Term, frozen=True, kw_only=True):
    """What programs may send on their own. Off until the order's owner says so; the contact gate judges besides."""

    #: Texts of playbooks are sent.
    automatic_texts: bool = False
    #: Messages beyond the confirmation also go to people whose opt-in several companies share.
    automatic_to_shared: bool = False
