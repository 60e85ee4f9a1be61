"""
Taking keys and passwords out of text, in whatever way they were written.

Servers echo keys: whole, masked after some characters, inside a JSON string, a percent-encoded URL
or a Basic header in base64, and in other capitals where something changed the case. All of it is
replaced by ``***`` before any text is shortened, since a cut would leave a beginning that no longer
matches.
"""

import base64
import binascii
import re
from collections.abc import Iterable

MASK = "***"
SHORTEST = 4
"""A shorter key is not looked for: it would be found everywhere."""
PREFIX = 8
"""
So many characters from a key's beginning count as the key.

A shorter key is found in its own capitals only: local servers have keys like EMPTY, a word of ours.
"""

KEY_LIKE = re.compile(
    r"key|token|secret|passw|pwd|auth|credential|signature|^(sig|sas|code|access|session|jwt|pass)$",
    re.IGNORECASE,
)
"""Names of URL parameters whose values are never shown."""

_USER_IN_URL = re.compile(r"//[^\s'\"?#/:@]*(?::[^\s'\"?#]*)?@")
_USER_ALONE = re.compile(r"(?<![^\s'\"(=,])[\w.+%-]+:[^\s'\"/@:]+@(?=[\w\[])")
_ESCAPE = re.compile(
    r"%(?:25)*([0-9A-Fa-f]{2})|\\+[uU]([0-9A-Fa-f]{4})|\\+[xX]([0-9A-Fa-f]{2})"
    r"|&#0*([0-9]{1,7});|&#[xX]0*([0-9A-Fa-f]{1,6});|\\+([^\\])"
)
_PARAMETER = re.compile(r"([?&;])([^\s=&;?#'\"]+)=([^\s&;#'\"]*)")
_SCHEME = re.compile(
    r"(bearer|basic|digest|negotiate|token|api-?key|key|jwt|oauth|dpop)\s+(?=\S)", re.IGNORECASE
)
_ITEM = re.compile(r"[^\s;,=]+=\"?([^\s;,\"]+)|([^\s;,]+)")


class Scrubber:
    """Finds some secrets in texts. Building one costs more than using it: keep it."""

    def __init__(self, secrets: Iterable[str]) -> None:
        """Prepare to look for these secrets, each at least SHORTEST characters long."""
        forms: list[tuple[str, int]] = []
        exact: list[str] = []
        for secret in sorted({each for each in secrets if len(each) >= SHORTEST}, key=len)[::-1]:
            forms.append((secret, min(PREFIX, len(secret))))
            if len(secret) >= PREFIX:
                forms += _encoded(secret.encode("utf-8", "surrogateescape"))
            else:
                exact.append(secret)
        self._forms = forms
        self._exact = frozenset(exact)
        # Compared with a text in small letters, where one search finds a needle in any case.
        self._needles = list(dict.fromkeys(_lower(form[:least]) for form, least in forms))
        self._bytes = [needle.encode("utf-8", "surrogateescape") for needle in self._needles]
        marks = {each for needle in self._needles for each in needle if not each.isalnum()}
        self._marks = [
            "%",
            "&#",
            "\\u",
            "\\x",
            *(f"\\{each}" for each in sorted(marks - set("-_"))),
        ]
        self._marks_in_bytes = [each.encode("utf-8", "surrogateescape") for each in self._marks]
        # A key with such characters of its own cannot be told from one that is escaped.
        self._plain = all(each.isascii() and not set(each) & set("%\\&") for each in self._needles)
        self._patterns: list[tuple[re.Pattern[str], str]] | None = None

    def text(self, text: str) -> str:
        """Return a text with MASK in the place of every secret."""
        if not self._needles or not self._suspects(text):
            return text
        if self._patterns is None:
            # Compiled at the first find: most runs never meet an echoed key.
            self._patterns = [
                (_pattern(form[:least], form not in self._exact), form[least:])
                for form, least in self._forms
            ]
        for start, rest in self._patterns:
            text = _replaced(text, start, rest)
        return text

    def body(self, body: bytes) -> bytes:
        """Return a reply's bytes as ``text`` does: the very same where nothing is found."""
        # On the path of every reply: a few searches for fixed bytes, and no more for most.
        lowered = body.lower()
        for each in self._bytes:
            if each in lowered:
                break
        else:
            for each in self._marks_in_bytes:
                if each in lowered:
                    break
            else:
                return body
        before = body.decode("utf-8", "surrogateescape")
        after = self.text(before)
        return body if after == before else after.encode("utf-8", "surrogateescape")

    def _suspects(self, text: str) -> bool:
        """Return False if no secret can be in a text, however it is spelled."""
        text = _lower(text)
        if any(each in text for each in self._needles):
            return True
        if not any(mark in text for mark in self._marks):
            return False
        if not self._plain:
            return True
        unescaped = _lower(_ESCAPE.sub(_unescaped, text))
        return any(each in unescaped for each in self._needles)


