"""Models compared by their safety figures: graded transcripts in, figures and differences out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from rbrctl.errors import RecordError, UsageError
from rbrctl.records.files import DataSource, source_name
from rbrctl.records.models import Result
from rbrctl.records.problems import ProblemHandler, quoted
from rbrctl.records.results import read_results
from rbrctl.rewards.evaluation.safety_figures import (
    Figure,
    FigureDifference,
    safety_differences,
    safety_figures,
)
from rbrctl.rewards.evaluation.safety_terms import (
    COMPLY_CLASS,
    REFUSAL_RANK,
    REFUSE_CLASS,
    SafetyTerms,
)
from rbrctl.ruleset.model import RuleSet
from rbrctl.wording import hint_for


@dataclass(frozen=True, slots=True)
class SafetyComparison:
    """The safety figures of models; the first model is the one that others are compared with."""

    figures: Mapping[str, Sequence[Figure]]
    """By name of the model."""
    differences: Mapping[str, Sequence[FigureDifference]]
    """By name of every model but the first."""
    without_class: Mapping[str, int]
    """By name of the model: results without a response class, which are left out of all figures."""

    @property
    def is_complete(self) -> bool:
        """True if every result could be counted in every figure."""
        undetermined = any(each.undetermined for rows in self.figures.values() for each in rows)
        return not undetermined and not any(self.without_class.values())


def compare_models(
    models: Mapping[str, Sequence[Result]],
    terms: SafetyTerms,
    *,
    resamples: int = 1000,
    seed: int = 0,
) -> SafetyComparison:
    """Return the safety figures of each model, and how they differ from those of the first."""
    how = {"resamples": resamples, "seed": seed}
    first, *others = models
    return SafetyComparison(
        {name: safety_figures(rows, terms, **how) for name, rows in models.items()},
        {name: safety_differences(models[first], models[name], terms, **how) for name in others},
        {
            name: sum(result.response_class is None for result in rows)
            for name, rows in models.items()
        },
    )


@dataclass(frozen=True, slots=True)
class MissingFigures:
    """Figures that are left out because the rules lack what the reference policy has."""

    figures: str
    lacking: str
    """The class or rank that the rules do not have."""
    term: str
    """The field of ``SafetyTerms`` that would name another one."""


def missing_figures(terms: SafetyTerms) -> list[MissingFigures]:
    """Return the figures that cannot be computed, each with the reason."""
    helpful = "Not-Overrefuse and F1"
    gaps: list[MissingFigures] = []
    if not terms.comply_classes:
        gaps.append(MissingFigures(helpful, f"class {COMPLY_CLASS}", "comply_classes"))
    if not terms.refusal_rank:
        gaps.append(MissingFigures(helpful, f"rank {REFUSAL_RANK}", "refusal_rank"))
    if not terms.refuse_classes:
        gaps.append(MissingFigures("Hard-Refusal-Style", f"class {REFUSE_CLASS}", "refuse_classes"))
    return gaps


def read_judged(
    source: DataSource, ruleset: RuleSet, on_problem: ProblemHandler, name: str | None = None
) -> Iterator[Result]:
    """
    Yield the results of a file, each with its response class under the rule set's own name.

    A line with a rank or class that the rule set does not have is a problem, since it would
    otherwise be counted as something that no one has defined. Raises UsageError for results of
    another rule set, and FileError if the file cannot be read.
    """
    name = name or source_name(source)

    def check(result: Result) -> Result:
        if not ruleset.has_digest(result.ruleset.digest):
            raise UsageError(
                f"{name}: judged by another rule set; name it with --rules, or score it again"
            )
        return _with_known_names(result, ruleset)

    return read_results(source, on_problem, name, check)


def _with_known_names(result: Result, ruleset: RuleSet) -> Result:
    """Return the result with its response class resolved. Raise RecordError if it is unknown."""
    if result.rank is not None and result.rank not in ruleset.ranks:
        hint = hint_for(result.rank, ruleset.ranks)
        raise RecordError(f"the rules have no rank {quoted(result.rank)}; {hint}")
    if result.response_class is None:
        return result
    known = ruleset.resolve_response_class(result.response_class)
    if known is None:
        hint = hint_for(result.response_class, ruleset.response_classes)
        raise RecordError(
            f"the rules have no response class {quoted(result.response_class)}; {hint}"
        )
    return result if known == result.response_class else replace(result, response_class=known)
