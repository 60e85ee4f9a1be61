"""
The proxy and the trusted certificates that environment variables name.

The variables are those of other tools: ``HTTPS_PROXY``, ``NO_PROXY``, ``SSL_CERT_FILE`` and the
like. The environment is an argument, since nothing below the command line reads it.
"""

import os
from collections.abc import Mapping

from rbrctl.errors import UsageError
from rbrctl.graders.endpoint.address import Address

NO_PROXY = "none"
_OWN_TRUST = ("SSL_CERT_FILE", "SSL_CERT_DIR")
_OTHER_TRUST = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


def proxy_for(address: Address, named: str | None, environment: Mapping[str, str]) -> str | None:
    """
    Return the proxy to go through, or None for a direct connection.

    It is the one that is named (``none`` means a direct connection), otherwise the one that the
    environment has for this host.
    """
    scheme, host = address.scheme, address.host
    if named is not None:
        return None if named == NO_PROXY else named
    lower = {name.lower(): value for name, value in environment.items() if value}
    found = lower.get(f"{scheme}_proxy") or lower.get("all_proxy")
    local = host in {"localhost", "127.0.0.1", "::1"}
    return None if local or _bypassed(host, lower.get("no_proxy", "")) else found


def certificates_for(address: Address, environment: Mapping[str, str]) -> str | None:
    """
    Return the file of trusted certificates that a variable names; None leaves it to OpenSSL.

    OpenSSL reads SSL_CERT_FILE and SSL_CERT_DIR by itself, but says nothing if they name something
    that does not exist. Raises UsageError then.
    """
    if address.scheme != "https":
        return None
    named = {name: environment.get(name) for name in (*_OWN_TRUST, *_OTHER_TRUST)}
    for name, value in named.items():
        if value and not all(map(os.path.exists, value.split(os.pathsep))):
            raise UsageError(f"{name} names {value}, which does not exist: no certificate in it")
    if any(named[name] for name in _OWN_TRUST):
        return named["SSL_CERT_FILE"] or None
    files = (named[name] for name in _OTHER_TRUST)
    return next((file for file in files if file and os.path.isfile(file)), None)


def _bypassed(host: str, no_proxy: str) -> bool:
    """Return whether NO_PROXY names a host: itself, a domain that it is in, or ``*``."""
    for entry in no_proxy.lower().split(","):
        name = entry.strip().removeprefix("*").removeprefix(".").split(":")[0]
        if entry.strip() == "*" or (name and (host == name or host.endswith(f".{name}"))):
            return True
    return False
