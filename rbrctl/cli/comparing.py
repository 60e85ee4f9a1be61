"""What ``rbrctl diff`` makes of its options, and how it reports."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from rbrctl.cli.formats import write_report
from rbrctl.cli.inputs import report_problems, standard_input
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
from rbrctl.records.files import DataSource, open_input, replacing
from rbrctl.records.problems import ProblemHandler, ProblemLog, raise_problem
from rbrctl.reports.comparison import ComparisonReport
from rbrctl.ruleset.loader import read
from rbrctl.ruleset.model import RuleSet
from rbrctl.ruleset.sources import BUILTIN_DATA, BUILTIN_PREFIX, builtin_path

_FIXTURES = "transcripts.jsonl"


@dataclass(frozen=True, slots=True)
class DiffRequest:
    """The options that say what is compared."""

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
    """Checks the options of a comparison and makes it."""

    def __init__(self, output: Output, strict: bool) -> None:
        """Stop at the first line that cannot be used where ``strict``."""
        self._output = output
        self._problems = ProblemLog()
        self._handler: ProblemHandler = raise_problem if strict else self._problems
        self.new: Revision | None = None
        """The new rules, once compared: findings are shown in their files."""
        self.old: Revision | None = None
        """The old rules, once compared: gates and acceptances are read from their side."""

    def compare(self, request: DiffRequest) -> Comparison:
        """Compare rule sets or results; raises UsageError for one of each."""
        kinds = [is_results(side) for side in (request.old, request.new) if side is not None]
        if kinds and all(kinds):
            comparison = self._results(request)
        elif any(kinds):
            raise UsageError(
                f"'{request.old}' and '{request.new}' are a rule set and results; compare two of a "
                "kind, or look at results with --on"
            )
        else:
            comparison = self._rules(request)
        report_problems(self._output, self._problems, "comparison")
        return replace(comparison, bad_lines=self._problems.count)

    def _rules(self, request: DiffRequest) -> Comparison:
        if request.rules is not None:
            raise UsageError("--rules is for two results; name rule sets as OLD and NEW")
        if request.bless:
            raise UsageError("--bless replaces a results file; OLD and NEW must be results")
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
            self._output.talk(f"accepted in {path}; let it be reviewed")
        found = acceptances_between(old, new)
        if request.allow_new_acceptance:
            return replace(comparison, accepted=(*found.standing, *found.fresh))
        return replace(comparison, accepted=found.standing, fresh_acceptances=found.fresh)

    def _compared(self, old: Revision, new: Revision, request: DiffRequest) -> Comparison:
        if request.on is None:
            _refuse_options_of_on(request)
            return compare(old, new)
        on, regrading = _source(request.on), self._regrading(request)
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
            self._output.talk(note)
        return replace(comparison, corpus_label=request.on)

    def _regrading(self, request: DiffRequest) -> RegradeSource | None:
        """Return the grader to ask and where the texts are; None where nobody is asked."""
        choose, on = request.choose_grader, request.on
        if choose is None or on is None:
            return None
        if on == "-":
            if request.transcripts is None:
                raise UsageError("--grader needs the texts: give --transcripts FILE")
            raise UsageError("--grader reads the results twice; give --on a file")
        if request.transcripts is not None and not holds_results(_source(on)):
            raise UsageError(f"--transcripts is for results; {on} holds the texts itself")

        transcripts = None if request.transcripts is None else _source(request.transcripts)
        return RegradeSource(choose, transcripts, self._watch)

    @contextmanager
    def _watch(self, title: str, total: int | None) -> Iterator[Callable[[], None]]:
        with Progress(self._output, title, total) as progress:
            yield progress.advance

    def _results(self, request: DiffRequest) -> Comparison:
        if request.old is None or request.new is None:
            raise UsageError("results are compared with results: give OLD and NEW")
        if request.on is not None or request.base is not None:
            raise UsageError("--on and --base are for rule sets, and OLD and NEW are results")
        if request.accept:
            raise UsageError("--accept is for changes of the rules, and OLD and NEW are results")
        _refuse_options_of_on(request)
        rules = default_rules(request.rules)
        if request.rules is None:
            self._output.talk(f"rules: {rules}")
        self.new = Revision.of(read(rules_source(rules)))
        old, new = _source(request.old), _source(request.new)
        comparison = compare_results(old, new, self.new, self._handler)
        return replace(comparison, old_label=request.old, new_label=request.new)


def _refuse_options_of_on(request: DiffRequest) -> None:
    if request.choose_grader or request.transcripts or request.calibration:
        raise UsageError("--grader, --transcripts and --calibration go with --on FILE")


def _source(name: str) -> DataSource:
    if name == "-":
        return standard_input()
    if name.startswith(BUILTIN_PREFIX):
        return builtin_path(name, BUILTIN_DATA) / _FIXTURES
    return name


@dataclass(frozen=True, slots=True)
class DiffReporter:
    """How a comparison is reported."""

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


def replace_baseline(old: str, new: str, output: Output) -> None:
    """Replace the old results by the new ones, entirely or not at all; raises FileError."""
    with open_input(new) as source, replacing(old) as target:
        shutil.copyfileobj(source, target)
    output.talk(f"{old} is now {new}")
