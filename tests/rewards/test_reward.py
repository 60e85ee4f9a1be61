import asyncio
import copy
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from reward_helpers import WEIGHTS, WordGrader, small_rules
from small_sets import HERE

from rbrctl.errors import RecordError, UsageError
from rbrctl.records.models import RuleSetIdentity
from rbrctl.rewards.reward import RuleReward
from rbrctl.rewards.weights import Weights
from rbrctl.ruleset.model import ResponseClass, RuleSet

KIND, RUDE, NEUTRAL = 2.5, -1.0, 0.0


@pytest.fixture
def grader() -> WordGrader:
    return WordGrader()


@pytest.fixture
def reward(grader: WordGrader) -> Iterator[RuleReward]:
    with RuleReward(small_rules(), WEIGHTS, grader) as made:
        yield made


def two_classes(second: dict[str, float]) -> tuple[RuleSet, Weights]:
    """Give the small rules with a class ``d`` beside ``c``, and weights for both."""
    rules = small_rules()
    named = {**rules.response_classes, "d": ResponseClass("d", HERE)}
    identity = RuleSetIdentity(rules.name, rules.version, rules.digest)
    weights = Weights(identity, {"c": WEIGHTS.classes["c"], "d": second})
    return replace(rules, response_classes=named), weights


def test_texts_and_messages_are_scored_alike(reward: RuleReward) -> None:
    prompts = ["hello", [{"role": "user", "content": "hello"}], "hello"]
    completions = ["kind words", [{"role": "assistant", "content": "rude words"}], "words"]
    assert reward(prompts, completions, "c") == [KIND, RUDE, NEUTRAL]
    assert reward(prompts, completions, ["c", "c", "c"]) == [KIND, RUDE, NEUTRAL]


def test_it_can_be_awaited_in_a_loop_of_the_callers(reward: RuleReward) -> None:
    async def main() -> list[float | None]:
        first, second = await asyncio.gather(
            reward.score(["p"], ["kind"], "c"), reward.score(["p"], ["rude"], "c")
        )
        return first + second

    assert asyncio.run(main()) == [KIND, RUDE]


def test_it_can_be_called_inside_a_running_loop(reward: RuleReward) -> None:
    async def main() -> list[float | None]:
        return reward(["p"], ["kind"], "c")

    assert asyncio.run(main()) == [KIND]


def test_what_could_not_be_graded_is_none_and_asked_again(
    reward: RuleReward, grader: WordGrader
) -> None:
    assert reward(["p", "p"], ["broken", "kind"], "c") == [None, KIND]
    assert reward(["p"], ["broken"], "c") == [None]
    assert grader.calls == ["broken", "kind", "broken"]


def test_the_same_completion_is_graded_once(reward: RuleReward, grader: WordGrader) -> None:
    assert reward(["p"] * 3, ["kind"] * 3, "c") == [KIND] * 3
    assert reward(["p"], ["kind"], "c") == [KIND]
    assert reward(["q"], ["kind"], "c") == [KIND]
    assert grader.calls == ["kind", "kind"]


def test_the_grader_is_not_given_more_at_once_than_it_takes() -> None:
    grader = WordGrader(delay=0.01, concurrency=3)
    with RuleReward(small_rules(), WEIGHTS, grader) as reward:
        reward(["p"] * 10, [f"kind {number}" for number in range(10)], "c")
    assert grader.most_running == 3


def test_the_memory_for_rewards_is_bounded(grader: WordGrader) -> None:
    with RuleReward(small_rules(), WEIGHTS, grader, cache_size=2) as reward:
        reward(["p"] * 3, ["a", "b", "c"], "c")
        reward(["p"] * 2, ["c", "a"], "c")
    assert grader.calls == ["a", "b", "c", "a"]


def test_a_class_for_all_can_be_given_at_the_start(grader: WordGrader) -> None:
    with RuleReward(small_rules(), WEIGHTS, grader, response_class="c") as reward:
        assert reward(["p"], ["kind"]) == [KIND]


def test_many_threads_may_call_it(reward: RuleReward) -> None:
    outcomes: list[list[float | None]] = []

    def work() -> None:
        outcomes.append(reward(["p"] * 5, ["kind", "rude", "x", "kind", "rude"], "c"))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == [[KIND, RUDE, NEUTRAL, KIND, RUDE]] * 8


def test_a_missing_or_unknown_class_is_an_error_of_the_users(reward: RuleReward) -> None:
    with pytest.raises(UsageError, match="without a response class"):
        reward(["p"], ["kind"])
    with pytest.raises(UsageError, match="there is no response class 'd'"):
        reward(["p"], ["kind"], "d")


def test_lists_of_different_lengths_are_refused(reward: RuleReward) -> None:
    with pytest.raises(UsageError, match="must be of one length"):
        reward(["p"], ["kind", "rude"], "c")


@pytest.mark.parametrize("completion", [[], [{"role": "assistant"}], 7])
def test_a_completion_that_is_no_conversation_is_refused(
    reward: RuleReward, completion: object
) -> None:
    with pytest.raises((RecordError, TypeError)):
        reward(["p"], [completion], "c")  # type: ignore[list-item]


