"""
How fast the embedded grader answers, and whether its memory stays flat.

Run by hand from the repository's root: ``python tests/benchmarks/embedded_speed.py [ROWS ...]``
(default 1,000 and 100,000). It grades the transcripts that ship, over and over, on one core, with
all propositions of the shipped model, and prints transcripts a second, milliseconds each, and the
peak memory of a process of its own for each number of rows. Then it times one completion of 10 MB.
"""

import itertools
import subprocess
import sys
import time
from pathlib import Path

from peak_memory import peak_megabytes

from rbrctl.graders.embedded import EmbeddedGrader, load_model
from rbrctl.records.problems import raise_problem
from rbrctl.records.transcripts import make_transcript, read_transcripts
from rbrctl.ruleset.findings import Place
from rbrctl.ruleset.model import Proposition, RuleSet

FIXTURES = Path(__file__).parents[2] / "fixtures" / "transcripts.jsonl"
ANYWHERE = Place("none.yaml", 1, 1, 1, 1)
LONG_WORDS = "You could ask a friend, or have a look at the manual. "


def grader_of_everything() -> EmbeddedGrader:
    model = load_model()
    propositions = {name: Proposition(name, ANYWHERE) for name in model.propositions}
    return EmbeddedGrader(RuleSet("b", "1", ("a", "b"), {}, propositions, {}, {}), model)


def grade(rows: int) -> None:
    """Grade that many transcripts and print what it took."""
    grader = grader_of_everything()
    names = list(grader.question_digests)
    transcripts = list(read_transcripts(FIXTURES, raise_problem))
    started = time.perf_counter()
    for transcript in itertools.islice(itertools.cycle(transcripts), rows):
        grader.answer_now(transcript, names)
    seconds = time.perf_counter() - started
    print(
        f"{rows:>9,} transcripts: {rows / seconds:8,.0f} a second,"
        f" {1000 * seconds / rows:.2f} ms each, peak {peak_megabytes():.0f} MB"
    )


def grade_one_long() -> None:
    """Grade one completion of 10 MB."""
    grader = grader_of_everything()
    transcript = make_transcript("Hello?", LONG_WORDS * (10_000_000 // len(LONG_WORDS)))
    started = time.perf_counter()
    grader.answer_now(transcript, list(grader.question_digests))
    print(f"one completion of 10 MB: {1000 * (time.perf_counter() - started):.0f} ms")


def main(arguments: list[str]) -> None:
    if arguments[:1] == ["--here"]:
        grade(int(arguments[1]))
        return
    for rows in arguments or ["1000", "100000"]:
        subprocess.run([sys.executable, __file__, "--here", rows], check=True)
    grade_one_long()


if __name__ == "__main__":
    main(sys.argv[1:])
