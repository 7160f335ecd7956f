"""The lists that rules consult, in the versions that a receipt names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from services.validation.lists.holders import AreaCodes, Crawlers, DataCentres, Domains
from services.validation.lists.listfile import read
from services.validation.lists.zips import SANDBOX_ZIPS, Zips

__all__ = ["PACKAGED", "SANDBOX_ZIPS", "Reference", "Zips"]

#: The lists that come with this code.
PACKAGED = Path(__file__).parent / "data"


@dataclass(frozen=True, slots=True)
class Reference:
    """Facts about the world that age."""

    zips: Zips
    area_codes: AreaCodes
    throwaway_domains: Domains
    free_mail_domains: Domains
    crawlers: Crawlers
    data_centres: DataCentres
    #: Source, day and content of each list by its name, as a receipt tells them.
    versions: Mapping[str, str]

    @classmethod
    def load(cls, files: Mapping[str, Path] | None = None) -> Reference:
        """Reads the lists, by default the packaged ones; takes about half a second and no network.

        Raises:
            ListError: a file is missing or damaged.
        """
        found = files if files is not None else packaged()
        stamps = {"numbering-plan": f"phonenumbers {version('phonenumbers')}"}
        lines: dict[str, list[str]] = {}
        for name, path in found.items():
            heading, lines[name] = read(path)
            stamps[name] = heading.stamp
        return cls(
            zips=Zips(lines.pop("zip-codes")),
            area_codes=AreaCodes(lines.pop("area-codes")),
            throwaway_domains=Domains(lines.pop("throw-away-domains")),
            free_mail_domains=Domains(lines.pop("free-mail-domains")),
            crawlers=Crawlers(lines.pop("crawlers")),
            data_centres=DataCentres(lines.pop("data-centres")),
            versions=dict(sorted(stamps.items())),
        )

    def area_states(self, area_code: str) -> frozenset[str]:
        """The USPS states of an area code; empty: unknown, or not in the United States."""
        return self.area_codes.states(area_code)


def packaged() -> dict[str, Path]:
    """The file of each list that comes with this code, by the list's name."""
    return {path.name.partition(".")[0]: path for path in sorted(PACKAGED.glob("*.txt*"))}
