"""What follows an accepted lead survives its worker, its database and Redis; the big one is `tests.chaos.burst`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.chaos.burst import SECRET, burst
from tests.e2e.market import Market, open_market
from tests.integration.http_receiver import HttpReceiver

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def market() -> Iterator[Market]:
    with open_market(LEADLINE_RECEIVER_SECRET_CRM=SECRET) as opened:
        yield opened


@pytest.fixture
async def crm() -> AsyncIterator[HttpReceiver]:
    receiver = HttpReceiver()
    await receiver.start()
    yield receiver
    await receiver.stop()


async def test_every_accepted_lead_is_confirmed_handed_over_and_called_once_whatever_dies(
    market: Market, crm: HttpReceiver
) -> None:
    report = await burst(market, crm, 300, rate=40.0, every=3.0, most_kills=2)
    assert report.broken == []
    assert report.accepted == 300
    assert report.kills == 2
