"""What ``reward synth`` will take, said before it starts, and held against the limits."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rbrctl.cli.formats import report_tables
from rbrctl.cli.output import Output

if TYPE_CHECKING:
    from rbrctl.graders.endpoint.usage import Budget, Prices
    from rbrctl.rewards.synthesis.cost import SynthesisCost


@dataclass(frozen=True, slots=True)
class Forecast:
    """One try of each completion, and all that are allowed."""

    completions: int
    kept: int
    attempts: int
    one_try: "SynthesisCost"
    all_tries: "SynthesisCost"
    writer: "Prices"
    grader: "Prices"

    def say(self, output: Output) -> None:
        """Say it on stderr."""
        there = f"{self.kept:,} are there already; " if self.kept else ""
        output.talk(
            f"{there}{self.completions:,} completions to write, up to {self.attempts} tries each"
        )
        for name, take in (("one try of each", self.one_try), ("all tries", self.all_tries)):
            graded = ""
            if take.grading.calls:
                graded = (
                    f"; to grade it {take.grading.calls:,} calls for "
                    f"{take.grading.answers:,} propositions, {take.grading.input_tokens:,} tokens"
                )
            cost = take.cost(self.writer, self.grader)
            money = "" if cost is None else f"; at most {cost:.4f}"
            output.talk(
                f"{name}: {take.writing.calls:,} calls to write, {take.writing.input_tokens:,} "
                f"tokens sent and up to {take.writing.output_tokens:,} back{graded}{money}"
            )

    def hold_against(self, budget: "Budget", output: Output) -> None:
        """Say where a limit is below what the run may take."""
        for option, most, one, every in (
            ("--max-calls", budget.calls, self.one_try.calls, self.all_tries.calls),
            ("--max-cost", budget.cost, self._cost(self.one_try), self._cost(self.all_tries)),
        ):
            if most is None or every <= most:
                continue
            what = "one try of each" if one > most else "all tries"
            output.warn(
                f"{option} {most:g} may not be enough for {what}: the run then stops, and goes on "
                "from there when it is run again"
            )

    def report(self, output: Output, format_: str, body: Mapping[str, Any]) -> None:
        """Report it as a table of its own, for a run that is not made."""
        from rbrctl.reports.tables import Column, Table

        columns = [Column("what", "what")]
        columns += [
            Column(key, key.replace("_", " "), numeric=True, decimals=4)
            for key in ("one_try", "all_tries")
        ]
        one, every = self._figures(self.one_try), self._figures(self.all_tries)
        rows = [[name.replace("_", " "), one[name], every[name]] for name in one]
        notes = ["Tokens are estimated from the bytes of the requests; those back are the most."]
        table = Table("estimate", "What this run would take", columns, rows, notes)
        whole = {
            "dry_run": True,
            "kept": self.kept,
            "completions": self.completions,
            "attempts": self.attempts,
            "one_try": one,
            "all_tries": every,
            **body,
        }
        report_tables(output, [table], format_, name="reward-synth", version=1, body=whole)

    def _cost(self, take: "SynthesisCost") -> float:
        return take.cost(self.writer, self.grader) or 0.0

    def _figures(self, take: "SynthesisCost") -> dict[str, float | int | None]:
        return {
            "writing_calls": take.writing.calls,
            "writing_tokens_sent": take.writing.input_tokens,
            "writing_tokens_back": take.writing.output_tokens,
            "grading_calls": take.grading.calls,
            "propositions": take.grading.answers,
            "grading_tokens_sent": take.grading.input_tokens,
            "grading_tokens_back": take.grading.output_tokens,
            "cost": take.cost(self.writer, self.grader),
        }
