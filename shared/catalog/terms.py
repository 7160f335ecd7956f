"""The terms of trade, as plain immutable data.

One definition serves three readers: the catalog file that people write
(`leadline apply`), the snapshot that services decide by, and the pure rules that
hold a lead against an order. Field names are therefore the file's own words.
Durations carry their unit in the name; amounts are `Minor` (cents).
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, field

from shared.catalog.buying import Cap, OrderSource, Pacing, Price, PriceRule, Schedule
from shared.catalog.following import ContactTerms, HoldOut, Playbook, Template
from shared.catalog.money import Minor
from shared.catalog.receiving import Receiver
from shared.catalog.recognition import DuplicateScope, MatchKey
from shared.catalog.returning import ReturnTerms
from shared.catalog.sales import Agreements, Team
from shared.catalog.words import (
    ConsentPart,
    Exclusivity,
    FieldName,
    FieldType,
    FormKind,
    NetworkKind,
    NonNegative,
    OptIn,
    OrderState,
    PhoneNumber,
    PhoneType,
    Positive,
    Slug,
    StateCode,
    Term,
    Text,
)


class Buyer(Term, frozen=True, kw_only=True):
    """Who buys."""

    slug: Slug
    name: Text
    currency: Literal["USD", "CAD", "EUR", "GBP"] = "USD"
    #: IANA zone in which caps and days are counted.
    time_zone: str = "America/New_York"
    #: Shown at the foot of e-mails; required by CAN-SPAM (15 U.S.C. 7704(a)(5)).
    postal_address: Text
    #: From address of e-mails.
    email_from: Text
    #: Number that texts are sent from, and that people text STOP to; E.164.
    text_from: PhoneNumber = ""
    #: Number that people see and can call back when an agent calls by click to dial (47 CFR 64.1601(e)); E.164.
    caller_id: PhoneNumber = ""
    #: Where the gateway is reached from outside, for links in e-mails; empty: the install's own address.
    public_url: Annotated[
        str, Meta(pattern=r"^(?:https://[^\s/?#@]+(?:/[^\s?#]*)?)?$", description="an https:// address without a query")
    ] = ""


class Seller(Term, frozen=True, kw_only=True):
    """Who sells. `own` is the buyer's own site: the same chain at no price."""

    slug: Slug
    name: Text
    own: bool = False
    contact_email: str = ""
    #: Where the seller is told what became of its leads, such as returns; empty: it asks.
    webhook_url: str = ""


class Source(Term, frozen=True, kw_only=True):
    """One site that collects leads for a seller."""

    #: Registrable host, lower case, without scheme or `www.`.
    site: Annotated[str, Meta(pattern=r"^[a-z0-9.-]+\.[a-z0-9-]{2,}$", description="a host such as cars.example")]
    seller: Slug
    state: Literal["active", "paused"] = "active"
    #: What the buyer knows of its leads, whatever they declare: promised a reward, sold to several.
    incentivized: bool = False
    exclusivity: Exclusivity | None = None


class Disclosure(Term, frozen=True, kw_only=True):
    """An approved TCPA wording. `*` stands for any run of words (names, dates)."""

    slug: Slug
    text: Text
    #: Sellers that may use it; empty: all.
    sellers: tuple[Slug, ...] = ()
    #: Sites that may show it; empty: all.
    sites: tuple[str, ...] = ()
    #: First and last day (UTC, inclusive) on which a consumer may have agreed to it; None: no limit.
    valid_from: date | None = None
    valid_until: date | None = None


class Synonym(Term, frozen=True, kw_only=True):
    """Other words for one choice, compared without case and punctuation."""

    choice: str
    words: tuple[str, ...]


