"""Whether a request brings the server's token."""

import base64
import binascii
import hmac

CHALLENGE = 'Bearer realm="rbrctl", Basic realm="rbrctl"'
"""The value of ``WWW-Authenticate`` where it does not."""


def brings_token(authorization: bytes, token: str) -> bool:
    """
    Tell whether an ``Authorization`` header holds the token, as Bearer's or as Basic's password.

    Basic is for trainers that can put it only into the address, ``http://reward:TOKEN@host/``; the
    user's name in it is of no account.
    """
    scheme, _, given = authorization.strip().partition(b" ")
    given = given.strip()
    match scheme.lower():
        case b"bearer":
            return hmac.compare_digest(given, token.encode())
        case b"basic":
            return hmac.compare_digest(_password(given), token.encode())
        case _:
            return False


def _password(encoded: bytes) -> bytes:
    try:
        decoded = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        return b""
    return decoded.partition(b":")[2]
