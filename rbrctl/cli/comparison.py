"""The request of ``rbrctl diff``, its comparison and its report."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from rbrctl.cli.files import report_problems, transcript_source
from rbrctl.cli.formats import write_report
from rbrctl.cli.graders import tell_note
from rbrctl.cli.output import Output
from rbrctl.cli.progress import Progress
from rbrctl.cli.rules import default_rules, rules_source
from rbrctl.diff.acceptances import accept, acceptances_between
from rbrctl.diff.comparison import Comparison
from rbrctl.diff.gates import Gate, GateFailure, acceptable_ids
from rbrctl.diff.inputs import holds_results
from rbrctl.diff.regrading import RegradeSource
from rbrctl.diff.revisions import Revision, is_results, load_revisions
from rbrctl.diff.run import compare, compare_results
from rbrctl.errors import UsageError
from rbrctl.graders.calibration_file import read_calibration
from rbrctl.graders.interface import OpenGrader
from rbrctl.records.problems import ProblemHandler, ProblemLog, raise_problem
from rbrctl.reports.comparison import ComparisonReport
from rbrctl.ruleset.loader import read
from rbrctl.ruleset.model import RuleSet


@dataclass(frozen=True, slots=True)
class DiffRequest:
    """The options of ``rbrctl diff`` that say what is compared."""

    old: str | None
    new: str | None
    base: str | None = None
    on: str | None = None
    rules: str | None = None
    bless: bool = False
    calibration: str | None = None
    transcripts: str | None = None
    accept: tuple[str, ...] = ()
    """The ids of changes that are to be accepted."""
    reason: str = ""
    allow_new_acceptance: bool = False
    choose_grader: Callable[[RuleSet], OpenGrader] | None = None
    """Chooses the grader that is asked, for a rule set; None asks nobody."""


class Comparer:
    """Checks the options of a comparison and compares."""

    def __init__(self, output: Output, strict: bool) -> None:
        """Stop at the first line that cannot be used if ``strict`` is true."""
        self._output = output
        self._problems = ProblemLog()
        self._handler: ProblemHandler = raise_problem if strict else self._problems
        self.new: Revision | None = None
        """The new rules, once compared: findings are shown in their files."""
        self.old: Revision | None = None
        """The old rules, once compared: gates and acceptances are read from their side."""

    def compare(self, request: DiffRequest) -> Comparison:
        """Compare two rule sets or two results files; raises UsageError for one of each."""
        kinds = [is_results(side) for side in (request.old, request.new) if side is not None]
        if kinds and all(kinds):
            comparison = self._results(request)
        elif any(kinds):
            raise UsageError(
                f"'{request.old}' and '{request.new}' are a rule set and a results file; "
                "compare two "
                "rule sets or two results files, or give the results file with --on"
            )
        else:
            comparison = self._rules(request)
        report_problems(self._output, self._problems, "comparison")
        return replace(comparison, bad_lines=self._problems.count)

    def _rules(self, request: DiffRequest) -> Comparison:
        if request.rules is not None:
            raise UsageError(
                "--rules is for comparing two results files; give two rule sets as OLD and NEW"
            )
        if request.bless:
            raise UsageError(
                "--bless replaces a results file, so OLD and NEW must be results files"
            )
        old, new = load_revisions(request.old, request.new, request.base, self._output.environment)
        self.old, self.new = old, new
        comparison = self._compared(old, new, request)
        return self._with_acceptances(comparison, old, new, request)

    def _with_acceptances(
        self, comparison: Comparison, old: Revision, new: Revision, request: DiffRequest
    ) -> Comparison:
        if request.accept:
            known = acceptable_ids(comparison)
            path = accept(request.accept, request.reason, old, new, known)
            self._output.info(f"accepted in {path}; let it be reviewed")
        found = acceptances_between(old, new)
        if request.allow_new_acceptance:
            return replace(comparison, accepted=(*found.standing, *found.fresh))
        return replace(comparison, accepted=found.standing, fresh_acceptances=found.fresh)

    def _compared(self, old: Revision, new: Revision, request: DiffRequest) -> Comparison:
        if request.on is None:
            _refuse_options_of_on(request)
            return compare(old, new)
        on, regrading = transcript_source(request.on), self._regrading(request)
        calibration = None
        if request.calibration is not None:
            calibration = read_calibration(Path(request.calibration))
        comparison = compare(
            old,
            new,
            on,
            calibration=calibration,
            regrading=regrading,
            on_problem=self._handler,
        )
        for note in comparison.grader_notes:
            tell_note(self._output, note)
        return replace(comparison, corpus_label=request.on)

    def _regrading(self, request: DiffRequest) -> RegradeSource | None:
        """Return the grader and the transcripts to ask it about; None if no grader is asked."""
        choose, on = request.choose_grader, request.on
        if choose is None or on is None:
            return None
        if on == "-":
            if request.transcripts is None:
                raise UsageError(
                    "--grader needs the transcripts of the results; give --transcripts FILE"
                )
            raise UsageError("--grader reads the results twice, so --on must name a file")
        if request.transcripts is not None and not holds_results(transcript_source(on)):
            raise UsageError(f"--transcripts is for results, but {on} already holds transcripts")

        transcripts = (
            None if request.transcripts is None else transcript_source(request.transcripts)
        )
        return RegradeSource(choose, transcripts, self._watch)

    @contextmanager
    def _watch(self, title: str, total: int | None) -> Iterator[Callable[[], None]]:
        with Progress(self._output, title, total) as progress:
            yield progress.advance

    def _results(self, request: DiffRequest) -> Comparison:
        if request.old is None or request.new is None:
            raise UsageError(
                "a results file is compared with another one; give both as OLD and NEW"
            )
        if request.on is not None or request.base is not None:
            raise UsageError("--on and --base are for rule sets, but OLD and NEW are results files")
        if request.accept:
            raise UsageError("--accept is for changed rules, but OLD and NEW are results files")
        _refuse_options_of_on(request)
        rules = default_rules(request.rules)
        if request.rules is None:
            self._output.info(f"rules: {rules}")
        self.new = Revision.of(read(rules_source(rules)))
        old, new = transcript_source(request.old), transcript_source(request.new)
        comparison = compare_results(old, new, self.new, self._handler)
        return replace(comparison, old_label=request.old, new_label=request.new)


def _refuse_options_of_on(request: DiffRequest) -> None:
    if request.choose_grader or request.transcripts or request.calibration:
        raise UsageError(
            "--grader, --transcripts and --calibration can only be used with --on FILE"
        )


@dataclass(frozen=True, slots=True)
class DiffReporter:
    """Writes the report of a comparison."""

    output: Output
    format: str
    limit: int | None
    """The number of transcripts to list; None for all."""
    wide: bool

    def report(
        self,
        comparison: Comparison,
        gates: Sequence[Gate],
        failed: Sequence[GateFailure],
        new: Revision | None,
    ) -> None:
        """Write the report."""
        ruleset = None if new is None else new.ruleset
        texts = {} if new is None else new.texts
        report = ComparisonReport(comparison, gates, failed, ruleset, texts, self.limit)
        write_report(self.output, report, self.format, wide=self.wide)