class ProductField(Term, frozen=True, kw_only=True):
    """One question of the product's form, beyond the standard contact fields."""

    name: FieldName
    type: FieldType
    label: str = ""
    #: Inclusive bounds for integer, number, money (in whole units, not cents) and both ends of a range.
    minimum: float | None = None
    maximum: float | None = None
    #: Allowed values for `choice`, compared without case.
    choices: tuple[str, ...] = ()
    #: Other words for choices.
    synonyms: tuple[Synonym, ...] = ()


class Product(Term, frozen=True, kw_only=True):
    """What the consumer asks for."""

    slug: Slug
    name: Text
    fields: tuple[ProductField, ...] = ()
    #: A lead that gives all of these is `long`, else `short`.
    long_form: tuple[FieldName, ...] = ()


class Geography(Term, frozen=True, kw_only=True):
    """Where the person must live. Empty lists do not restrict."""

    states: tuple[StateCode, ...] = ()
    exclude_states: tuple[StateCode, ...] = ()
    #: ZIPs or their beginnings, such as `787`.
    postal_codes: tuple[str, ...] = ()
    exclude_postal_codes: tuple[str, ...] = ()


#: Most rules of one order: every one costs every lead some microseconds.
MOST_RULES = 20


class Criterion(Term, frozen=True, kw_only=True):
    """One thing that must hold of a field. Bounds are inclusive.

    A field that the lead leaves out breaks no criterion: `required_fields` says what must be there,
    so that one absent field is one reason and short forms can be bought on the same terms as long ones.
    """

    field: FieldName
    minimum: float | None = None
    maximum: float | None = None
    one_of: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()


class Rule(Term, frozen=True, kw_only=True):
    """A criterion that plain words cannot say, as an expression in CEL over the lead's fields.

    It must be true. One that depends on a field which the lead leaves out is not broken, as with `Criterion`;
    `has(lead.x)` asks. One that cannot be worked out otherwise is broken: see `shared.catalog.rule_language`.
    """

    name: Slug
    #: Such as `lead.loan_amount <= 40 * lead.monthly_income`.
    holds: Annotated[str, Meta(min_length=1, max_length=2000)]
    #: What the seller is told where it does not hold: what was expected.
    message: Annotated[str, Meta(min_length=1, max_length=300)]


class LeadTerms(Term, frozen=True, kw_only=True):
    """Which lead type is ordered."""

    exclusivity: Exclusivity = "exclusive"
    #: Days for which an exclusive lead is nobody else's: one that another seller brings meanwhile was none.
    exclusive_days: Annotated[int, Meta(ge=1, le=365)] = 30
    forms: tuple[FormKind, ...] = ("long", "short")
    incentivized: bool = False
    opt_in: tuple[OptIn, ...] = ("single", "double")
    #: Kinds of line it buys; empty: any that a consumer can have. A line whose kind cannot be told is bought.
    phone_types: tuple[PhoneType, ...] = ()
    #: What becomes of a lead of another type: rejected, or bought where a price line names what differs.
    mismatch: Literal["reject", "reprice"] = "reject"


class DuplicateTerms(Term, frozen=True, kw_only=True):
    """When a person counts as bought before. 0 days switches the check off."""

    window_days: Annotated[int, Meta(ge=0, le=730)] = 30
    #: Any of these is enough. A detail that the lead leaves out matches nobody.
    match: tuple[MatchKey, ...] = ("phone", "email")
    #: Whose earlier purchases count: this seller's, those of this product, or all of the buyer's. Leads of the
    #: buyer's own site count in every scope.
    scope: DuplicateScope = "buyer"
    #: What becomes of a person who is only like one that was bought: other spelling, nickname, moved, mistyped phone.
    fuzzy: Literal["off", "flag", "reject"] = "off"
    #: From 1 to 100: a likeness of at least this marks a lead, which is bought.
    flag_score: Annotated[int, Meta(ge=1, le=100)] = 60
    #: A likeness of at least this is a duplicate, where `fuzzy` is `reject`.
    reject_score: Annotated[int, Meta(ge=1, le=100)] = 85
    #: Suppression lists that it minds, by name; left out: all of the buyer's.
    suppression_lists: tuple[Slug, ...] | None = None


