"""Models compared by their safety figures: ``rbrctl reward evaluate`` without weights."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rbrctl.cli.exit_codes import ExitCode
from rbrctl.cli.formats import report_tables
from rbrctl.cli.inputs import STANDARD_INPUT, data_source, report_problems
from rbrctl.cli.output import Output
from rbrctl.cli.scores import first_problem
from rbrctl.errors import UsageError
from rbrctl.records.problems import ProblemLog, raise_problem
from rbrctl.wording import counted

if TYPE_CHECKING:
    from rbrctl.records.models import Result
    from rbrctl.records.problems import ProblemHandler
    from rbrctl.rewards.evaluation.safety_terms import SafetyTerms
    from rbrctl.ruleset.model import RuleSet


@dataclass(frozen=True, slots=True)
class SafetyOptions:
    """The options of the safety figures; what is not given is what the reference policy has."""

    unsafe_rank: str | None = None
    comply_classes: Sequence[str] = ()
    refusal_rank: str | None = None
    refuse_classes: Sequence[str] = ()
    style_rank: str | None = None
    resamples: int = 1000
    seed: int = 0
    strict: bool = False

    def terms(self, ruleset: "RuleSet") -> "SafetyTerms":
        """Choose the terms. Raises UsageError for what the rule set does not have."""
        from rbrctl.rewards.evaluation.safety_terms import safety_terms

        return safety_terms(
            ruleset,
            unsafe_rank=self.unsafe_rank,
            comply_classes=self.comply_classes,
            refusal_rank=self.refusal_rank,
            refuse_classes=self.refuse_classes,
            style_rank=self.style_rank,
        )


def compare_models(
    output: Output,
    ruleset: "RuleSet",
    files: Sequence[str],
    options: SafetyOptions,
    format_: str,
    wide: bool,
) -> ExitCode:
    """
    Report the safety figures of each results file, and how they differ from the first one's.

    Raises UsageError, FileError, and RecordError where reading is strict.
    """
    from rbrctl.reports.safety import REPORT_NAME, REPORT_VERSION, SafetyReport
    from rbrctl.rewards.evaluation.safety_differences import safety_differences
    from rbrctl.rewards.evaluation.safety_figures import safety_figures

    terms = options.terms(ruleset)
    problems = ProblemLog()
    models = _read(ruleset, files, raise_problem if options.strict else problems, problems)
    _say_missing_figures(output, terms)
    how = {"resamples": options.resamples, "seed": options.seed}
    figures = {name: safety_figures(rows, terms, **how) for name, rows in models.items()}
    first, *others = models
    differences = {
        name: safety_differences(models[first], models[name], terms, **how) for name in others
    }
    code = report_problems(output, problems, "figures")
    without_class = _say_without_class(output, models)
    report = SafetyReport(
        ruleset.digest, terms, figures, differences, problems.count, without_class
    )
    report_tables(
        output,
        report.tables,
        format_,
        name=REPORT_NAME,
        version=REPORT_VERSION,
        wide=wide,
        body=report.body,
    )
    undetermined = any(each.undetermined for rows in figures.values() for each in rows)
    return ExitCode.INCOMPLETE if undetermined or any(without_class.values()) else code


def _read(
    ruleset: "RuleSet", files: Sequence[str], on_problem: "ProblemHandler", problems: ProblemLog
) -> "dict[str, list[Result]]":
    from rbrctl.rewards.evaluation.judged_results import read_judged

    if twice := [path for path in files if files.count(path) > 1]:
        raise UsageError(f"{twice[0]} is named twice: give each model's results once")
    models: dict[str, list[Result]] = {}
    for path in files:
        name = "<stdin>" if path == STANDARD_INPUT else path
        models[name] = list(read_judged(data_source(path), ruleset, on_problem, name))
        if not models[name]:
            raise UsageError(
                f"{name}: no results in it; they are made by rbrctl grade -o"
                f"{first_problem(problems)}"
            )
    return models


def _say_missing_figures(output: Output, terms: "SafetyTerms") -> None:
    """Say which figures are left out, as the rules lack what the reference policy has."""
    from rbrctl.rewards.evaluation.safety_terms import COMPLY_CLASS, REFUSAL_RANK, REFUSE_CLASS

    gaps = (
        (terms.comply_classes, "Not-Overrefuse and F1", f"class {COMPLY_CLASS}", "--comply-class"),
        (terms.refusal_rank, "Not-Overrefuse and F1", f"rank {REFUSAL_RANK}", "--refusal-rank"),
        (terms.refuse_classes, "Hard-Refusal-Style", f"class {REFUSE_CLASS}", "--refuse-class"),
    )
    for given, figures, lacking, option in gaps:
        if not given:
            output.warn(f"no {figures}: the rules have no {lacking} ({option} names another)")


def _say_without_class(output: Output, models: "Mapping[str, Sequence[Result]]") -> dict[str, int]:
    """Count and say the results that no figure counts."""
    counts = {
        name: sum(result.response_class is None for result in rows) for name, rows in models.items()
    }
    for name, count in counts.items():
        if count:
            are = counted(count, "result has", "results have")
            output.warn(f"{name}: {are} no response class, and no figure counts what has none")
    return counts
