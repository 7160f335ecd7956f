"""A day in a sales team: what is reported is what happened, and nobody waits unnoticed."""

from __future__ import annotations

from collections import Counter

from tests.clock import FakeClock
from tests.sales_day.audit import differences, reckoned, without_alarm
from tests.sales_day.day import SalesDay
from tests.sales_day.floor import open_floor
from tests.sales_day.roster import BEGINS, leads, shifts


async def test_the_days_report_is_the_reckoned_one_and_no_lead_waits_without_an_alarm(database_url: str) -> None:
    async with open_floor(database_url, FakeClock(BEGINS)) as floor:
        day = SalesDay(floor, shifts(10), leads(300, seed=3), seed=3)
        await day.play()
        clocks = reckoned(day)
        assert await differences(floor, day) == []
        assert without_alarm(floor, clocks) == []
    # It was a day on which all of this could have gone wrong.
    standings = Counter(one.standing for one in clocks)
    told = Counter(alert.point for alert in floor.heard.alerts)
    assert len(day.log.bought) == 300
    assert standings["met"] > 50
    assert standings["late"] > 5
    assert standings["running"] > 5
    assert told["breach"] > 5
    assert told["escalated"] > 0
    assert told["reminder"] > told["breach"]
    assert day.log.reclaimed > 0
    assert day.log.nobody_could > 0
