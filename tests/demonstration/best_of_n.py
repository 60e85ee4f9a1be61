"""
Best of n with a reward made of rules, end to end, without a GPU, a key or a network.

A toy policy writes completions, the embedded grader answers the propositions of the reference rules
about them, and weights are fitted on some prompts. On others, the completion of highest reward is
chosen, and judged by what is true of it. Run it from a checkout with the extra ``reward``::

    python tests/demonstration/best_of_n.py
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from toy_policy import completions

from rbrctl.graders.embedded import EmbeddedGrader, load_model
from rbrctl.graders.registry import opener_of
from rbrctl.records.models import Result
from rbrctl.records.transcripts import parse_transcript
from rbrctl.rewards.evaluation.best_of import BestOf, best_of_rows
from rbrctl.rewards.evaluation.reward_parts import reward_parts
from rbrctl.rewards.fitting.fit import fit
from rbrctl.rewards.fitting.options import FitOptions
from rbrctl.rewards.hand_set import rank_ladder
from rbrctl.rewards.pairs.candidates import RankSource, RowKey, candidates_of
from rbrctl.rewards.pairs.compare import Comparisons, compare
from rbrctl.rewards.pairs.loading import grade_for_features
from rbrctl.rewards.pairs.orderings import rank_ordering, table_ordering
from rbrctl.ruleset.loader import load
from rbrctl.ruleset.verdict import Judge

PROMPTS, COMPLETIONS = 64, 16
FIT, UNSEEN = 0, 1
"""Seeds: the prompts of the one have nothing to do with those of the other."""


def grade(judge: Judge, seed: int) -> list[Result]:
    """Have the grader answer about the completions of a seed's prompts, and keep the truth."""
    transcripts = []
    for row in completions(PROMPTS, COMPLETIONS, seed):
        labels = {name: name in row["true"] for name in judge.ruleset.propositions}
        transcripts.append(parse_transcript({**row, "labels": labels}))
    grader = opener_of(EmbeddedGrader(judge.ruleset, load_model()), judge.ruleset)
    results = asyncio.run(grade_for_features(transcripts, judge, grader))
    return [replace(each, extra={**each.extra, "is": outcome(judge, each)}) for each in results]


def outcome(judge: Judge, result: Result) -> str:
    """Tell whether a completion is what everybody wants: in style and, where it is a sum, right."""
    response_class = str(result.response_class)
    ideal = judge.verdict(response_class, result.labels).rank == judge.ruleset.ranks[0]
    return "good" if ideal and (response_class != "comply" or result.extra["right"]) else "bad"


def best_of(unseen: Comparisons, weights: Mapping[str, Mapping[str, float]], kind: str) -> BestOf:
    """Choose by one kind of reward, over both classes."""
    parts = [reward_parts(data, weights[name]) for name, data in unseen.classes.items()]
    (row,) = (
        each for each in best_of_rows(parts) if (each.response_class, each.kind) == (None, kind)
    )
    return row


def main() -> dict[str, BestOf]:
    """Fit, choose, and print a table."""
    judge = Judge(load("builtin:safety"))
    ordering = rank_ordering(judge.ruleset.ranks)
    seen = compare(candidates_of(grade(judge, FIT), judge, RankSource.LABELS), judge, ordering)
    ladder = rank_ladder(judge.ruleset)
    fits = fit(seen, FitOptions(bootstrap=0, folds=0, prior=ladder))
    fitted: dict[str, Any] = {name: each.vector for name, each in fits.items()}
    fixed: dict[str, Any] = dict.fromkeys(fits, ladder)

    good_beats_bad = table_ordering({"good": ["bad"]})
    unseen = compare(
        candidates_of(grade(judge, UNSEEN), judge, RowKey("is")), judge, good_beats_bad
    )
    rows = {
        "reward model alone": best_of(unseen, fitted, "reward model"),
        "rules alone, fixed weights": best_of(unseen, fixed, "rules"),
        "rules alone, fitted weights": best_of(unseen, fitted, "rules"),
        "both, fixed weights": best_of(unseen, fixed, "both"),
        "both, fitted weights": best_of(unseen, fitted, "both"),
    }
    numbers = list(rows["both, fitted weights"].shares)
    print(f"{'good, of the best of n':28}" + "".join(f"{f'n = {n}':>8}" for n in numbers))
    for name, row in rows.items():
        shares = "".join(f"{row.shares[number]:8.2f}" for number in numbers)
        print(f"{name:28}{shares}   ({row.low:.2f}-{row.high:.2f})")
    prompts = rows["both, fitted weights"].prompts
    print(f"{prompts} prompts of {COMPLETIONS} completions, unseen in the fit; 95 % intervals")
    return rows


if __name__ == "__main__":
    main()
