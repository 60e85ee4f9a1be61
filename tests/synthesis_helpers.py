"""A writer that follows a script, and runs over the small rule set."""

import asyncio
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from reward_helpers import WordGrader, small_rules

from rbrctl.errors import BudgetSpentError, GraderError
from rbrctl.records.models import Result, Transcript
from rbrctl.records.problems import ProblemLog
from rbrctl.rewards.synthesis.assignment import assignments
from rbrctl.rewards.synthesis.checker import Checker
from rbrctl.rewards.synthesis.prompts import read_prompts
from rbrctl.rewards.synthesis.run import Summary, SynthesisRun
from rbrctl.rewards.synthesis.store import CompletionStore
from rbrctl.rewards.synthesis.targets import Plan, Targets
from rbrctl.rewards.synthesis.writer import NoReplyError, WritingError
from rbrctl.ruleset.verdict import Judge

RULES = replace(small_rules(), digest="1" * 32)


class ScriptedWriter:
    """Writes what a script says, by the rules that are to be broken; the last entry for ever."""

    def __init__(self, script: Mapping[str, Sequence[str]]) -> None:
        self.script = {key: list(texts) for key, texts in script.items()}
        self.asked: list[str] = []

    async def write(self, messages: Sequence[Mapping[str, str]]) -> str:
        request = messages[-1]["content"]
        self.asked.append(request)
        key = "described" if "The message to write" in request else "ideal"
        key = "poor" if "breaks" in request else key
        texts = self.script[key]
        text = texts.pop(0) if len(texts) > 1 else texts[0]
        await asyncio.sleep(0)
        if text in ("fail", "none", "stop", "spent"):
            raise {
                "fail": WritingError("the model said nothing"),
                "none": NoReplyError("status 400: flagged"),
                "stop": GraderError("the key is wrong"),
                "spent": BudgetSpentError("stopped after 1 calls"),
            }[text]
        return text


def prompts(*texts: str) -> list[Transcript]:
    lines = [json.dumps({"id": text, "prompt": text, "response_class": "c"}) for text in texts]
    problems = ProblemLog()
    found = read_prompts(io.BytesIO("\n".join(lines).encode()), RULES, problems, "x")
    assert problems.count == 0
    return found


@dataclass
class Ran:
    """What a run did."""

    summary: Summary = field(default_factory=Summary)
    kept: list[Transcript] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    """The requests to the writer."""
    error: GraderError | None = None


def run(
    path: Path,
    script: Mapping[str, Sequence[str]],
    plan: Plan,
    attempts: int = 3,
    texts: Sequence[str] = ("p",),
    grader: WordGrader | None = None,
) -> Ran:
    """Run once over the store at a path, as a process of its own would."""
    judge = Judge(RULES)
    writer, ran = ScriptedWriter(script), Ran()
    work = assignments(prompts(*texts), Targets(judge), plan, 0)
    with CompletionStore(str(path), judge.ruleset) as store:
        store.check(work)
        checker = Checker(judge, grader or WordGrader())
        running = SynthesisRun(judge.ruleset, writer, checker, store, attempts, 2)
        left = [each for each in work if each.id not in store.kept]
        try:
            asyncio.run(running.run(left, lambda _, result: ran.results.append(result)))
        except GraderError as error:
            ran.error = error
        ran.kept = list(store.kept.values())
    ran.summary, ran.asked = running.summary, writer.asked
    return ran
