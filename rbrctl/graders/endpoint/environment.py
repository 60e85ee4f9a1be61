"""What environment variables say about an endpoint: its key, its proxy and its certificates."""

import os
import re
from collections.abc import Mapping

from rbrctl.errors import UsageError
from rbrctl.graders.endpoint.http.address import Address
from rbrctl.graders.endpoint.http.secrets import Secret

NO_PROXY = "none"
_OWN_TRUST = ("SSL_CERT_FILE", "SSL_CERT_DIR")
_OTHER_TRUST = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]{0,63}|[a-z_]{1,40}")
"""A name that may be shown; small letters with digits or capitals may be a key given by mistake."""
_HEADER = re.compile(r"\s*([A-Za-z][A-Za-z-]{0,39})\s*[:=]\s*[^\s=]")


def key_in(
    variable: str | None, option: str, environment: Mapping[str, str], default: str = ""
) -> Secret | None:
    """
    Return the key in the variable that an option names, or in the default variable.

    None if only the default is looked at and is empty. Raises UsageError if the named variable is
    not set.
    """
    text = environment.get(variable or default, "")
    if text.strip():
        return Secret(text)
    if variable is not None:
        raise unset_variable(option, variable)
    return None


def unset_variable(option: str, variable: str) -> UsageError:
    """
    Return the error for an option that names a variable which is not set or empty.

    What is no plain name is not repeated, since it may be the key itself.
    """
    if _VARIABLE.fullmatch(variable):
        return UsageError(f"{option} {variable}: this environment variable is not set or is empty")
    return UsageError(
        f"{option} takes the name of an environment variable that holds the key, such as "
        "OPENAI_API_KEY, and no variable of the name given is set; the key itself must not be on "
        "a command line"
    )


def header_name_in(option: str) -> str:
    """
    Return the part of a ``--header`` that names the header, to be shown; empty if there is none.

    Only letters and hyphens in front of ``=`` or ``:`` count: anything else may be a key.
    """
    named = _HEADER.match(option)
    return named[1] if named is not None else ""


def proxy_for(address: Address, named: str | None, environment: Mapping[str, str]) -> str | None:
    """Return the proxy for an address: the one named, else the environment's; None for none."""
    scheme, host = address.scheme, address.host
    if named is not None:
        return None if named == NO_PROXY else named
    lower = {name.lower(): value for name, value in environment.items() if value}
    found = lower.get(f"{scheme}_proxy") or lower.get("all_proxy")
    local = host in {"localhost", "127.0.0.1", "::1"}
    return None if local or _bypassed(host, lower.get("no_proxy", "")) else found


def _bypassed(host: str, no_proxy: str) -> bool:
    """Return True if NO_PROXY names a host: itself, a domain above it, or ``*``."""
    for entry in no_proxy.lower().split(","):
        name = entry.strip().removeprefix("*").removeprefix(".").split(":")[0]
        if entry.strip() == "*" or (name and (host == name or host.endswith(f".{name}"))):
            return True
    return False


def certificates_for(address: Address, environment: Mapping[str, str]) -> str | None:
    """
    Return the file or folder of certificates to trust; None leaves the choice to OpenSSL.

    OpenSSL obeys SSL_CERT_FILE and SSL_CERT_DIR by itself, but says nothing if they name something
    that does not exist; that raises UsageError here.
    """
    if address.scheme != "https":
        return None
    named = {name: environment.get(name) for name in (*_OWN_TRUST, *_OTHER_TRUST)}
    for name, value in named.items():
        if value and not all(map(os.path.exists, value.split(os.pathsep))):
            raise UsageError(f"the variable {name} names {value}, which does not exist")
    if any(named[name] for name in _OWN_TRUST):
        return named["SSL_CERT_FILE"] or None
    return next((named[name] for name in _OTHER_TRUST if named[name]), None)
