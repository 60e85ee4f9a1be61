"""
``rbrctl diff OLD NEW --on RESULTS`` over many transcripts: seconds and peak memory.

Run by hand: ``python tests/benchmarks/diff_corpus.py [ROWS] [RULES ...]``. It writes results of the
reference rule set, drops a rule from a copy, and compares the two on them; then it does the same
for generated rule sets of more and more rules over the same propositions.
"""

import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rbrctl.records.json_lines import write_json_lines
from rbrctl.records.models import Answer, GraderIdentity, Result, RuleSetIdentity
from rbrctl.records.results import result_to_json
from rbrctl.ruleset.loader import load
from rbrctl.ruleset.model import RuleSet
from rbrctl.ruleset.verdict import Judge

RULES = Path(__file__).parents[2] / "rules"
GRADER = GraderIdentity("embedded", "0" * 32, "model")

_MEASURE = f"""
import sys, time
sys.path.append({str(Path(__file__).parent)!r})
from peak_memory import peak_megabytes
from rbrctl.cli.main import run
started = time.perf_counter()
code = run(sys.argv[1:])
seconds = time.perf_counter() - started
processor = time.process_time()
print("MEASURED", code, seconds, processor, peak_megabytes(), file=sys.stderr)
"""


def rows(ruleset: RuleSet, count: int) -> Iterator[Mapping[str, Any]]:
    """Give results with random answers to every proposition, and labels on all of them."""
    source = random.Random(0)
    judge = Judge(ruleset)
    identity = RuleSetIdentity(ruleset.name, ruleset.version, ruleset.digest)
    classes = list(ruleset.response_classes)
    digests = {name: f"{source.getrandbits(128):032x}" for name in ruleset.propositions}
    for number in range(count):
        response_class = source.choice(classes)
        answers = {
            name: Answer(probability=round(source.random(), 6), source="embedded", digest=digest)
            for name, digest in digests.items()
        }
        assignment = {name: (answer.probability or 0) >= 0.5 for name, answer in answers.items()}
        verdict = judge.verdict(response_class, assignment)
        labels = {name: value != (source.random() < 0.05) for name, value in assignment.items()}
        yield result_to_json(
            Result(
                id=f"t{number}",
                content_digest=f"{source.getrandbits(128):032x}",
                prompt_digest=f"{number // 4:032x}",
                answers=answers,
                grader=GRADER,
                ruleset=identity,
                response_class=response_class,
                response_class_source="given",
                labels=labels,
                rules=verdict.rules,
                rank=verdict.rank,
            )
        )


def laxer_copy(folder: Path) -> Path:
    """Copy the reference rule set without the rule on additional content, and without tests."""
    target = folder / "laxer"
    shutil.copytree(RULES, target, ignore=shutil.ignore_patterns("tests"))
    file = target / "hard_refuse.yaml"
    text = file.read_text()
    start = text.index("  hard-refuse-adds-nothing:")
    end = text.index("  hard-refuse-not-third-person:")
    file.write_text(text[:start] + text[end:])
    return target


def generated(folder: Path, count: int, changed: bool) -> Path:
    """Write a rule set of ``count`` rules over the reference propositions; one is ``changed``."""
    base = load(RULES)
    source = random.Random(count)
    names = list(base.propositions)
    lines = ["rbrctl: 1", f"name: generated-{count}", 'version: "1"', "ranks: [good, poor, bad]"]
    lines += ["response_classes:", *(f"  {name}: {{}}" for name in base.response_classes)]
    lines += ["propositions:", *(f"  {name}: {{question: '{name}?'}}" for name in names), "rules:"]
    classes = ", ".join(base.response_classes)
    for number in range(count):
        one, other = source.sample(names, 2)
        joint = "and" if changed and number == 0 else "or"
        lines.append(
            f"  r{number}: {{response_classes: [{classes}], require: not {one} {joint} {other}, "
            f"otherwise: {source.choice(['poor', 'bad'])}}}"
        )
    target = folder / f"generated-{count}-{'new' if changed else 'old'}"
    target.mkdir()
    (target / "ruleset.yaml").write_text("\n".join(lines) + "\n")
    return target


@dataclass(frozen=True)
class Figures:
    """What one comparison took, as a process."""

    seconds: float
    processor: float
    megabytes: float

    def __str__(self) -> str:
        return (
            f"{self.seconds:.2f} s ({self.processor:.2f} s of processor time), "
            f"{self.megabytes:.0f} MB"
        )


def measured(old: Path, new: Path, results: Path) -> Figures:
    """Run the comparison in a process of its own, and say what it took."""
    outcome = subprocess.run(
        [sys.executable, "-c", _MEASURE, "diff", str(old), str(new), "--on", str(results)],
        capture_output=True,
        text=True,
        check=True,
    )
    code, *figures = outcome.stderr.split("MEASURED ")[1].split()
    if code not in ("0", "1"):
        raise RuntimeError(outcome.stderr)
    return Figures(*map(float, figures))


def main() -> None:
    """Print the figures."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    sizes = [int(each) for each in sys.argv[2:]] or [30, 300, 3000]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        results = folder / "results.jsonl"
        write_json_lines(results, rows(load(RULES), count))
        size = results.stat().st_size / 2**20
        found = measured(RULES, laxer_copy(folder), results)
        print(f"reference rules, {count:,} results ({size:.0f} MB): {found}")
        for rules in sizes:
            sides = generated(folder, rules, False), generated(folder, rules, True)
            print(f"{rules:,} generated rules: {measured(*sides, results)}")


if __name__ == "__main__":
    main()