class ConsentTerms(Term, frozen=True, kw_only=True):
    """What consent the order needs."""

    required: bool = True
    #: Approved disclosures, by slug; empty: any that its seller and site may use.
    disclosures: tuple[Slug, ...] = ()
    max_age_hours: Positive = 72
    #: Parts of the record that must be there beside its text. Without `captured_at` here, the time of the
    #: submission stands in for a missing one: the consumer agrees by submitting.
    require: tuple[ConsentPart, ...] = ()
    #: The text must name the buyer. Off by default: the one-to-one rule (FCC 23-107) was vacated on 24 January 2025
    #: (11th Cir., No. 24-10277), but 47 CFR 64.1200(f)(9) and 16 CFR 310.4(b)(1)(v) still speak of a specific seller.
    names_buyer: bool = False
    #: The page of the consent must be on the lead's source; else another page is only noted in the receipt.
    same_site: bool = False
    #: `present`: a certificate must be there; `match`: and its issuer must say that it is this person's.
    certificate: Literal["none", "present", "match"] = "none"
    certificate_max_age_hours: Positive | None = None
    #: Where the issuer is asked, also ask how old the certificate is and of which site. It charges for that.
    certificate_insights: bool = False
    #: What happens where the issuer cannot be asked in time.
    certificate_unknown: Literal["accept", "try_again"] = "accept"
    #: Have the issuer keep the certificate of a bought lead for five years. It charges for that.
    retain_certificate: bool = False


class BotTerms(Term, frozen=True, kw_only=True):
    """When a lead counts as filled in by a program."""

    minimum_seconds_on_form: NonNegative = 5
    #: From 1 to 100: signs of a program that add up to this are a reject, `bot_detected`. One kind of sign alone brings
    #: at most 40, so 60 takes at least two kinds; 100 leaves only what is certain, such as a filled honeypot.
    threshold: Annotated[int, Meta(ge=1, le=100)] = 60
    #: Addresses from which nothing is bought, `ip_risk`. Not `data_centre` unless you know your sellers: a tenth of
    #: all people surf through a VPN, and some of those end in data centres.
    refuse_networks: tuple[NetworkKind, ...] = ("crawler", "tor")


class VelocityTerms(Term, frozen=True, kw_only=True):
    """How many people may share one detail before it is nobody's own, `velocity`. 0: as many as there are.

    People are told apart by name, e-mail address and phone; the same person sent again, by whomever, counts once.
    Counts go back a sliding hour or day, include the lead itself, and are of this buyer alone.
    """

    #: Families share a phone, rarely more than five of them on one day.
    people_per_phone_day: Annotated[int, Meta(ge=0, le=50)] = 5
    people_per_email_day: Annotated[int, Meta(ge=0, le=50)] = 5
    #: The seller's own device id.
    people_per_device_day: Annotated[int, Meta(ge=0, le=50)] = 10
    #: A campus, a carrier or a call centre puts many people behind one address. IPv6: behind one /64.
    people_per_ip_hour: Annotated[int, Meta(ge=0, le=500)] = 60
    people_per_ip_day: Annotated[int, Meta(ge=0, le=500)] = 240


class PingTerms(Term, frozen=True, kw_only=True):
    """Whether and how the order bids on leads before their sellers tell the person."""

    accept: bool = True
    #: How long a bid holds its price and its place under the caps.
    bid_seconds: Annotated[int, Meta(ge=5, le=900)] = 120


class FollowUp(Agreements, frozen=True, kw_only=True):
    """What happens once a lead is bought."""

    playbook: Slug
    #: What the ad promised; repeated in the confirmation and on the call.
    offer: Text
    #: Teams by weight.
    teams: dict[Slug, Positive] = field(default_factory=dict)
    #: Systems of the buyer that are handed every lead that it buys here.
    deliver_to: tuple[Slug, ...] = ()
    #: What programs may send on their own.
    contact: ContactTerms = ContactTerms()
    #: A random share that people follow up later, to measure what speed is worth; left out: none.
    hold_out: HoldOut | None = None


