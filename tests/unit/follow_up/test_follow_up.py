"""Planning and retrying."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.routing.accepted import speed_to_lead_seconds
from services.routing.delivery.delivery import (
    GIVE_UP_AFTER,
    Blocked,
    HandedOff,
    Postponed,
    Refused,
    retry_seconds,
    settle,
)
from services.routing.follow_up import derived_id
from shared.runtime.ids import uuid7
from tests.unit.follow_up.samples import NOW, accepted, delivery


@given(st.lists(st.uuids(), unique=True, max_size=50), st.sampled_from(["email", "call"]))
def test_ids_of_different_leads_differ(leads: list[UUID], kind: str) -> None:
    ids = {derived_id(lead, kind) for lead in leads}
    assert len(ids) == len(leads)


def test_derived_ids_are_valid_and_keep_the_order_of_time() -> None:
    leads = [UUID(uuid7()) for _ in range(20)]
    ids = [derived_id(lead, "email") for lead in leads]
    assert all(one.version == 7 and one.variant == "specified in RFC 4122" for one in ids)
    assert [one.bytes[:8] for one in ids] == [lead.bytes[:8] for lead in leads]


def test_the_wait_grows_from_try_to_try() -> None:
    waits = [retry_seconds(attempt, False, 0.5) for attempt in range(1, 12)]
    assert waits[:5] == [1, 5, 30, 120, 600]
    assert all(earlier <= later for earlier, later in pairwise(waits))


def test_an_outage_is_probed_at_least_every_thirty_seconds() -> None:
    assert max(retry_seconds(attempt, True, 0.5) for attempt in range(1, 100)) == 30


@given(st.integers(0, 1000), st.booleans(), st.floats(0, 1, exclude_max=True))
def test_jitter_spreads_a_wait_by_a_fifth_at_most(attempts: int, outage: bool, jitter: float) -> None:
    nominal = retry_seconds(attempts, outage, 0.5)
    assert 0.8 * nominal <= retry_seconds(attempts, outage, jitter) <= 1.2 * nominal + 1e-9


def test_a_handed_off_delivery_forgets_its_earlier_error() -> None:
    settled = settle(delivery(), HandedOff(NOW), NOW, 0.5)
    assert (settled.state, settled.handed_off_at, settled.last_error) == ("handed_off", NOW, "")


def test_a_postponed_delivery_waits_and_says_why() -> None:
    tried = replace(delivery(), attempts=2)
    settled = settle(tried, Postponed("rcpt: 451"), NOW, 0.5)
    assert (settled.state, settled.due_at, settled.last_error) == ("waiting", NOW + timedelta(seconds=5), "rcpt: 451")


def test_a_refused_delivery_is_dead_at_once() -> None:
    assert settle(replace(delivery(), attempts=1), Refused("rcpt: 550"), NOW, 0.5).state == "dead"


@pytest.mark.parametrize("outage", [False, True])
def test_tries_end_after_three_days(outage: bool) -> None:
    tried = replace(delivery(), attempts=40)
    late = NOW + GIVE_UP_AFTER - timedelta(seconds=1)
    settled = settle(tried, Postponed("connect: unreachable", outage), late, 0.5)
    assert (settled.state, settled.last_error) == ("dead", "connect: unreachable")


def test_a_receiver_that_asks_for_peace_gets_it() -> None:
    tried = replace(delivery(), attempts=1)
    assert settle(tried, Postponed("429", retry_after_seconds=90), NOW, 0.5).due_at == NOW + timedelta(seconds=90)
    assert settle(tried, Postponed("429", retry_after_seconds=0.1), NOW, 0.5).due_at == NOW + timedelta(seconds=1)


def test_what_the_gate_forbids_until_later_waits_and_has_its_three_days_then() -> None:
    later = NOW + timedelta(days=5)
    settled = settle(replace(delivery(), attempts=1), Blocked("hours", later), NOW, 0.5)
    assert (settled.state, settled.due_at, settled.last_error) == ("waiting", later, "hours")
    assert settled.give_up_at == later + GIVE_UP_AFTER


def test_what_the_gate_forbids_for_good_is_blocked_not_dead() -> None:
    assert settle(replace(delivery(), attempts=1), Blocked("opted_out"), NOW, 0.5).state == "blocked"


def test_speed_to_lead_runs_from_the_consumers_submit() -> None:
    assert speed_to_lead_seconds(accepted(), NOW + timedelta(seconds=1)) == pytest.approx(3.0)


@pytest.mark.parametrize("submitted_at", [None, NOW + timedelta(hours=1)])
def test_speed_to_lead_runs_from_receipt_where_the_sellers_clock_cannot_be_right(submitted_at: object) -> None:
    lead = replace(accepted(), submitted_at=submitted_at)  # type: ignore[arg-type]
    assert speed_to_lead_seconds(lead, NOW + timedelta(seconds=1)) == pytest.approx(1.01)
