"""One running suite a module, and leads without end."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest

from deploy.demo.lead import DemoLead
from tests.e2e.market import Market, open_market

#: The streams that are played begin with this seed.
FIRST_SEED = 9000


@pytest.fixture(scope="module")
def market() -> Iterator[Market]:
    with open_market() as opened:
        yield opened


@pytest.fixture(scope="module")
def crowd(market: Market) -> Iterator[DemoLead]:
    """Good leads, bad leads, duplicates and leads over a cap, as the demo plays them, each given out once."""
    return (lead for seed in count(FIRST_SEED) for lead in market.stream(seed))
