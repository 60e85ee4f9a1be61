"""Which certificates are trusted, and the error for one that is not."""

import ssl

from rbrctl.errors import UsageError
from rbrctl.graders.endpoint.http.transport import TransportError


def untrusted(where: str, reason: str) -> TransportError:
    """Make the error for a certificate that is refused."""
    message = f"the certificate of {where} is not valid: {reason}"
    return TransportError(message, connected=False, retryable=False, untrusted=True)


def trust(certificates: str | None = None) -> ssl.SSLContext:
    """
    Trust the certificates of a file; without one what the system trusts, else certifi's list.

    What the system trusts is what SSL_CERT_FILE or SSL_CERT_DIR name, as OpenSSL has it. Raises
    UsageError for a file that holds no certificates.
    """
    if certificates is not None:
        try:
            return ssl.create_default_context(cafile=certificates)
        except (OSError, ssl.SSLError) as error:
            why = error.strerror if not isinstance(error, ssl.SSLError) else "no PEM certificates"
            raise UsageError(f"{certificates}: cannot be trusted as certificates: {why}") from error
    context = ssl.create_default_context()
    if not context.cert_store_stats()["x509_ca"] and not _has_certificate_folder():
        import certifi

        context.load_verify_locations(certifi.where())
    return context


def _has_certificate_folder() -> bool:
    paths = ssl.get_default_verify_paths()
    return paths.cafile is not None or paths.capath is not None
