"""Lists as rules ask them: small in memory, loaded once."""

from __future__ import annotations

import ipaddress
import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence, Set
from functools import lru_cache
from typing import NamedTuple


class Domains(Set[str]):
    """A set of domains in a tenth of a frozenset's memory; a look-up takes some five microseconds."""

    def __init__(self, lines: Iterable[str] = ()) -> None:
        encoded = sorted(line.encode() for line in lines)
        self._text = b"".join(encoded)
        self._ends = array("I")
        end = 0
        for domain in encoded:
            end += len(domain)
            self._ends.append(end)

    def __len__(self) -> int:
        return len(self._ends)

    def __iter__(self) -> Iterator[str]:
        return (self._domain(rank).decode() for rank in range(len(self)))

    def __contains__(self, domain: object) -> bool:
        if not isinstance(domain, str):
            return False
        sought = domain.encode()
        rank = bisect_left(range(len(self)), sought, key=self._domain)
        return rank < len(self) and self._domain(rank) == sought

    def _domain(self, rank: int) -> bytes:
        return self._text[self._ends[rank - 1] if rank else 0 : self._ends[rank]]


class AreaCodes:
    """Where the area codes of the North American Numbering Plan are at home."""

    def __init__(self, lines: Iterable[str] = ()) -> None:
        """`lines`: area code, country, regions, by tabs."""
        self._homes: dict[str, tuple[str, frozenset[str]]] = {}
        for line in lines:
            area, country, regions = line.split("\t")
            self._homes[area] = country, frozenset(regions.split())

    def __len__(self) -> int:
        return len(self._homes)

    def states(self, area_code: str) -> frozenset[str]:
        """The USPS states of an area code; empty: unknown, or not in the United States."""
        country, regions = self._homes.get(area_code, ("", frozenset[str]()))
        return regions if country == "US" else frozenset()

    def country(self, area_code: str) -> str:
        """`US` or `CA`; empty: unknown, or another country of the plan."""
        return self._homes.get(area_code, ("", frozenset[str]()))[0]


class Crawlers:
    """Patterns by which programs are told in a user agent."""

    def __init__(self, lines: Iterable[str] = ()) -> None:
        """`lines`: `+` and what programs call themselves, `-` and what is cut out before looking."""
        known = list(lines)
        self._count = len(known)
        self._names = _any_of([line[1:] for line in known if line[0] == "+"])
        self._harmless = _any_of([line[1:] for line in known if line[0] == "-"])

    def __len__(self) -> int:
        return self._count

    def named_in(self, user_agent: str) -> str:
        """What program the user agent admits to be; empty: none. Takes some 100 µs, so callers remember answers."""
        rest = self._harmless.sub("", user_agent).strip()
        found = self._names.search(rest) if rest else None
        return found[0] if found is not None else ""


def _any_of(patterns: Sequence[str]) -> re.Pattern[str]:
    return re.compile("|".join(patterns) if patterns else "(?!)", re.IGNORECASE)


class Machine(NamedTuple):
    """Whose machines live at an address."""

    #: `hosting`, `cdn`, `vpn`, `tor` or `bot`.
    kind: str
    #: Such as `Hetzner`.
    operator: str


class DataCentres:
    """Address ranges in which machines live."""

    def __init__(self, lines: Iterable[str] = ()) -> None:
        """`lines`: first address, last address, kind, operator, by tabs. Ranges do not overlap."""
        machines: dict[Machine, int] = {}
        small: list[tuple[int, int, int]] = []
        large: list[tuple[int, int, int]] = []
        for line in lines:
            first, last, kind, operator = line.split("\t")
            machine = machines.setdefault(Machine(kind, operator), len(machines))
            start, end = ipaddress.ip_address(first), ipaddress.ip_address(last)
            if start.version == 4:
                small.append((int(start), int(end), machine))
            else:
                # The first 64 bits are one customer's network; a finer answer would be a guess at its inside.
                large.append((int(start) >> 64, int(end) >> 64, machine))
        self._machines = list(machines)
        self._tables = {4: _columns(small), 6: _columns(large)}
        self.find = lru_cache(maxsize=8192)(self._find)

    def __len__(self) -> int:
        return sum(len(starts) for starts, _, _ in self._tables.values())

    def _find(self, address: str) -> Machine | None:
        """Whose machine has this address; None: perhaps a person's, and for what is no address."""
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return None
        if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
            parsed = parsed.ipv4_mapped
        return self.holder(parsed.version, int(parsed) if parsed.version == 4 else int(parsed) >> 64)

    def holder(self, version: int, number: int) -> Machine | None:
        """Whose machines have this IPv4 address, or this /64 of IPv6 (its first 64 bits)."""
        starts, ends, machines = self._tables[version]
        rank = bisect_right(starts, number) - 1
        return self._machines[machines[rank]] if rank >= 0 and number <= ends[rank] else None


def _columns(ranges: list[tuple[int, int, int]]) -> tuple[array[int], array[int], array[int]]:
    ranges.sort()
    starts, ends, machines = zip(*ranges, strict=True) if ranges else ((), (), ())
    return array("Q", starts), array("Q", ends), array("H", machines)
