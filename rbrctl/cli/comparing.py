"""What ``rbrctl diff`` does between its options and its exit code."""

import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from rbrctl import __version__
from rbrctl.cli.formats import settled
from rbrctl.cli.graders import OpenGrader
from rbrctl.cli.inputs import report_problems, standard_input
from rbrctl.cli.options import FindingsFormat
from rbrctl.cli.output import Output
from rbrctl.cli.readings import check_calibration, read_answers
from rbrctl.cli.regrading import Again, grade, regrade, told_already
from rbrctl.cli.rules import default_rules, rules_source
from rbrctl.cli.sides import RuleSide, is_results, rule_sides
from rbrctl.comparing.answer_table import Truth
from rbrctl.comparing.evidence import (
    compare_meaning,
    compare_on,
    compare_under,
    holds_results,
    read_evidence,
)
from rbrctl.comparing.gates import Gate, GateFailure
from rbrctl.comparing.outcome import Comparison
from rbrctl.comparing.pairing import one_table, pair_tables
from rbrctl.comparing.table_file import read_table
from rbrctl.errors import UsageError
from rbrctl.graders.judging import Reading
from rbrctl.records.files import Source, open_input, replacing
from rbrctl.records.models import Answer
from rbrctl.records.problems import ProblemHandler, ProblemLog, raise_problem
from rbrctl.reports.comparison import JsonComparison, TextComparison
from rbrctl.reports.comparison_findings import (
    DESCRIPTIONS,
    comparison_findings,
    comparison_suites,
)
from rbrctl.reports.comparison_markdown import MarkdownComparison
from rbrctl.reports.github import GithubFindings
from rbrctl.reports.junit import junit_text
from rbrctl.reports.sarif import SarifFindings
from rbrctl.ruleset.loader import read, ruleset_of
from rbrctl.ruleset.model import RuleSet
from rbrctl.ruleset.sources import BUILTIN_DATA, BUILTIN_PREFIX, builtin_path

_FIXTURES = "transcripts.jsonl"


@dataclass(frozen=True, slots=True)
class Asked:
    """The arguments that say what is compared."""

    old: str | None
    new: str | None
    base: str | None = None
    on: str | None = None
    rules: str | None = None
    bless: bool = False
    calibration: str | None = None
    transcripts: str | None = None
    open_grader: Callable[[RuleSet], OpenGrader] | None = None
    """Opens the grader to ask again, under the new rules; None asks nobody."""


class Comparer:
    """Makes the comparison that the arguments ask for."""

    def __init__(self, output: Output, strict: bool) -> None:
        """Stop at the first bad line where ``strict``."""
        self._output = output
        self._problems = ProblemLog()
        self._handler: ProblemHandler = raise_problem if strict else self._problems
        self.new_side: RuleSide | None = None
        """The new rules, once compared: annotations stand in their files."""

    def compare(self, asked: Asked) -> Comparison:
        """Compare rule sets or results; raises UsageError for a mixture of both."""
        kinds = [is_results(side) for side in (asked.old, asked.new) if side is not None]
        if kinds and all(kinds):
            comparison = self._results(asked)
        elif any(kinds):
            raise UsageError(
                f"'{asked.old}' and '{asked.new}' are a rule set and results; compare two of a "
                "kind, or look at results with --on"
            )
        else:
            comparison = self._rules(asked)
        report_problems(self._output, self._problems, "comparison")
        return replace(comparison, bad_lines=self._problems.count)

    def _rules(self, asked: Asked) -> Comparison:
        if asked.rules is not None:
            raise UsageError("--rules is for two results; name rule sets as OLD and NEW")
        if asked.bless:
            raise UsageError("--bless replaces a results file; OLD and NEW must be results")
        old, new = rule_sides(asked.old, asked.new, asked.base, self._output.environment)
        self.new_side = new
        comparison = compare_meaning(old.ruleset, new.ruleset, (old.label, new.label))
        if asked.on is None:
            if asked.open_grader or asked.transcripts or asked.calibration:
                raise UsageError("--grader, --transcripts and --calibration go with --on FILE")
            return comparison
        comparison = replace(comparison, corpus_label=asked.on)
        if asked.open_grader is None or asked.on == "-" or holds_results(_source(asked.on)):
            return self._on(asked, asked.on, comparison, old.ruleset, new.ruleset)
        if asked.transcripts is not None:
            raise UsageError(f"--transcripts is for results; {asked.on} holds the texts itself")
        with tempfile.TemporaryDirectory() as folder:
            results = str(Path(folder) / "results.jsonl")
            again = Again(asked.open_grader(old.ruleset), _source(asked.on))
            grade(self._output, again, results, old.ruleset, self._handler)
            self._handler = told_already
            asked = replace(asked, transcripts=asked.on)
            return self._on(asked, results, comparison, old.ruleset, new.ruleset)

    def _on(
        self, asked: Asked, on: str, comparison: Comparison, old: RuleSet, new: RuleSet
    ) -> Comparison:
        reading = None if asked.calibration is None else read_answers(asked.calibration)
        truth = None if reading is None else _truth_of(reading)
        table = read_evidence(_source(on), self._handler, truth)
        if reading is not None:
            for identity in table.graders:
                check_calibration(reading, identity)
        if asked.open_grader is None:
            return compare_on(comparison, old, new, one_table(table))
        if asked.transcripts is None:
            raise UsageError("--grader needs the texts: give --transcripts FILE")
        regraded = regrade(
            self._output,
            Again(asked.open_grader(new), _source(asked.transcripts)),
            on,
            new,
            comparison.meaning.renamed_propositions if comparison.meaning else {},
            table,
            truth,
            self._handler,
        )
        tables = pair_tables(table, regraded.table)
        compared = compare_on(comparison, old, new, tables)
        return replace(compared, stale=regraded.left, regraded=regraded.asked)

    def _results(self, asked: Asked) -> Comparison:
        if asked.old is None or asked.new is None:
            raise UsageError("results are compared with results: give OLD and NEW")
        if asked.on is not None or asked.base is not None:
            raise UsageError("--on and --base are for rule sets, and OLD and NEW are results")
        if asked.open_grader or asked.transcripts or asked.calibration:
            raise UsageError("--grader, --transcripts and --calibration go with --on FILE")
        rules = default_rules(asked.rules)
        if asked.rules is None:
            self._output.talk(f"rules: {rules}")
        loaded = read(rules_source(rules))
        ruleset = ruleset_of(loaded)
        self.new_side = RuleSide(loaded.label, ruleset, loaded.findings.texts)
        old = read_table(_source(asked.old), self._handler)
        new = read_table(_source(asked.new), self._handler, beside=old)
        return compare_under(asked.old, asked.new, ruleset, pair_tables(old, new))


