"""The kinds of graders, found by their modules in ``rbrctl.graders.kinds``."""

from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING, TypeAlias, cast

from rbrctl.errors import UsageError
from rbrctl.graders import kinds
from rbrctl.graders.interface import Grader, GraderKind, OpenedGrader, OpenGrader, OpenRequest
from rbrctl.records.models import Transcript
from rbrctl.ruleset.model import RuleSet
from rbrctl.wording import hint_for

if TYPE_CHECKING:
    from rbrctl.graders.endpoint.settings import EndpointSettings

DEFAULT_KIND = "embedded"

GraderChoice: TypeAlias = "str | EndpointSettings | Grader"
"""
Which grader a library user means.

``embedded``, ``embedded:MODEL_FILE`` or ``recorded:RESULTS``; the settings of an endpoint; or an
open grader that is bound to the rule set.
"""


def grader_kinds() -> tuple[str, ...]:
    """Return the names of all kinds, in alphabetical order."""
    return tuple(sorted(module.name for module in iter_modules(kinds.__path__)))


def kinds_help() -> str:
    """Return how every kind of grader is written, for a help text."""
    return "; ".join(find_kind(name).help for name in grader_kinds())


def find_kind(name: str) -> GraderKind:
    """Return a kind of grader by its name. Raises UsageError for an unknown one."""
    known = grader_kinds()
    if name not in known:
        raise UsageError(f"there is no grader '{name}'; {hint_for(name, known)}")
    return cast("GraderKind", import_module(f"{kinds.__name__}.{name}").KIND)


def opener_of(
    choice: GraderChoice,
    ruleset: RuleSet,
    answers: str | Path | None = None,
    *,
    classify: bool = True,
) -> OpenGrader:
    """
    Return how the chosen grader is opened.

    ``answers`` is the file that keeps an endpoint's answers; None keeps them in memory.
    ``classify`` lets an endpoint infer missing response classes. Raises UsageError for a name that
    is no grader; opening raises UsageError, FileError or GraderError.
    """
    if isinstance(choice, str):
        name, _, argument = choice.partition(":")
        settings = None
    elif hasattr(choice, "answer"):
        opened = OpenedGrader(cast("Grader", choice))

        async def already_open(sample: Sequence[Transcript], offline: bool) -> OpenedGrader:
            return opened

        return already_open
    else:
        name, argument, settings = "endpoint", "", choice
    kind = find_kind(name)
    kind.check(argument)

    async def open_grader(sample: Sequence[Transcript], offline: bool) -> OpenedGrader:
        cache = None
        if answers is not None and kind.asks_endpoint:
            from rbrctl.graders.cache import AnswerCache

            cache = AnswerCache(Path(answers))
        request = OpenRequest(ruleset, argument, settings, cache, sample, offline)
        found = await kind.open(request)
        return found if classify else replace(found, classifier=None)

    return open_grader
