"""A histogram for the hot path: many leads of one batch spend the same time in a stage, and are observed at once."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate

from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector


class Tally:
    """Counts of one label's observations by bucket. For one event loop: it takes no lock."""

    __slots__ = ("_bounds", "_counts", "_sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        """`bounds`: upper bounds of the buckets, inclusive and rising; what is greater counts as +Inf."""
        self._bounds = tuple(bounds)
        self._counts = [0] * (len(self._bounds) + 1)
        self._sum = 0.0

    def observe(self, value: float, count: int = 1) -> None:
        """Count `count` observations of the same value."""
        self._counts[bisect_left(self._bounds, value)] += count
        self._sum += value * count

    @property
    def total(self) -> float:
        """Sum of everything observed."""
        return self._sum

    def buckets(self) -> list[tuple[str, float]]:
        """Upper bound and how many observations were at most that, as Prometheus wants them."""
        names = [*(str(float(bound)) for bound in self._bounds), "+Inf"]
        return list(zip(names, map(float, accumulate(self._counts)), strict=True))


class Tallies(Collector):
    """One histogram, a `Tally` for each value of its one label."""

    def __init__(self, name: str, description: str, label: str, tallies: Mapping[str, Tally]) -> None:
        self._name = name
        self._description = description
        self._label = label
        self._tallies = dict(tallies)

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """The metric as it stands now."""
        family = HistogramMetricFamily(self._name, self._description, labels=[self._label])
        for value, tally in self._tallies.items():
            family.add_metric([value], buckets=tally.buckets(), sum_value=tally.total)
        yield family
