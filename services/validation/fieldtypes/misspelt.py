"""Domains of big mail providers, misspelt: surely, or only perhaps.

Sure is what has one right form and none of its own: nobody has a mailbox at gmial.com. A real provider
close to a big one (ymail.com, gmx.com, mail.com) is never touched.
"""

from __future__ import annotations

from collections.abc import Set
from contextlib import suppress
from typing import NamedTuple

import idna
from rapidfuzz.distance import OSA


class Meant(NamedTuple):
    """The domain that was probably meant; empty: the one that was written."""

    domain: str = ""
    #: There can be no mailbox at the written one.
    sure: bool = False


_NOTHING = Meant()
#: The name of a provider before its ending, and the ending that belongs to it.
_PROVIDERS = {
    "gmail": "com", "yahoo": "com", "hotmail": "com", "outlook": "com", "icloud": "com", "aol": "com", "ymail": "com",
    "rocketmail": "com", "protonmail": "com", "googlemail": "com", "comcast": "net", "verizon": "net",
    "sbcglobal": "net", "bellsouth": "net", "optonline": "net", "earthlink": "net", "att": "net", "msn": "com",
    "live": "com", "mac": "com", "me": "com", "cox": "net", "charter": "net", "windstream": "net", "suddenlink": "net",
    "centurylink": "net", "roadrunner": "com", "frontiernet": "net", "fastmail": "com", "proton": "me",
}  # fmt: skip
#: Long enough that one wrong letter leaves no doubt.
_LONG = (
    "gmail", "yahoo", "hotmail", "outlook", "icloud", "rocketmail", "protonmail", "googlemail", "comcast", "verizon",
    "sbcglobal", "bellsouth", "optonline", "earthlink", "windstream", "suddenlink", "centurylink", "frontiernet",
)  # fmt: skip
#: Names one letter from a provider's that are words, firms or providers themselves.
_REAL = frozenset({"gail", "gomail", "gmaps", "hotmaid", "outlooks"})
#: Slips of the first letter or of more than one letter that are seen every day.
_SLIPS = {
    "gmail": "hgmail fgmail ggmail cgmail agmail igmail jgmail gamial gmailll gmia gmailcom googlemai gmalal wwwgmail",
    "yahoo": "yahpp tahoo uahoo ayhoo yhooo ahoo yah00 yahoocom wwwyahoo gyahoo yaho",
    "hotmail": "jotmail otmail homtial hotmailcom htomial",
    "outlook": "outluk iutlook putlook outlookcom",
    "icloud": "icould uicloud iiclould icloudcom",
    "aol": "aoll aool aooll aolcom",
    "sbcglobal": "sbcgloble sbcgolbel sbcglbal",
    "comcast": "comcastnet comcat",
    "ymail": "ymial ymai ymaill ymali yamil",
    "att": "attt attnet",
    "msn": "msnn",
}
#: What people type for an ending that does not exist.
_ENDINGS = {
    "com": """con cmo ocm comm coom cpm clm vom xom cim ccom comn coml cok comcom c0m cop cxom cdom copm cmm ckm dcom
        fcom comu como coim conm comi come cpom comk comj comq coma cmi""",
    "net": "ner nte nett ent ney nt bet met neet nwt nrt",
    "org": "ogr rog orgg og",
    "co.uk": "couk",
}
_MEANT_ENDING = {slip: right for right, slips in _ENDINGS.items() for slip in slips.split()}
_MEANT_NAME = {slip: right for right, slips in _SLIPS.items() for slip in slips.split()}
#: Second-level endings below a country's.
_SECOND = frozenset({"co", "com", "net", "org", "ne", "or"})
#: Letters of other scripts that look like Latin ones.
_LOOKALIKES = str.maketrans("аеорсухіӏԁһοαν", "aeopcyxildhoav")
#: Countries whose endings are .com with a letter left out; and .co, which no big provider uses alone.
_NEAR_COM = frozenset({"co", "cm", "om"})
_GENERIC = frozenset({"com", "net", "org"})
#: Providers by country, of which the name alone is no slip: yahoo.fr, hotmail.co.uk, live.ca, outlook.de.
_WORLDWIDE = frozenset({"yahoo", "hotmail", "live", "outlook", "msn", "aol", "icloud", "mac", "me"})
#: Providers that give mailboxes below .com alone; those of telephone companies have their staff there.
_COM_ONLY = frozenset({"gmail", "googlemail", "yahoo", "ymail", "rocketmail", "hotmail", "outlook", "icloud", "aol"})
#: Of these, .co is a firm's or a person's as likely as a slip.
_SHORT = frozenset({"me", "mac", "cox", "att", "live", "charter", "proton", "roadrunner"})