class Order(Term, frozen=True, kw_only=True):
    """An insertion order: what the buyer buys from one seller, and on which terms."""

    slug: Slug
    #: 0 in a file; from 1 in a snapshot. Any change of the terms makes the next version.
    version: NonNegative = 0
    seller: Slug
    product: Slug
    state: OrderState = "active"
    #: Smaller is preferred where several orders could buy the same lead.
    priority: NonNegative = 100
    starts_on: date | None = None
    #: Last day, inclusive.
    ends_on: date | None = None
    schedule: Schedule = Schedule()
    #: Sites it buys from; empty, or nothing but blocked ones: every other active site of the seller.
    sources: tuple[str | OrderSource, ...] = ()
    geography: Geography = Geography()
    required_fields: tuple[FieldName, ...] = ()
    criteria: tuple[Criterion, ...] = ()
    #: Criteria that take more than a bound or a list, at most `MOST_RULES`.
    rules: tuple[Rule, ...] = ()
    lead: LeadTerms = LeadTerms()
    prices: tuple[Price, ...] = ()
    #: Adjustments, one after the other, of what the line says.
    price_rules: tuple[PriceRule, ...] = ()
    #: Bounds of the adjusted price. Without a floor, one cent.
    price_floor: Minor | None = None
    price_ceiling: Minor | None = None
    caps: tuple[Cap, ...] = ()
    pacing: Pacing = Pacing()
    duplicates: DuplicateTerms = DuplicateTerms()
    consent: ConsentTerms = ConsentTerms()
    bots: BotTerms = BotTerms()
    velocity: VelocityTerms = VelocityTerms()
    returns: ReturnTerms = ReturnTerms()
    pings: PingTerms = PingTerms()
    max_lead_age_minutes: Positive | None = None
    #: How long a lead that could not be decided may wait before it is rejected, `decision_expired`.
    decision_window_seconds: Positive = 900
    follow_up: FollowUp

    @property
    def site_terms(self) -> tuple[OrderSource, ...]:
        """`sources`, each with all that is said of it."""
        return tuple(OrderSource(site=one) if isinstance(one, str) else one for one in self.sources)

    @property
    def sites(self) -> tuple[str, ...]:
        """The sites that it names to buy from; empty: all of the seller's that it does not block."""
        return tuple(one.site for one in self.site_terms if not one.blocked)


class Catalog(Term, frozen=True, kw_only=True):
    """Everything a decision needs, at one revision."""

    #: 0 in a file; from 1 in a snapshot.
    revision: NonNegative = 0
    buyer: Buyer
    sellers: tuple[Seller, ...] = ()
    sources: tuple[Source, ...] = ()
    disclosures: tuple[Disclosure, ...] = ()
    products: tuple[Product, ...] = ()
    teams: tuple[Team, ...] = ()
    templates: tuple[Template, ...] = ()
    playbooks: tuple[Playbook, ...] = ()
    receivers: tuple[Receiver, ...] = ()
    orders: tuple[Order, ...] = ()


#: Fields that every product has. Whatever else a lead carries must be a field of its product, or is unknown.
STANDARD_FIELDS = frozenset(
    {
        "first_name",
        "last_name",
        "full_name",
        "email",
        "phone",
        "street",
        "city",
        "state",
        "postal_code",
        "date_of_birth",
        "form",
        "opt_in",
        "incentivized",
        "exclusivity",
        "opt_in_confirmed_at",
    }
)

#: What criteria and rules may ask besides: the age by the date of birth, in whole years, and the source's site.
DERIVED_FIELDS = frozenset({"age", "source"})
