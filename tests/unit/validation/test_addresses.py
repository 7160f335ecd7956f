"""Addresses of machines and pages: IP, URL, certificates."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.validation.asking import INVALID, MISSING, answer, ask, suggestion

IPS = {
    "8.8.8.8": "8.8.8.8", " 8.8.8.8 ": "8.8.8.8", "8.8.8.8.": "8.8.8.8", "８.８.８.８": "8.8.8.8",
    "24.5.6.7:51234": "24.5.6.7",
    "10.0.0.1": "10.0.0.1", "192.168.1.1": "192.168.1.1", "127.0.0.1": "127.0.0.1",
    "255.255.255.255": "255.255.255.255",
    "::1": "::1", "2600:1700:0:0:0:0:0:1": "2600:1700::1", "2600:1700::1": "2600:1700::1",
    "2001:DB8::A": "2001:db8::a",
    "[2600:1700::1]": "2600:1700::1", "[2600:1700::1]:443": "2600:1700::1", "::ffff:24.5.6.7": "24.5.6.7",
    "::ffff:1805:607": "24.5.6.7", "2600:1700:0001:0002:0003:0004:0005:0006": "2600:1700:1:2:3:4:5:6",
    "'8.8.8.8'": "8.8.8.8",
    "0.0.0.0": MISSING, "::": MISSING, "unknown": MISSING, "N/A": MISSING, "": MISSING,
}  # fmt: skip
NO_IP = """
256.1.1.1|1.2.3|1.2.3.4.5|1.2.3.400|a.b.c.d|localhost|example.com|http://8.8.8.8|8.8.8.8/24|8.8.8.8/32
192.168.001.001|08.8.8.8
10.0.0.1, 24.5.6.7|24.5.6.7, 10.0.0.1|24.5.6.7 10.0.0.1|3232235777|0x08080808|8.8.8|8,8,8,8|-1.2.3.4|1.2.3.-4
2600:1700|:::|1::2::3
2600:1700::g|fe80::1%eth0|2600:1700::1/64|12345|8.8.8.8:99999999|[8.8.8.8|::ffff:300.1.1.1|1 . 2 . 3 . 4|my ip|*
24.5.6.*
"""
SCOPES = {
    "8.8.8.8": "public", "10.1.2.3": "private", "172.16.0.1": "private", "172.15.0.1": "public",
    "172.32.0.1": "public",
    "192.168.0.1": "private", "127.0.0.1": "loopback", "169.254.1.1": "link-local", "100.64.0.1": "carrier",
    "192.0.2.1": "documentation", "198.51.100.7": "documentation", "203.0.113.9": "documentation",
    "224.0.0.1": "multicast",
    "240.0.0.1": "reserved", "255.255.255.255": "reserved", "198.18.0.1": "reserved", "0.1.2.3": "reserved",
    "192.0.3.1": "public", "::1": "loopback", "fe80::1": "link-local", "fd00::1": "private",
    "2001:db8::1": "documentation",
    "ff02::1": "multicast", "2600:1700::1": "public", "4000::1": "reserved", "::ffff:10.0.0.1": "private",
}  # fmt: skip
URLS = {
    "https://example.com/": "https://example.com/", "https://example.com": "https://example.com/",
    "http://example.com": "http://example.com/", "example.com": "https://example.com/",
    "www.example.com": "https://www.example.com/",
    "EXAMPLE.COM": "https://example.com/", "HTTPS://Example.COM/Path": "https://example.com/Path",
    "//example.com/a": "https://example.com/a",
    "https://example.com:443/a": "https://example.com/a", "http://example.com:80": "http://example.com/",
    "https://example.com:8443/a": "https://example.com:8443/a", "example.com:8080/a": "https://example.com:8080/a",
    "https://example.com/a?b=c&d=e": "https://example.com/a?b=c&d=e",
    "https://example.com?b=c": "https://example.com/?b=c",
    "https://example.com/a#top": "https://example.com/a", "https://example.com#top": "https://example.com/",
    "https://example.com/a/?utm_source=x#y": "https://example.com/a/?utm_source=x",
    "https://example.com.": "https://example.com/",
    "https://münchen.de/straße": "https://xn--mnchen-3ya.de/stra%C3%9Fe",
    "https://xn--mnchen-3ya.de": "https://xn--mnchen-3ya.de/",
    "https://example.com/%e2%82%ac": "https://example.com/%E2%82%AC",
    "https://example.com/100%": "https://example.com/100%25",
    "<https://example.com/a>": "https://example.com/a", '"https://example.com"': "https://example.com/",
    " https://example.com ": "https://example.com/",
    "https://sub.my_site.example.com/a": "https://sub.my_site.example.com/a",
    "https://24.5.6.7/a": "https://24.5.6.7/a",
    "https://[2600:1700::1]/a": "https://[2600:1700::1]/a",
    "https://cars.example/apply?x=1": "https://cars.example/apply?x=1",
    "example.com/path": "https://example.com/path", "https://a.b.c.example.co.uk/": "https://a.b.c.example.co.uk/",
    "https://example.photography": "https://example.photography/", "https://example.com?": "https://example.com/",
    "https://example.com/a,b;c=d": "https://example.com/a,b;c=d",
    "https://example.com/?q=a@b": "https://example.com/?q=a@b",
    "https://example.com/@user": "https://example.com/@user", "https://例え.jp": "https://xn--r8jz45g.jp/",
    "": MISSING, "n/a": MISSING,
}  # fmt: skip
NO_URL = """
javascript:alert(1)|JAVASCRIPT:alert(1)|data:text/html,x|ftp://example.com|mailto:a@b.com|file:///etc/passwd
tel:5551234|about:blank|chrome://x
https://user:pass@example.com|https://user@example.com|https://example.com@evil.com|ann@gmail.com
https://good.com\\@evil.com
example|localhost|http://localhost|http://localhost:3000|https://server.local|https://host.internal|http://
https://|https:///x|://example.com
https://example.com/my page|https://exa mple.com|www.example,com|example..com|.com|https://.example.com
https://-example.com|https://example-.com
https://example.c|https://example.123|http:/example.com|http//example.com|htp://example.com|hhttps://example.com
https;//example.com|https:example.com
http:\\\\example.com|https://example.com:99999|https://example.com:0|https://example.com:abc|https://exam_ple.com
https://256.1.1.1/|https://1.2.3/
hello world|asdf|no|none of your business|https://{{domain}}/|https://xn--zz--.com|https://ex%61mple.com
https://example.com:443:443/
"""
HEX = "0123456789abcdef0123456789abcdef01234567"
GUID = "C8F2A7D1-4B3E-9A60-7D21-5E8F90AB12CD"
CERTIFICATES = {
    f"https://cert.trustedform.com/{HEX}": f"https://cert.trustedform.com/{HEX}",
    f"https://cert.trustedform.com/{HEX}/": f"https://cert.trustedform.com/{HEX}",
    f" https://cert.trustedform.com/{HEX} ": f"https://cert.trustedform.com/{HEX}",
    f"HTTPS://CERT.TRUSTEDFORM.COM/{HEX.upper()}": f"https://cert.trustedform.com/{HEX}",
    f"https://cert.trustedform.com/{HEX}?shared=1": f"https://cert.trustedform.com/{HEX}",
    f"https://cert.trustedform.com/{HEX}{HEX}": f"https://cert.trustedform.com/{HEX}{HEX}",
    "https://cert.trustedform.com/0.sJ3f-kQ_9aZb01CdEfGhIjKl": "https://cert.trustedform.com/0.sJ3f-kQ_9aZb01CdEfGhIjKl",
    "https://ping.trustedform.com/0.sJ3f-kQ_9aZb01CdEfGhIjKl": "https://ping.trustedform.com/0.sJ3f-kQ_9aZb01CdEfGhIjKl",
    GUID: GUID, GUID.lower(): GUID, f" {GUID} ": GUID, "": MISSING, "N/A": MISSING,
    "{{xxTrustedFormCertUrl}}": MISSING, "null": MISSING,
}  # fmt: skip
NO_CERTIFICATE = f"""
http://cert.trustedform.com/{HEX}|cert.trustedform.com/{HEX}|//cert.trustedform.com/{HEX}
www.cert.trustedform.com/{HEX}|{HEX}
https://cert.trustedform.com.evil.com/{HEX}|https://cert.trustedform.com@evil.com/{HEX}|https://evil.com/{HEX}
https://certXtrustedform.com/{HEX}
https://cert-trustedform.com/{HEX}|https://trustedform.com/{HEX}|https://app.trustedform.com/{HEX}
https://a.cert.trustedform.com/{HEX}
https://user@cert.trustedform.com/{HEX}|https://cert.trustedform.com:8443/{HEX}
https://cert.trustedform.com\\@evil.com/{HEX}
https://evil.com/https://cert.trustedform.com/{HEX}|https://evil.com?https://cert.trustedform.com/{HEX}
ftp://cert.trustedform.com/{HEX}
https://cert.trustedform.com/|https://cert.trustedform.com|https://cert.trustedform.com/{HEX[:-1]}
https://cert.trustedform.com/{HEX}0
https://cert.trustedform.com/{"0" * 40}|https://cert.trustedform.com/{"g" * 40}
https://cert.trustedform.com/{HEX}/validate|https://cert.trustedform.com/../{HEX}
https://api.trustedform.com/trustedform.js|https://сert.trustedform.com/{HEX}|{GUID[:-1]}|{GUID}0
{GUID.replace("-", "")}|{GUID.replace("C", "G")}
00000000-0000-0000-0000-000000000000|11111111-1111-1111-1111-111111111111|asdf|yes|true|https://example.com
javascript:alert(1)
https://cert.trustedform.com/{HEX[:20]} {HEX[20:]}|https://cert.trustedform.com/%30{HEX[1:]}
"""
LIKELY = {
    ("ip", "10.0.0.1, 24.5.6.7"): "24.5.6.7", ("ip", "192.168.001.001"): "192.168.1.1", ("ip",
    "8.8.8.8/24"): "8.8.8.8",
    ("ip", "fe80::1%eth0"): "fe80::1", ("ip", "1.2.3"): "", ("url", "http:/example.com"): "https://example.com/",
    ("url", "htp://example.com/a"): "https://example.com/a", ("url", "www.example,com"): "https://www.example.com/",
    ("url", "https://example.com/my page"): "https://example.com/my%20page", ("url", "javascript:alert(1)"): "",
    ("url", "https://user@example.com"): "", ("url", "http//example.com"): "https://example.com/",
    ("certificate_url", f"http://cert.trustedform.com/{HEX}"): f"https://cert.trustedform.com/{HEX}",
    ("certificate_url", f"cert.trustedform.com/{HEX}"): f"https://cert.trustedform.com/{HEX}",
    ("certificate_url", HEX): f"https://cert.trustedform.com/{HEX}",
    ("certificate_url", GUID.replace("-", "")): GUID, ("certificate_url", f"https://evil.com/{HEX}"): "",
}  # fmt: skip


def lines(text: str) -> list[str]:
    """Cases with bars between."""
    return [case for case in text.replace("\n", "|").split("|") if case]


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [(kind, text, expected) for kind, cases in {"ip": IPS, "url": URLS, "certificate_url": CERTIFICATES}.items()
     for text, expected in cases.items()],
)  # fmt: skip
def test_an_address_has_one_canonical_form(kind: str, text: str, expected: str) -> None:
    assert answer(kind, text) == expected
    if expected not in (MISSING, INVALID):
        assert answer(kind, expected) == expected


@pytest.mark.parametrize(
    ("kind", "text"),
    [(kind, text) for kind, cases in {"ip": NO_IP, "url": NO_URL, "certificate_url": NO_CERTIFICATE}.items()
     for text in lines(cases)],
)  # fmt: skip
def test_what_leads_nowhere_or_elsewhere_is_refused(kind: str, text: str) -> None:
    assert answer(kind, text) == INVALID


@pytest.mark.parametrize(("text", "scope"), SCOPES.items())
def test_an_ip_tells_whether_anybody_can_be_reached_there(text: str, scope: str) -> None:
    assert ask("ip", text).parts["scope"] == scope


@pytest.mark.parametrize(("asked", "expected"), LIKELY.items())
def test_what_was_probably_meant_is_told(asked: tuple[str, str], expected: str) -> None:
    assert suggestion(*asked) == expected


def test_parts() -> None:
    assert ask("url", "HTTP://Example.com:8080/a?b=c#d").parts == {
        "scheme": "http", "host": "example.com", "port": "8080", "path": "/a", "query": "b=c",
    }  # fmt: skip
    assert ask("ip", "::ffff:24.5.6.7").parts == {"version": "4", "scope": "public"}
    assert ask("certificate_url", f"https://cert.trustedform.com/{HEX}").parts == {"kind": "trustedform", "id": HEX}
    assert (
        ask("certificate_url", "https://ping.trustedform.com/0.sJ3f-kQ_9aZb01CdEfGhIjKl").parts["kind"]
        == "trustedform_ping"
    )
    assert ask("certificate_url", GUID.lower()).parts == {"kind": "leadid", "id": GUID}


def test_an_ip_address_is_in_no_finding() -> None:
    found = ask("ip", "10.0.0.1, 24.5.6.7")
    assert "24.5.6.7" not in str(found.faults)


@given(st.ip_addresses())
def test_every_ip_address_is_read(address: IPv4Address | IPv6Address) -> None:
    shown = address.ipv4_mapped if isinstance(address, IPv6Address) and address.ipv4_mapped else address
    assert answer("ip", str(address)) == (str(shown) if int(shown) else MISSING)
    assert answer("ip", address.exploded.upper()) == answer("ip", str(address))
