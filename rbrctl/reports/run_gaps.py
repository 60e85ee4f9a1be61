"""Sentences about what makes a run incomplete."""

from dataclasses import dataclass, field

from rbrctl.grading.summary import RunSummary
from rbrctl.ruleset.model import RuleSet
from rbrctl.wording import counted, did_you_mean, hint_for

SHOWN_NAMES = 5


@dataclass(frozen=True, slots=True)
class RunGaps:
    """What is missing or odd in a run, as sentences; each kind is reported once."""

    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def run_gaps(summary: RunSummary, ruleset: RuleSet, advice: str) -> RunGaps:
    """Return what makes a run incomplete; ``advice`` tells how to give response classes."""
    gaps = RunGaps()
    _add_classes(gaps, summary, ruleset, advice)
    _add_labels(gaps, summary, ruleset)
    _add_answers(gaps, summary)
    return gaps


def _add_classes(gaps: RunGaps, summary: RunSummary, ruleset: RuleSet, advice: str) -> None:
    if summary.without_class:
        have = counted(summary.without_class, "transcript has", "transcripts have")
        gaps.warnings.append(
            f"{have} no response class: the answers are kept, but not judged; {advice}"
        )
    if summary.failed_inferences:
        gaps.warnings.append(
            f"the class of {counted(summary.failed_inferences, 'transcript')} could not be "
            f"inferred; the first reason: {summary.first_failed_inference}"
        )
    for spelling, count in summary.unknown_classes.most_common(SHOWN_NAMES):
        have = counted(count, "transcript has", "transcripts have")
        gaps.warnings.append(
            f"{have} the response class '{spelling}', which the rules do not have: the answers are "
            f"kept, but not judged; {hint_for(spelling, ruleset.response_classes)}"
        )


def _add_labels(gaps: RunGaps, summary: RunSummary, ruleset: RuleSet) -> None:
    for name, count in summary.unknown_labels.most_common(SHOWN_NAMES):
        guess = did_you_mean(name, ruleset.propositions)
        have = counted(count, "transcript has", "transcripts have")
        gaps.notes.append(
            f"{have} labels for '{name}', which is not a proposition of the rules"
            + (f"; {guess}" if guess else "")
        )
    for name, count in summary.unknown_rank_labels.most_common(SHOWN_NAMES):
        have = counted(count, "transcript has", "transcripts have")
        gaps.notes.append(f"{have} the rank label '{name}', which is not a rank of the rules")


def _add_answers(gaps: RunGaps, summary: RunSummary) -> None:
    if summary.unanswerable:
        gaps.warnings.append(
            f"the grader cannot answer {', '.join(summary.unanswerable)}; their answers are left "
            "unknown. Give them cues, train the grader for them, or name another grader"
        )
    if summary.failed_answers:
        failed = sum(summary.failed_answers.values())
        kinds = summary.failure_kinds.most_common(SHOWN_NAMES)
        listed = "; ".join(f"{count:,} times '{kind}'" for kind, count in kinds)
        gaps.warnings.append(
            f"{counted(failed, 'answer')} failed; the first reason: {summary.first_failure}"
            + (f"; all reasons: {listed}" if failed > 1 else "")
        )
    if summary.low_mass:
        gaps.warnings.append(
            f"{counted(summary.low_mass, 'answer')} with a low mass: the model gave yes and no "
            "together less than half of the probability, so it may not have answered the question"
        )
