"""The lists that rules consult, in the versions that a receipt names."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from services.validation.lists.holders import AreaCodes, Crawlers, DataCentres, Domains
from services.validation.lists.listfile import heading_of, read
from services.validation.lists.zips import SANDBOX_ZIPS, Zips

__all__ = ["LIBRARIES", "RULES", "SANDBOX_ZIPS", "Reference", "Zips", "packaged"]

#: The lists that come with this code.
_PACKAGED = Path(__file__).parent / "data"
#: Lists that are as new as a library that answers from them: no file of ours.
LIBRARIES: Mapping[str, str] = {"numbering-plan": "phonenumbers"}
#: Under which name a receipt tells the version of the rules themselves.
RULES = "rules"

_HOLDERS: Mapping[str, Callable[[list[str]], Any]] = {
    "zip-codes": Zips,
    "area-codes": AreaCodes,
    "throw-away-domains": Domains,
    "free-mail-domains": Domains,
    "top-level-domains": frozenset,
    "crawlers": Crawlers,
    "data-centres": DataCentres,
}


@dataclass(frozen=True, slots=True)
class Reference:
    """Facts about the world that age."""

    zips: Zips
    area_codes: AreaCodes
    throwaway_domains: Domains
    free_mail_domains: Domains
    top_level_domains: frozenset[str]
    crawlers: Crawlers
    data_centres: DataCentres
    #: Source, day and content of each list by its name, as a receipt tells them.
    versions: Mapping[str, str]

    @classmethod
    def load(cls, files: Mapping[str, Path] | None = None, *, before: Reference | None = None) -> Reference:
        """Reads the lists, by default the packaged ones; takes about half a second and no network.

        `before`: lists of an earlier load; those that are the same are taken over, not read again.

        Raises:
            ListError: a file is missing or damaged.
        """
        found = files if files is not None else packaged()
        stamps = {RULES: rules_version()} | {
            name: f"{library} {version(library)}" for name, library in LIBRARIES.items()
        }
        holders: dict[str, Any] = {}
        for name, holder in _HOLDERS.items():
            stamps[name] = heading_of(found[name]).stamp
            if before is not None and before.versions[name] == stamps[name]:
                holders[name] = before._holder(name)
            else:
                holders[name] = holder(read(found[name])[1])
        fields = {_field(name): held for name, held in holders.items()}
        return cls(versions=dict(sorted(stamps.items())), **fields)

    @property
    def editions(self) -> dict[str, str]:
        """The versions of the lists that are files, which a shelf can bring back."""
        return {name: self.versions[name] for name in _HOLDERS}

    def area_states(self, area_code: str) -> frozenset[str]:
        """The USPS states of an area code; empty: unknown, or not in the United States."""
        return self.area_codes.states(area_code)

    def _holder(self, name: str) -> Any:
        return getattr(self, _field(name))


def _field(name: str) -> str:
    return {"zip-codes": "zips", "throw-away-domains": "throwaway_domains"}.get(name, name.replace("-", "_"))


@cache
def rules_version() -> str:
    """Eight hexadecimal digits that change with any line of the rules' code."""
    room = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for path in sorted(room.rglob("*.py")):
        digest.update(path.relative_to(room).as_posix().encode() + b"\0" + path.read_bytes())
    return f"#{digest.hexdigest()[:8]}"


def packaged() -> dict[str, Path]:
    """The file of each list that comes with this code, by the list's name."""
    return {path.name.partition(".")[0]: path for path in sorted(_PACKAGED.glob("*.txt.gz"))}
