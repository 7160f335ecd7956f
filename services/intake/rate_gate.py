"""Which of a batch came faster than its key may send."""

from __future__ import annotations

from collections.abc import Mapping

from services.intake.draft import Draft
from services.intake.rate import Rate
from services.intake.rate_store import RateLimits
from shared.rpc.errors import RateLimited


async def too_fast(limits: RateLimits, opened: Mapping[int, Draft]) -> dict[int, RateLimited]:
    """The items beyond what their key may send now; the first that came go first. Nobody is asked without need."""
    by_key: dict[str, list[int]] = {}
    rates: dict[str, Rate] = {}
    for n, draft in opened.items():
        if draft.rate is not None:
            by_key.setdefault(draft.access_key_id, []).append(n)
            rates[draft.access_key_id] = draft.rate
    if not by_key:
        return {}
    told = await limits.admit({key: (rates[key], len(numbers)) for key, numbers in by_key.items()})
    return {
        n: RateLimited(
            f"this access key may send {rates[key].per_minute} leads a minute, {rates[key].burst} at once",
            retry_after_seconds=told[key].retry_after_seconds,
        )
        for key, numbers in by_key.items()
        for n in numbers[told[key].admitted :]
    }
