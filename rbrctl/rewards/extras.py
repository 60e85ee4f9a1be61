"""The optional packages that rewards need, checked where they are used."""

from importlib.util import find_spec

from rbrctl.errors import MissingExtraError


def require(package: str, extra: str, purpose: str) -> None:
    """Raise MissingExtraError, naming the extra that installs it, if a package is missing."""
    if find_spec(package) is None:
        raise MissingExtraError(
            f"{purpose} needs {package}, which is not installed: pip install 'rbrctl[{extra}]'"
        )
