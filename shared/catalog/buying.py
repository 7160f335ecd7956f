"""When an order buys, from where, how fast and for how much: parts of `shared.catalog.terms.Order`."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated

from msgspec import Meta

from shared.catalog.money import Minor
from shared.catalog.words import (
    EndOfDay,
    Exclusivity,
    FieldName,
    FormKind,
    HolidayCalendar,
    NonNegative,
    OptIn,
    Slug,
    StateCode,
    Term,
    TimeOfDay,
    Weekday,
    WindowKind,
)


class DayHours(Term, frozen=True, kw_only=True):
    """Hours of one weekday, `HH:MM`, `24:00` allowed as the end; an end before the beginning is on the next day."""

    day: Weekday
    opens: TimeOfDay
    closes: EndOfDay


class Schedule(Term, frozen=True, kw_only=True):
    """When an order buys, or a team works. No hours: always, except on days on which it is closed."""

    time_zone: str = ""
    #: A line that closes before it opens, such as 20:00 to 04:00, ends on the next day.
    hours: tuple[DayHours, ...] = ()
    #: `us-federal`: closed on the days of 5 U.S.C. 6103 and, where one falls on a weekend, on the day kept instead.
    holidays: HolidayCalendar = "none"
    #: More days on which it does not open.
    closed_on: tuple[date, ...] = ()


class Price(Term, frozen=True, kw_only=True):
    """What a lead pays. The first line whose conditions all hold wins.

    Under `mismatch: reprice`, a line that says nothing of a part of the type is for leads as ordered in that part.
    """

    amount: Minor
    form: FormKind | None = None
    states: tuple[StateCode, ...] = ()
    exclusivity: Exclusivity | None = None
    incentivized: bool | None = None
    opt_in: OptIn | None = None


class Cap(Term, frozen=True, kw_only=True):
    """Most leads, most spend, or both, in each window."""

    window: WindowKind
    leads: NonNegative | None = None
    spend: Minor | None = None


class OrderSource(Term, frozen=True, kw_only=True):
    """What an order says of one site. The site's name alone may stand for it where there is nothing else to say."""

    site: str
    #: What its leads pay before price rules, whatever the lines of `prices` say of leads of the type ordered.
    price: Minor | None = None
    #: The most that the order buys of this site, besides its own caps.
    caps: tuple[Cap, ...] = ()
    #: Nothing is bought from it.
    blocked: bool = False


class Pacing(Term, frozen=True, kw_only=True):
    """How fast the order buys within its caps."""

    #: Seconds that lie at least between two leads, by their times of receipt; 0: none.
    minimum_seconds: Annotated[int, Meta(ge=0, le=86_400)] = 0
    #: Spread the day's cap of leads evenly over the day's open time: at any moment no more than its share and one.
    even: bool = False


class PriceRule(Term, frozen=True, kw_only=True):
    """One adjustment of the price, for leads of which all that it says holds. `services/routing/pricing.py` has how.

    A field that the lead leaves out holds no condition. Exactly one of `add`, `subtract`, `percent` and `set`.
    """

    name: Slug
    states: tuple[StateCode, ...] = ()
    #: Sites.
    sources: tuple[str, ...] = ()
    #: Days and hours of receipt, in the zone of the order's schedule.
    weekdays: tuple[Weekday, ...] = ()
    #: From this time of the day on, and until before this one; over midnight where it ends before it begins.
    after: TimeOfDay | None = None
    before: EndOfDay | None = None
    #: A field of the product, such as an amount or a score, with inclusive bounds or with values.
    field: FieldName | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    one_of: tuple[str, ...] = ()
    add: Minor | None = None
    subtract: Minor | None = None
    #: Whole per cent more, or less where it is negative.
    percent: Annotated[int, Meta(ge=-100, le=1000)] | None = None
    set: Minor | None = None
