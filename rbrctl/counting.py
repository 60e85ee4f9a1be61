"""Numbers of things in words, for reports and messages alike."""


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """Say how many there are: ``1 rule``, ``2,000 rules``; ``plural`` is for what takes no s."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
