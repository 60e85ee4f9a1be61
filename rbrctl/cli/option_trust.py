"""
The options that a file in a repository may set, and the limits of their values.

Whoever can open a pull request can write ``rbrctl.toml``. Such a file may choose how things are
computed and shown; it may not send a key to another place, spend money, overwrite files or write
outside the repository, read outside it, open a server, or make a gate more lenient. Every option
of every command is listed in ``TRUST``; an option that is not listed is refused.
"""

from enum import StrEnum


class Trust(StrEnum):
    """What a file in a repository may do with an option."""

    FREE = "free"
    """Set it to anything."""
    INPUT = "input"
    """Name a file or folder inside the repository, symbolic links resolved."""
    PRODUCT = "product"
    """As INPUT, and not below ``.git``, where files are commands."""
    GRADER = "grader"
    """Name a grader that costs nothing; its file is an INPUT."""
    FLOOR = "floor"
    """Raise it above the default and above the user's own setting."""
    CEILING = "ceiling"
    """Lower it below the default and below the user's own setting."""
    GATES = "gates"
    """Add gates, and close those that the user has set further."""
    CHOICE = "choice"
    """Set it, but not to the words of ``COSTLY_WORDS``."""
    KEY = "key"
    SPENDING = "spending"
    OVERWRITING = "overwriting"
    SERVER = "server"
    HIDING = "hiding"


REFUSED: dict[Trust, str] = {
    Trust.KEY: "it could send a key elsewhere",
    Trust.SPENDING: "it could start or enlarge spending",
    Trust.OVERWRITING: "it could delete or overwrite what you have",
    Trust.SERVER: "it could open a server",
    Trust.HIDING: "it could hide what a gate would catch",
}
"""The kinds that no file in a repository may set, with the reason that the user reads."""

COSTLY_WORDS: dict[str, frozenset[str]] = {
    "ask": frozenset({"all"}),
    "mode": frozenset({"votes"}),
}
"""Words of CHOICE options that multiply the calls of a run."""

_BY_TRUST: dict[Trust, str] = {
    Trust.FREE: """
        all-pairs as bootstrap by check color comply-class debug describe diff drain-seconds folds
        format from fix grader-seed l2 layout level loss margin no-classify order pack pairs pin
        port prior quiet reasoning refusal-rank refuse-class response-class seed sign strict
        style-rank temperature timeout unsafe-rank weak-label weight wide worst writer-temperature
        """,
    Trust.INPUT: "also calibration fixed on orderings rules transcripts weights weights-from",
    Trust.PRODUCT: "cache held-out output picture results sft",
    Trust.GRADER: "grader",
    Trust.FLOOR: "min-accuracy min-coverage min-n",
    Trust.CEILING: """
        attempts cache-size concurrency max-body max-calls max-cost max-error retries rpm tpm
        """,
    Trust.GATES: "fail-on",
    Trust.CHOICE: "ask mode",
    Trust.KEY: """
        api-key-env base-url header headers proxy rm-key-env rm-url writer-key-env writer-url
        """,
    Trust.SPENDING: """
        extra-body max-tokens model plan price-in price-out repeat retry-failed rm-model votes
        writer writer-extra-body writer-price-in writer-price-out writer-tokens
        """,
    Trust.OVERWRITING: "all older-than overwrite",
    Trust.SERVER: "host token-env",
    Trust.HIDING: """
        accept allow-new-acceptance base bless completion dry-run filter limit on-ungraded
        only-class prompt proposition reason rule sample
        """,
}

TRUST: dict[str, Trust] = {
    option: trust for trust, options in _BY_TRUST.items() for option in options.split()
}
"""The trust of every option, by its long name."""
