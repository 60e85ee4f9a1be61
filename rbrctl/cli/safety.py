"""``rbrctl reward evaluate`` without weights: models compared by their safety figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rbrctl.cli.exit_codes import ExitCode
from rbrctl.cli.files import STANDARD_INPUT, data_source, first_problem, report_problems
from rbrctl.cli.formats import report_tables
from rbrctl.cli.output import Output
from rbrctl.errors import UsageError
from rbrctl.records.problems import ProblemLog, raise_problem
from rbrctl.wording import counted

if TYPE_CHECKING:
    from rbrctl.records.models import Result
    from rbrctl.records.problems import ProblemHandler
    from rbrctl.rewards.evaluation.safety_comparison import SafetyComparison
    from rbrctl.rewards.evaluation.safety_terms import SafetyTerms
    from rbrctl.ruleset.model import RuleSet

_OPTION_OF_TERM = {
    "comply_classes": "--comply-class",
    "refusal_rank": "--refusal-rank",
    "refuse_classes": "--refuse-class",
}


@dataclass(frozen=True, slots=True)
class SafetyOptions:
    """The options of the safety figures; the reference policy has the defaults."""

    unsafe_rank: str | None = None
    comply_classes: Sequence[str] = ()
    refusal_rank: str | None = None
    refuse_classes: Sequence[str] = ()
    style_rank: str | None = None
    resamples: int = 1000
    seed: int = 0
    strict: bool = False

    def terms(self, ruleset: "RuleSet") -> "SafetyTerms":
        """Return the terms. Raise UsageError for names that the rule set does not have."""
        from rbrctl.rewards.evaluation.safety_terms import safety_terms

        return safety_terms(
            ruleset,
            unsafe_rank=self.unsafe_rank,
            comply_classes=self.comply_classes,
            refusal_rank=self.refusal_rank,
            refuse_classes=self.refuse_classes,
            style_rank=self.style_rank,
        )


def report_safety(
    output: Output,
    ruleset: "RuleSet",
    files: Sequence[str],
    options: SafetyOptions,
    format_: str,
    wide: bool,
) -> ExitCode:
    """
    Report the safety figures of each results file, and how they differ from the first one's.

    Raises UsageError, FileError, and RecordError if reading is strict.
    """
    from rbrctl.reports.safety import REPORT_NAME, REPORT_VERSION, SafetyReport
    from rbrctl.rewards.evaluation.safety_comparison import compare_models

    terms = options.terms(ruleset)
    problems = ProblemLog()
    models = _read(ruleset, files, raise_problem if options.strict else problems, problems)
    _warn_about_missing_figures(output, terms)
    compared = compare_models(models, terms, resamples=options.resamples, seed=options.seed)
    code = report_problems(output, problems, "figures")
    _warn_about_missing_classes(output, compared)
    report = SafetyReport(ruleset.digest, terms, compared, problems.count)
    report_tables(
        output,
        report.tables,
        format_,
        name=REPORT_NAME,
        version=REPORT_VERSION,
        wide=wide,
        body=report.body,
    )
    return code if compared.is_complete else ExitCode.INCOMPLETE


def _read(
    ruleset: "RuleSet", files: Sequence[str], on_problem: "ProblemHandler", problems: ProblemLog
) -> "Mapping[str, list[Result]]":
    """Return the results of each file by its name. Raise UsageError for a file without any."""
    from rbrctl.rewards.evaluation.safety_comparison import read_judged

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


def _warn_about_missing_figures(output: Output, terms: "SafetyTerms") -> None:
    from rbrctl.rewards.evaluation.safety_comparison import missing_figures

    for gap in missing_figures(terms):
        option = _OPTION_OF_TERM[gap.term]
        output.warn(f"no {gap.figures}: the rules have no {gap.lacking} ({option} names another)")


def _warn_about_missing_classes(output: Output, compared: "SafetyComparison") -> None:
    for name, count in compared.without_class.items():
        if count:
            have = counted(count, "result has", "results have")
            are = "is" if count == 1 else "are"
            output.warn(f"{name}: {have} no response class and {are} left out of all figures")
