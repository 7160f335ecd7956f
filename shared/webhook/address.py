"""Where messages may go whose address somebody else named: to the open net, never into our own. Pure."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

#: Addresses that carry an IPv4 address inside: NAT64 (RFC 6052), 6to4 (RFC 3056) and Teredo (RFC 4380). What is
#: behind them cannot be told from outside.
_WRAPPED = tuple(ip_network(text) for text in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"))


def allowed(address: str, *, loopback: bool) -> bool:
    """Whether something may be sent to this address. `loopback`: also to this very computer, for development."""
    try:
        ip: IPv4Address | IPv6Address = ip_address(address)
    except ValueError:
        # With a zone (`fe80::1%eth0`) it is of the local net in any case.
        return False
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    if ip.is_loopback:
        return loopback
    wrapped = isinstance(ip, IPv6Address) and any(ip in net for net in _WRAPPED)
    return ip.is_global and not ip.is_multicast and not wrapped