def meant_domain(domain: str, endings: Set[str], mail: Set[str]) -> Meant:
    """What was meant by a domain (ASCII, lower case). `endings`: all there are; `mail`: domains of known providers."""
    bare = _bare(domain)
    name, ending = _split(bare)
    provider = _provider_of(name)
    if ending.rpartition(".")[2] not in endings:
        return _unknown_ending(name, ending, provider)
    if not provider:
        return _NOTHING
    right = _PROVIDERS[provider]
    if name == provider and ending == right:
        return Meant(bare, sure=True) if bare != domain else _NOTHING
    if name == provider:
        return _other_ending(provider, right, ending, known=domain in mail)
    known = domain in mail and name not in _MEANT_NAME
    if ending in _GENERIC or ending in _NEAR_COM:
        return Meant(f"{provider}.{right}", sure=not known)
    if (len(ending) == 2 or "." in ending) and provider in _WORLDWIDE:
        return Meant(f"{provider}.{ending}", sure=not known)
    return Meant(f"{provider}.{right}")


def _bare(domain: str) -> str:
    """The domain as it looks to a reader, without what is often put before and behind it."""
    if "xn--" in domain:
        with suppress(idna.IDNAError):
            lookalike = idna.decode(domain).translate(_LOOKALIKES)
            domain = lookalike if lookalike.isascii() else domain
    domain = domain.removeprefix("www.")
    return domain.removesuffix(".com") if domain.endswith(".com.com") else domain


def _split(domain: str) -> tuple[str, str]:
    """Name and ending; below a country's ending, `co.uk` is one."""
    name, _, ending = domain.rpartition(".")
    rest, _, second = name.rpartition(".")
    return (rest, f"{second}.{ending}") if rest and len(ending) == 2 and second in _SECOND else (name, ending)


def _provider_of(name: str) -> str:
    """The provider that a name (without ending) is, or is a slip of; empty: none."""
    if name in _PROVIDERS:
        return name
    if name in _MEANT_NAME:
        return _MEANT_NAME[name]
    if name in _REAL or len(name) < 4 or "." in name:
        return ""
    near = [known for known in _LONG if known[0] == name[0] and OSA.distance(name, known, score_cutoff=1) <= 1]
    return near[0] if len(near) == 1 else ""


def _other_ending(provider: str, right: str, ending: str, *, known: bool) -> Meant:
    """A provider's name with an ending that is not its own. `known`: somebody gives mailboxes there all the same."""
    if ending in _NEAR_COM and provider not in _SHORT:
        return Meant(f"{provider}.{right}", sure=True)
    if ending in _GENERIC or provider in ("gmail", "sbcglobal", "bellsouth", "comcast"):
        nobodys = (provider in _COM_ONLY and ending in _GENERIC) or (provider == "gmail" and "." in ending)
        sure = (nobodys and not known) or (provider, ending) == ("sbcglobal", "com")
        return Meant(f"{provider}.{right}", sure=sure)
    return _NOTHING


def _unknown_ending(name: str, ending: str, provider: str) -> Meant:
    """An ending that does not exist: the provider's own, or the one that looks like it."""
    if provider:
        return Meant(f"{provider}.{_PROVIDERS[provider]}", sure=True)
    right = _MEANT_ENDING.get(ending, "")
    if not right:
        near = [known for known in ("com", "net", "org", "edu", "gov") if OSA.distance(ending, known) <= 1]
        right = near[0] if len(near) == 1 else ""
    return Meant(f"{name}.{right}" if right else "", sure=True)