def _truth_of(reading: Reading) -> Truth:
    return lambda name, p: bool(reading.truth(name, Answer(probability=p)))


def _source(name: str) -> Source:
    if name == "-":
        return standard_input()
    if name.startswith(BUILTIN_PREFIX):
        return builtin_path(name, BUILTIN_DATA) / _FIXTURES
    return name


@dataclass(frozen=True, slots=True)
class Drawing:
    """How the comparison is written."""

    output: Output
    format: FindingsFormat
    limit: int | None
    """How many transcripts to list; None for all."""
    wide: bool

    def report(
        self,
        comparison: Comparison,
        gates: Sequence[Gate],
        failed: Sequence[GateFailure],
        side: RuleSide | None,
    ) -> None:
        """Write the report; in GitHub's format the step's summary as well."""
        chosen = settled(self.format, self.output)
        if side is None or chosen in (
            FindingsFormat.TEXT,
            FindingsFormat.JSON,
            FindingsFormat.MARKDOWN,
        ):
            self.output.report(self._drawn(chosen, comparison, gates, failed))
            return
        findings = comparison_findings(comparison, failed, side.ruleset, side.texts)
        match chosen:
            case FindingsFormat.SARIF:
                text = SarifFindings(__version__, DESCRIPTIONS).render(findings)
            case FindingsFormat.JUNIT:
                text = junit_text(comparison_suites(comparison, gates, failed), datetime.now(UTC))
            case _:
                text = GithubFindings().render(findings, f"{comparison.new_label}")
                self.output.summarize(MarkdownComparison().render(comparison, gates, failed))
        self.output.report(text)

    def _drawn(
        self,
        chosen: FindingsFormat,
        comparison: Comparison,
        gates: Sequence[Gate],
        failed: Sequence[GateFailure],
    ) -> str:
        if chosen is FindingsFormat.JSON:
            return JsonComparison().render(comparison, gates, failed)
        if chosen is FindingsFormat.MARKDOWN:
            return MarkdownComparison().render(comparison, gates, failed)
        width = None if self.wide else self.output.width
        text = TextComparison(self.output.palette, width, self.limit)
        return text.render(comparison, gates, failed)


def replace_baseline(old: str, new: str, output: Output) -> None:
    """Put the new results in the place of the old ones, whole or not at all; raises FileError."""
    with open_input(new) as source, replacing(old) as target:
        shutil.copyfileobj(source, target)
    output.talk(f"{old} is now {new}")
