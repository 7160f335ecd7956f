"""What a user agent says about who filled in the form."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from services.validation.bots.sign import Sign
from services.validation.lists.holders import Crawlers

#: Longest user agent that is looked at, in characters.
_LONGEST = 512
#: Tools that drive a browser or post without one and that the list of crawlers leaves out.
_TOOLS = re.compile(
    r"headless|phantomjs|puppeteer|playwright|selenium|webdriver|cypress/|slimerjs|htmlunit|jsdom|zombie\.js|casperjs"
    r"|nightmare/|splash/|lighthouse|testcafe|browserless|scrapingbee|zenrows|windowspowershell"
    r"|^(?:python|java|ruby|perl|php|guzzle(?:http)?|go|node|deno|bun|dart|okhttp|axios|undici|got|ky|curl|wget|httpie"
    r"|http\.rb|libwww|lwp|postman|insomnia|bruno(?:runtime)?|hoppscotch|thunder client|restsharp|superagent|faraday"
    r"|typhoeus|winhttp|aiohttp|httpx|urllib3?|xh|pycurl|mechanize|scrapy|reqwest|hyper|ureq|jakarta|apache-httpclient|jersey"
    r"|unirest|vert\.x|reactornetty|ktor(?:-client)?|akka-http|k6|apache-jmeter|gatling|locust|artillery|siege|wrk|vegeta"
    r"|apachebench|autocannon|rest-assured|karate|datadog|emailcollector|zapier|n8n|pipedream|hackney|finch|tesla|erlang|clj-http|httr|winInet"
    r"|libcurl|r-curl|fasthttp|resty|req|needle|phin|wretch|symfony|laravel|drupal|wordpress|joomla)\b(?:[/ (_-]|$)",
    re.IGNORECASE,
)
#: Telephones, and apps that show pages to people, whose names are on lists of crawlers.
_PEOPLE_SAY = re.compile(r"OPPO A33\w*|CUBOT\w*|(?<=[a-z0-9)] )(?:WhatsApp|Slack)/", re.IGNORECASE)
#: Which versions and builds a browser says: the same program in every one of them.
_VERSIONS = re.compile(r"(?<=/)[0-9][\w.]*|(?<=OS )[0-9]+(?:_[0-9]+)*|Build/[\w.\-]+|(?<=Android )[0-9][0-9.]*")

_PLATFORM = re.compile(r"^[^(]*\(([^)]*)")
_CHROME = re.compile(r"Chrome/(\d{1,9})")
_SAFARI = re.compile(r"Version/(\d{1,9})")
_OLD_EXPLORER = re.compile(r"MSIE [1-9]\.")
#: Families of systems, of which a device has one.
_SYSTEMS = ("Windows NT", "Android", "iPhone", "iPad", "Macintosh", "CrOS")
#: Chrome's version on the day that Windows 10 came out was 44; its first preview had 38.
_CHROME_OF_WINDOWS_10 = 38
#: Apple ended Safari for Windows with version 5.
_LAST_SAFARI_OF_WINDOWS = 5
#: With a version every four weeks, Chrome gets there after 2040.
_CHROME_TO_COME = 400

_ODD = Sign("agent_odd", 10, "a user agent that no browser sends")
_IMPOSSIBLE = Sign("agent_impossible", 25, "a browser that does not exist on that system")


class AgentReading(NamedTuple):
    """What a user agent tells."""

    #: The crawler, library or headless browser that it admits to be; empty: a browser, or nothing.
    tool: str
    #: What is odd about it.
    signs: tuple[Sign, ...]


@lru_cache(maxsize=8192)
def read_agent(user_agent: str, crawlers: Crawlers) -> AgentReading:
    """Reads a user agent that is not empty."""
    agent = user_agent[:_LONGEST]
    tool = _tool_in(_VERSIONS.sub("0", agent), crawlers)
    return AgentReading(tool, () if tool else _oddities(agent))


@lru_cache(maxsize=8192)
def _tool_in(agent: str, crawlers: Crawlers) -> str:
    """`agent`: without its versions, so that the hundred patterns are tried once for all of them."""
    found = _TOOLS.search(agent)
    if found is not None:
        return found[0].strip(" /(_-").lower()
    return crawlers.named_in(_PEOPLE_SAY.sub("", agent)).strip().lower()


def _oddities(agent: str) -> tuple[Sign, ...]:
    platform = _PLATFORM.search(agent)
    if platform is None:
        # A name alone, such as `Safari` or `Chrome 120`, is what somebody's library made of a real one.
        return (_ODD,) if agent.startswith("Mozilla/") else ()
    if "://" in agent:
        return (_ODD,)
    return (_IMPOSSIBLE,) if _is_impossible(agent, platform[1]) else ()


def _is_impossible(agent: str, platform: str) -> bool:
    if "Windows Phone" in agent or "IEMobile" in agent or "Xbox" in platform:
        # Those browsers did claim to be all the others.
        return False
    if sum(system in platform for system in _SYSTEMS) > 1:
        return True
    if "Windows NT 10.0" in platform and _OLD_EXPLORER.search(platform) and "Trident" not in agent:
        return True
    chrome = _CHROME.search(agent)
    if chrome is not None:
        version = int(chrome[1])
        return version >= _CHROME_TO_COME or (version < _CHROME_OF_WINDOWS_10 and "Windows NT 10.0" in platform)
    safari = _SAFARI.search(agent)
    return (
        safari is not None
        and "Windows NT" in platform
        and "Safari/" in agent
        and int(safari[1]) > _LAST_SAFARI_OF_WINDOWS
    )