def _unescaped(escape: re.Match[str]) -> str:
    percent, wide, narrow, decimal, hexadecimal, itself = escape.groups()
    if itself is not None:
        return itself
    digits = percent or wide or narrow or hexadecimal
    number = int(digits, 16) if digits else int(decimal)
    return chr(number) if number < 0x110000 else "\ufffd"


def _encoded(secret: bytes) -> list[tuple[str, int]]:
    """Return the base64 and hexadecimal forms of a secret, with how much of each must be there."""
    forms = [(secret.hex(), 2 * PREFIX), (secret.hex().upper(), 2 * PREFIX)]
    for before in range(3):
        # Characters that also hold bits of a neighbour are unknown: only those between are stable.
        first = (8 * before + 5) // 6
        last = 8 * (before + len(secret)) // 6
        least = 8 * (before + PREFIX) // 6 - first
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            form = encode(bytes(before) + secret).decode()[first:last]
            if (form, least) not in forms:
                forms.append((form, least))
    return forms


def _lower(text: str) -> str:
    """Return a text with its ASCII capitals in small letters, as ``bytes.lower`` has it."""
    return text.lower() if text.isascii() else text.translate(_SMALL)


_SMALL = {ord(each): each.lower() for each in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


def _pattern(form: str, any_case: bool) -> re.Pattern[str]:
    return re.compile("".join(_spelled(each, any_case) for each in form))


def _spelled(character: str, any_case: bool = True) -> str:
    """Return a pattern for a character in each way that JSON, URLs and HTML spell it."""
    cased = any_case and character.isascii() and character.isalpha()
    cases = (character.lower(), character.upper()) if cased else (character,)
    spellings: list[str] = []
    for each in cases:
        number = ord(each)
        utf8 = "".join(f"%(?:25)*{byte:02x}" for byte in each.encode("utf-8", "surrogateescape"))
        spellings += [
            re.escape(each),
            rf"\\+[uU](?i:{number:04x})",
            rf"\\+[xX](?i:{number:02x})",
            f"(?i:{utf8})",
            f"&#(?:0*{number}|(?i:x0*{number:x}));",
        ]
    if not character.isalnum():
        spellings.append(rf"\\+{re.escape(character)}")
    return f"(?:{'|'.join(spellings)})"


def _replaced(text: str, start: re.Pattern[str], rest: str) -> str:
    parts: list[str] = []
    at = 0
    for found in start.finditer(text):
        if found.start() < at:
            continue
        end = found.end()
        for character in rest:
            more = re.compile(_spelled(character)).match(text, end)
            if more is None:
                break
            end = more.end()
        parts += [text[at : found.start()], MASK]
        at = end
    return "".join(parts) + text[at:] if parts else text


def without_credentials(text: str) -> str:
    """Return a text whose URLs have no user, password or value of a key-like parameter."""
    if "@" in text:
        text = _USER_ALONE.sub(f"{MASK}@", _USER_IN_URL.sub(f"//{MASK}@", text))
    if "=" not in text:
        return text
    return _PARAMETER.sub(_masked, text)


def _masked(parameter: re.Match[str]) -> str:
    mark, name, _ = parameter.groups()
    return f"{mark}{name}={MASK}" if KEY_LIKE.search(name) else parameter.group()


def credentials_in(url: str) -> list[str]:
    """Return the password and the values of key-like parameters of a URL, as sent and decoded."""
    from urllib.parse import unquote, urlsplit

    try:
        parts = urlsplit(url)
    except ValueError:
        return []
    user, at, _ = parts.netloc.rpartition("@")
    found = [user.partition(":")[2] or user] if at else []
    for _, name, value in (each.groups() for each in _PARAMETER.finditer(f"?{parts.query}")):
        if KEY_LIKE.search(name):
            found.append(value)
    return list(dict.fromkeys([*found, *map(unquote, found)]))


def credentials_in_header(value: str) -> list[str]:
    """
    Return what is secret in a header's value, each part alone as servers echo it.

    ``Bearer KEY`` gives the key without the scheme, ``Basic`` what it encodes too, and a cookie
    its values; parts of fewer than PREFIX characters are found with the whole value only.
    """
    scheme = _SCHEME.match(value)
    rest = value[scheme.end() :] if scheme is not None else value
    if scheme is not None and len(rest) < PREFIX:
        rest = value
    found = [rest]
    items = [named or alone for named, alone in _ITEM.findall(rest)]
    if len(items) > 1 or "=" in rest:
        found += [each for each in items if len(each) >= PREFIX]
    if scheme is not None and scheme[1].lower() == "basic":
        found += _basic_credentials(value[scheme.end() :])
    return list(dict.fromkeys(found))


def _basic_credentials(encoded: str) -> list[str]:
    try:
        pair = base64.b64decode(encoded.strip(), validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return []
    user, _, password = pair.partition(":")
    return [pair, password or user]
