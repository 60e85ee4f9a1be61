"""Which certificates are trusted, and the error for one that is not."""

import os
import ssl

from rbrctl.errors import UsageError
from rbrctl.graders.endpoint.http.transport import TransportError


def untrusted(where: str, reason: str) -> TransportError:
    """Return the error for a certificate that is refused."""
    message = f"the certificate of {where} is not valid: {reason}"
    return TransportError(message, connected=False, retryable=False, untrusted=True)


def trust(certificates: str | None = None) -> ssl.SSLContext:
    """
    Return a TLS context that trusts the certificates of a file, or of a folder for OpenSSL.

    Without one it trusts what the system does (OpenSSL reads SSL_CERT_FILE and SSL_CERT_DIR by
    itself), or certifi's list if the system has none. Raises UsageError for a file that holds no
    certificates.
    """
    if certificates is not None:
        is_folder = os.path.isdir(certificates)
        try:
            return ssl.create_default_context(
                cafile=None if is_folder else certificates,
                capath=certificates if is_folder else None,
            )
        except (OSError, ssl.SSLError) as error:
            why = error.strerror if not isinstance(error, ssl.SSLError) else "no PEM certificates"
            raise UsageError(f"{certificates}: cannot be trusted as certificates: {why}") from error
    context = ssl.create_default_context()
    # A folder's certificates are loaded when they are needed, and are not among the counted ones.
    if not context.cert_store_stats()["x509_ca"] and not _has_certificate_folder():
        import certifi

        context.load_verify_locations(certifi.where())
    return context


def _has_certificate_folder() -> bool:
    paths = ssl.get_default_verify_paths()
    return paths.cafile is not None or paths.capath is not None