@pytest.mark.parametrize("role", ["model", "gpt", "Assistant", "user", "tool"])
def test_a_completion_in_which_the_assistant_says_nothing_is_refused(
    reward: RuleReward, role: str
) -> None:
    with pytest.raises(RecordError) as raised:
        reward(["p"], [[{"role": role, "content": "kind"}]], "c")
    expected = f"completion has no message of the assistant; its roles are {role}"
    assert str(raised.value) == expected


def test_thinking_is_not_judged_unless_it_is_asked_for(grader: WordGrader) -> None:
    thinking = "<think>Should I be rude ?</think>\n\nkind words"
    messages = [{"role": "assistant", "content": thinking}]
    with RuleReward(small_rules(), WEIGHTS, grader, response_class="c") as reward:
        assert reward(["p", "q"], [thinking, messages]) == [KIND, KIND]
    with RuleReward(small_rules(), WEIGHTS, grader, response_class="c", reasoning="keep") as reward:
        assert reward(["p"], [thinking]) == [1.0]
    assert grader.calls == ["kind words", "kind words", thinking]


def test_a_completion_that_ends_inside_its_thinking_has_no_reward(
    reward: RuleReward, grader: WordGrader
) -> None:
    prompts = ["p", "p", "written out<think>\n"]
    completions = ["<think>kind", "kind", "kind"]
    assert reward(prompts, completions, "c") == [None, KIND, None]
    assert grader.calls == ["kind"]


def test_another_word_for_what_becomes_of_thinking_is_refused(grader: WordGrader) -> None:
    with pytest.raises(UsageError, match='must be drop or keep, not "hide"'):
        RuleReward(small_rules(), WEIGHTS, grader, reasoning="hide")


def test_the_same_completion_under_another_class_is_another_reward() -> None:
    both, weights = two_classes({"kind": -7.0})
    with RuleReward(both, weights, WordGrader()) as reward:
        assert reward(["p"] * 3, ["kind"] * 3, ["c", "d", "c"]) == [KIND, -7.0, KIND]


def test_the_parts_of_a_reward_can_be_seen(reward: RuleReward) -> None:
    (scored,) = reward.rewards_now([reward.job("p", "kind", "c", rm_score=1.0)])
    assert scored is not None
    assert (scored.total, scored.rules, scored.rm_score) == (KIND + 1, KIND, 1.0)
    assert scored.features == {"kind": 1.0, "rude": 0.0, "good": 1.0}
    assert scored.rank == "good"


def test_closing_closes_the_grader(grader: WordGrader) -> None:
    with RuleReward(small_rules(), WEIGHTS, grader):
        pass
    assert grader.closed


class Ignorant(WordGrader):
    question_digests = {"kind": "1"}  # noqa: RUF012


def test_a_grader_that_can_grade_no_class_is_refused() -> None:
    grader = Ignorant()
    with pytest.raises(UsageError) as raised:
        RuleReward(small_rules(), WEIGHTS, grader)
    assert str(raised.value) == (
        "no completion of c can be graded: the grader cannot answer rude; the embedded one answers "
        "those with cues, and those that its model was trained on"
    )
    assert grader.closed


def test_a_class_that_cannot_be_graded_is_warned_of() -> None:
    rules, weights = two_classes({"kind": 1.0})
    with pytest.warns(UserWarning, match="no completion of c can be graded: .* answer rude"):
        reward = RuleReward(rules, weights, Ignorant())
    with reward:
        assert reward(["p"] * 2, ["kind"] * 2, ["c", "d"]) == [None, 1.0]
    with pytest.raises(UsageError, match="no completion of c can be graded"):
        RuleReward(rules, weights, Ignorant(), response_class="c")


def test_pickling_says_what_to_do_instead(reward: RuleReward) -> None:
    for copied in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError, match=r"make its own with RuleReward\.load"):
            copied(reward)


def test_closing_again_does_nothing_and_using_it_then_is_an_error(grader: WordGrader) -> None:
    reward = RuleReward(small_rules(), WEIGHTS, grader)
    reward.close()
    reward.close()
    with pytest.raises(UsageError, match="this reward is closed"):
        reward(["p"], ["kind"], "c")


FORKED = """
import os, sys
sys.path.insert(0, sys.argv[1])
from reward_helpers import WEIGHTS, WordGrader, small_rules
from rbrctl.errors import UsageError
from rbrctl.rewards.reward import RuleReward

reward = RuleReward(small_rules(), WEIGHTS, WordGrader())
child = os.fork()
if child == 0:
    try:
        reward(["p"], ["kind"], "c")
    except UsageError as error:
        print(error, flush=True)
    reward.close()
    os._exit(0)
os.waitpid(child, 0)
print(reward(["p"], ["kind"], "c"))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_a_forked_process_is_told_to_make_its_own() -> None:
    helpers = str(Path(__file__).parent.parent)
    command = [sys.executable, "-W", "ignore", "-c", FORKED, helpers]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    first, second = done.stdout.splitlines()
    assert first == "this reward was made before the process forked: make one in each process"
    assert second == "[2.5]"
