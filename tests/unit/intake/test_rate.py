"""The rate of an access key: an average, a burst, and no edge at which twice as many pass."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.intake.rate import MINUTE_US, Rate, admit

RATES = st.builds(Rate, st.integers(1, 10_000), st.integers(1, 500))
#: Pauses in microseconds and leads that come after them.
ARRIVALS = st.lists(st.tuples(st.integers(0, 2 * MINUTE_US), st.integers(1, 300)), max_size=40)


def test_a_rested_key_may_send_its_burst_at_once_and_then_its_rate() -> None:
    rate = Rate(per_minute=60, burst=5)
    whole_at, said = admit(0, 0, 7, rate)
    assert (said.admitted, said.retry_after_seconds) == (5, 1.0)
    whole_at, said = admit(whole_at, 1_000_000, 2, rate)
    assert (said.admitted, said.retry_after_seconds) == (1, 1.0)
    _, said = admit(whole_at, 61_000_000, 6, rate)
    assert said.admitted == 5


@given(rate=RATES, arrivals=ARRIVALS)
def test_in_no_span_of_time_do_more_than_burst_and_rate_pass(rate: Rate, arrivals: list[tuple[int, int]]) -> None:
    whole_at, now, passed = 0, 0, list[tuple[int, int]]()
    for pause, leads in arrivals:
        now += pause
        whole_at, said = admit(whole_at, now, leads, rate)
        passed.append((now, said.admitted))
    for start in range(len(passed)):
        for end in range(start, len(passed)):
            span = passed[end][0] - passed[start][0]
            sent = sum(admitted for _, admitted in passed[start : end + 1])
            assert sent <= rate.burst + span // rate.interval_us


@given(rate=RATES, arrivals=ARRIVALS)
def test_whoever_waits_as_told_gets_through(rate: Rate, arrivals: list[tuple[int, int]]) -> None:
    whole_at, now = 0, 0
    for pause, leads in arrivals:
        now += pause
        whole_at, said = admit(whole_at, now, leads, rate)
        if said.admitted < leads:
            now += round(said.retry_after_seconds * 1e6)
            whole_at, again = admit(whole_at, now, 1, rate)
            assert again.admitted == 1
