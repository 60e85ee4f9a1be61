"""
Load a dataset of comparisons: read a file, grade the rows that are not graded, and form pairs.

Example::

    dataset = load_dataset("transcripts.jsonl", "rules/")
    fits = fit(dataset.comparisons)
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from rbrctl.errors import NothingMatchedError, UsageError
from rbrctl.graders.interface import GraderNote, OpenGrader
from rbrctl.graders.registry import DEFAULT_KIND, GraderChoice, opener_of
from rbrctl.grading.classes import resolve_class
from rbrctl.grading.engine import EngineOptions
from rbrctl.grading.loop_thread import LoopThread
from rbrctl.grading.run import RunSettings, open_run
from rbrctl.records.files import DataSource, source_name
from rbrctl.records.models import Result, Transcript
from rbrctl.records.problems import ProblemLog, raise_problem
from rbrctl.rewards.features import FeatureSet, feature_names
from rbrctl.rewards.pairs.candidates import NO_CLASS, SkipCounts
from rbrctl.rewards.pairs.dataset import Dataset, PairingOptions, check_order, form_comparisons
from rbrctl.rewards.pairs.inputs import ComparisonInput, InputKind, read_input
from rbrctl.rewards.progress import StartCounting, count_nothing
from rbrctl.rewards.reward_model.client import score_completions
from rbrctl.ruleset.loader import load
from rbrctl.ruleset.model import RuleSet
from rbrctl.ruleset.verdict import Judge

if TYPE_CHECKING:
    from rbrctl.graders.endpoint.settings import EndpointSettings

UNSCORED = "no score of the reward model"
"""The reason for skipping a completion that the reward model gave no score."""


def load_dataset(
    source: DataSource,
    rules: str | PathLike[str] | RuleSet = "builtin:safety",
    grader: "GraderChoice | None" = None,
    options: PairingOptions | None = None,
    *,
    reward_model: "EndpointSettings | None" = None,
    problems: ProblemLog | None = None,
) -> Dataset:
    """
    Return the comparisons of a file of results, preferences or transcripts.

    Args:
        source: A path or an open stream of JSON Lines; its first row says which kind it is.
        rules: A rule set, a folder of one, or ``builtin:NAME``.
        grader: Grades rows without answers; see ``rbrctl.grade``. The embedded one by default.
        options: What says which completion is better, and which completions are compared.
        reward_model: A server that is asked for the scores that completions lack.
        problems: Collects the lines that cannot be read; without it, such a line is an error.

    Raises UsageError, FileError, RecordError, GraderError, and NothingMatchedError if there is no
    pair. It also works where an event loop is running already, as in a notebook.

    Example::

        dataset = load_dataset("transcripts.jsonl", "rules/")
        print(len(dataset.results), dataset.comparisons.skipped.counts)

    """
    if not isinstance(rules, RuleSet):
        rules = load(Path(rules) if isinstance(rules, PathLike) else rules)
    work = load_dataset_async(
        source,
        Judge(rules),
        opener_of(grader or DEFAULT_KIND, rules),
        options or PairingOptions(),
        reward_model=reward_model,
        problems=problems,
    )
    thread = LoopThread("rbrctl-dataset", "call")
    try:
        return thread.run(work)
    finally:
        thread.close()


async def load_dataset_async(
    source: DataSource,
    judge: Judge,
    open_grader: OpenGrader,
    options: PairingOptions,
    *,
    reward_model: "EndpointSettings | None" = None,
    reward_model_name: str | None = None,
    features: Mapping[str, Sequence[str]] | None = None,
    problems: ProblemLog | None = None,
    unscored: list[str] | None = None,
    on_read: Callable[[ComparisonInput], None] = lambda found: None,
    start_counting: StartCounting = count_nothing,
    on_note: Callable[[GraderNote], None] = lambda note: None,
) -> Dataset:
    """
    Return the comparisons of a file; see ``load_dataset``.

    ``features`` are those of each response class, by default those of the rules.
    ``reward_model_name`` is what the dataset calls the reward model. ``unscored`` collects why
    completions got no score from it. ``on_read`` is called with the rows before anything is graded,
    and ``start_counting`` at the start of each step that takes long. ``on_note`` is told what the
    grader has to say at the end.
    """
    found = read_input(source, raise_problem if problems is None else problems)
    told = "" if problems is None else problems.summary
    # Mistakes in the options are reported before anything is graded, which may be costly.
    values = check_order(judge, options, found, told)
    on_read(found)
    if options.response_class is not None:
        where = f"--response-class {options.response_class}: "
        resolve_class(judge.ruleset, options.response_class, where)
    skipped = SkipCounts()
    reasons: list[str] = [] if unscored is None else unscored
    transcripts: Sequence[Transcript] = found.transcripts
    if reward_model is not None:
        _refuse_results(found, source_name(source))
        transcripts = await score_completions(transcripts, reward_model, reasons, start_counting)
        kept = {each.id for each in transcripts}
        for each in found.transcripts:
            if each.id not in kept:
                skipped.add(UNSCORED, each.id)
    results: Sequence[Result] = found.results
    if not results and transcripts:
        with start_counting("graded", len(transcripts)) as counter:
            results = await grade_for_features(
                transcripts,
                judge,
                open_grader,
                options.response_class,
                on_result=lambda _: counter.advance(),
                on_note=on_note,
            )
    try:
        return form_comparisons(
            judge,
            found,
            results,
            options,
            values=values,
            features=features,
            skipped=skipped,
            bad_lines=0 if problems is None else problems.count,
            reward_model=reward_model_name,
        )
    except NothingMatchedError as error:
        raise NothingMatchedError(f"{error}{class_advice(skipped)}{told}") from error


async def grade_for_features(
    transcripts: Iterable[Transcript],
    judge: Judge,
    open_grader: OpenGrader,
    response_class: str | None = None,
    on_result: Callable[[Result], None] | None = None,
    on_note: Callable[[GraderNote], None] = lambda note: None,
) -> list[Result]:
    """
    Return the results of transcripts, in their order, with the answers that features need.

    Only the propositions that the features of a transcript's response class depend on are asked;
    a transcript without a class is not asked about. ``response_class`` is that of transcripts that
    have none. ``on_note`` is told what the grader has to say at the end. Raises GraderError if the
    grader cannot go on.
    """
    rows = list(transcripts)
    needs = {
        name: FeatureSet(judge, name, feature_names(judge, name)).propositions
        for name in judge.ruleset.response_classes
    }
    options = EngineOptions(response_class=response_class, needs=needs)
    place = {(row.id, row.content_digest): index for index, row in enumerate(rows)}
    found: list[tuple[int, Result]] = []
    settings = RunSettings(judge, open_grader, options, on_note=on_note)
    async with open_run(settings, rows) as run, aclosing(run.results()) as results:
        async for result in results:
            found.append((place[result.id, result.content_digest], result))
            if on_result is not None:
                on_result(result)
    return [result for _, result in sorted(found, key=lambda each: each[0])]


def class_advice(skipped: SkipCounts) -> str:
    """Return what would help against rows without a class, after a semicolon; or nothing."""
    return "; --response-class names one for all" if NO_CLASS in skipped.counts else ""


def _refuse_results(found: ComparisonInput, name: str) -> None:
    """Raise UsageError for results: they have no text that a reward model could read."""
    if found.kind is InputKind.RESULTS:
        raise UsageError(
            f"{name}: results hold no text for --rm-url to read: give it the transcripts or "
            "preferences, or put rm_score into the rows"
        )
