"""Where messages may go whose address somebody else named: to the open net, never into our own. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network

#: Addresses that carry an IPv4 address inside: NAT64 (RFC 6052), 6to4 (RFC 3056) and Teredo (RFC 4380). What is
#: behind them cannot be told from outside.
_WRAPPED = tuple(ip_network(text) for text in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"))


def allowed(address: str, *, loopback: bool, networks: Sequence[Network] = ()) -> bool:
    """Whether something may be sent to this address.

    Args:
        address: as text.
        loopback: also to this very computer, for development.
        networks: what is allowed besides, such as the one that the buyer's own systems are in.
    """
    try:
        ip: IPv4Address | IPv6Address = ip_address(address)
    except ValueError:
        # With a zone (`fe80::1%eth0`) it is of the local net in any case.
        return False
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    if any(ip in network for network in networks):
        return True
    if ip.is_loopback:
        return loopback
    wrapped = isinstance(ip, IPv6Address) and any(ip in net for net in _WRAPPED)
    return ip.is_global and not ip.is_multicast and not wrapped
