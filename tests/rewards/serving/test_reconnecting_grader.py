"""A grader that stops, and is opened again."""

import asyncio
from collections.abc import Collection, Mapping

import pytest
from reward_helpers import WordGrader

from rbrctl.errors import BudgetSpentError, GraderError
from rbrctl.graders.interface import Grader
from rbrctl.records.models import Answer, Transcript
from rbrctl.records.transcripts import make_transcript
from rbrctl.rewards.serving.reconnecting_grader import ReconnectingGrader

KIND = make_transcript("p", "kind")
BROKEN = make_transcript("p", "broken")


class Dying(WordGrader):
    """Raises what it was made with."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    async def answer(
        self, transcript: Transcript, propositions: Collection[str]
    ) -> Mapping[str, Answer]:
        await asyncio.sleep(0)
        raise self.error


async def until(keeper: ReconnectingGrader, stopped: bool) -> None:
    async with asyncio.timeout(30):
        while keeper.stopped is not stopped:
            await asyncio.sleep(0.001)


def test_it_is_opened_again_until_it_answers() -> None:
    said: list[str] = []
    opened: list[Grader | GraderError] = [GraderError("wrong key"), WordGrader()]
    dying = Dying(GraderError("the endpoint does not take the key"))

    async def open_grader() -> Grader:
        following = opened.pop(0)
        if isinstance(following, GraderError):
            raise following
        return following

    async def main() -> None:
        keeper = ReconnectingGrader(dying, open_grader, said.append, first_pause=0.001)
        with pytest.raises(GraderError, match="does not take the key"):
            await keeper.answer(KIND, ["kind"])
        assert keeper.stopped
        with pytest.raises(GraderError, match="does not take the key"):
            await keeper.answer(KIND, ["kind"])
        await until(keeper, stopped=False)
        assert (await keeper.answer(KIND, ["kind"]))["kind"].probability == 1.0
        await keeper.close()

    asyncio.run(main())
    assert dying.closed
    assert [line.split(":")[0] for line in said] == [
        "the grader has stopped, and is opened again",
        "the grader could not be opened, again in 0.002 s",
        "the grader answers again",
    ]


def test_questions_under_way_when_it_stops_say_why_and_open_it_once() -> None:
    said: list[str] = []
    dying = Dying(GraderError("gone"))

    async def open_grader() -> Grader:
        return WordGrader()

    async def main() -> list[object]:
        keeper = ReconnectingGrader(dying, open_grader, said.append, first_pause=0.001)
        asked = [keeper.answer(KIND, ["kind"]) for _ in range(5)]
        outcomes = await asyncio.gather(*asked, return_exceptions=True)
        await until(keeper, stopped=False)
        await keeper.close()
        return list(outcomes)

    assert [str(each) for each in asyncio.run(main())] == ["gone"] * 5
    assert len(said) == 2


def test_a_budget_that_is_spent_stays_so() -> None:
    said: list[str] = []

    async def open_grader() -> Grader:
        raise AssertionError("its limit is the user's")

    async def main() -> None:
        keeper = ReconnectingGrader(
            Dying(BudgetSpentError("--max-calls 1")), open_grader, said.append
        )
        for _ in range(2):
            with pytest.raises(GraderError, match="max-calls"):
                await keeper.answer(KIND, ["kind"])
        assert keeper.stopped
        await keeper.close()

    asyncio.run(main())
    assert said == ["the grader has stopped for good: --max-calls 1"]


def test_answers_that_fail_are_said_but_not_each() -> None:
    said: list[str] = []

    async def open_grader() -> Grader:
        return WordGrader()

    async def main() -> None:
        keeper = ReconnectingGrader(WordGrader(), open_grader, said.append)
        for transcript in (KIND, BROKEN, BROKEN, KIND):
            await keeper.answer(transcript, ["kind", "rude"])
        await keeper.close()

    asyncio.run(main())
    assert said == ["2 answers failed; the last: no reply"]


def test_a_fault_of_a_grader_that_goes_on_is_passed_on() -> None:
    async def open_grader() -> Grader:
        return WordGrader()

    async def main() -> None:
        keeper = ReconnectingGrader(Dying(ZeroDivisionError()), open_grader, print)
        with pytest.raises(ZeroDivisionError):
            await keeper.answer(KIND, ["kind"])
        assert not keeper.stopped
        await keeper.close()

    asyncio.run(main())
