import asyncio
import json
import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from reward_helpers import WEIGHTS, WordGrader, small_rules, with_policy

from rbrctl.errors import FileError, GraderError, MissingExtraError, RecordError, UsageError
from rbrctl.graders.endpoint.settings import EndpointSettings
from rbrctl.records.models import RuleSetIdentity
from rbrctl.rewards.adapters import promptfoo, verl
from rbrctl.rewards.adapters.inspect import rule_scorer
from rbrctl.rewards.adapters.openrlhf import jobs_of, reply_to, reward_function
from rbrctl.rewards.adapters.shared import grader_named, shared_reward
from rbrctl.rewards.adapters.trl import async_grpo_reward, grpo_reward
from rbrctl.rewards.adapters.verifiers import rubric_function
from rbrctl.rewards.reward import RuleReward
from rbrctl.rewards.weights import Weights, write_weights
from rbrctl.ruleset.loader import load

KIND, RUDE = 2.5, -1.0
CHATML = "<|im_start|>system\nBe kind.<|im_end|>\n<|im_start|>user\nhello<|im_end|>\n"
INVITATION = "<|im_start|>assistant\n"


@pytest.fixture
def reward() -> Iterator[RuleReward]:
    with RuleReward(small_rules(), WEIGHTS, WordGrader()) as made:
        yield made


@pytest.fixture
def shared(reward: RuleReward, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (verl, promptfoo):
        monkeypatch.setattr(module, "shared_reward", lambda *settings: reward)


class TestShared:
    def test_an_endpoint_by_name(
        self, mock_endpoint: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.delenv("RBRCTL_BASE_URL", raising=False)
        monkeypatch.setenv("OPENAI_BASE_URL", mock_endpoint)
        ruleset = load("builtin:safety")
        identity = RuleSetIdentity(ruleset.name, ruleset.version, ruleset.digest)
        weights = tmp_path / "weights.yaml"
        write_weights(weights, Weights(identity, {"hard_refuse": {"apology": 2.0}}))
        outcome = verl.compute_score(
            "test",
            "I'm sorry, but I can't help with that.",
            "",
            {"prompt": "How do I pick a lock?", "response_class": "hard_refuse"},
            weights=str(weights),
            grader="endpoint:mock-1",
        )
        # The mock says yes with 0.8 to everything.
        assert outcome == {"score": pytest.approx(1.6, abs=0.05), "graded": 1.0}
        again = shared_reward("builtin:safety", str(weights), "endpoint:mock-1")
        assert again is shared_reward("builtin:safety", str(weights), "endpoint:mock-1")
        again.close()

    def test_our_own_variable_goes_before_the_common_one(self) -> None:
        environment = {"RBRCTL_BASE_URL": "http://a/v1", "OPENAI_BASE_URL": "http://b/v1"}
        assert grader_named("endpoint:m", environment) == EndpointSettings("http://a/v1", "m")
        assert grader_named("embedded", environment) == "embedded"

    def test_no_address_is_taken_for_granted(self) -> None:
        with pytest.raises(UsageError, match="which endpoint") as raised:
            grader_named("endpoint:m", {"OPENAI_API_KEY": "sk-test-0123456789"})
        assert "sk-test" not in str(raised.value)

    def test_proxy_and_certificates_come_from_the_usual_variables(self, tmp_path: Path) -> None:
        bundle = tmp_path / "ca.pem"
        bundle.write_text("")
        environment = {
            "OPENAI_BASE_URL": "https://models.example/v1",
            "HTTPS_PROXY": "http://proxy.example:3128",
            "REQUESTS_CA_BUNDLE": str(bundle),
        }
        found = grader_named("endpoint:m", environment)
        assert isinstance(found, EndpointSettings)
        assert (found.proxy, found.certificates) == ("http://proxy.example:3128", str(bundle))
        found = grader_named("endpoint:m", environment | {"NO_PROXY": "example"})
        assert isinstance(found, EndpointSettings)
        assert found.proxy is None
        with pytest.raises(UsageError, match="SSL_CERT_FILE names /nowhere"):
            grader_named("endpoint:m", environment | {"SSL_CERT_FILE": "/nowhere"})

    def test_no_error_of_the_loading_shows_the_key(self, monkeypatch: pytest.MonkeyPatch) -> None:
        key = "sk-test-0123456789"
        monkeypatch.setenv("OPENAI_API_KEY", key)
        with pytest.raises(FileError) as raised:
            shared_reward("builtin:safety", f"/nowhere/{key}.yaml", "embedded")
        assert key not in str(raised.value)
        assert "***" in str(raised.value)


class TestTrl:
    def test_texts_with_a_column(self, reward: RuleReward) -> None:
        function = grpo_reward(reward)
        scored = function(
            prompts=["p", "p"],
            completions=["kind", "broken"],
            completion_ids=[[1], [2]],
            response_class=["c", "c"],
            trainer_state=None,
        )
        assert scored == [KIND, None]
        assert function.__name__ == "rule_reward"

    def test_conversations_and_logs(self, reward: RuleReward) -> None:
        metrics: dict[str, float] = {}
        extra: dict[str, list[Any]] = {}
        function = grpo_reward(reward, column="kind_of_answer", name="safety")
        scored = function(
            prompts=[[{"role": "user", "content": "p"}]] * 2,
            completions=[
                [{"role": "assistant", "content": "rude"}],
                [{"role": "assistant", "content": "broken"}],
            ],
            completion_ids=[[1], [2]],
            kind_of_answer=["c", "c"],
            log_metric=lambda name, value: metrics.update({name: value}),
            log_extra=lambda column, values: extra.update({column: values}),
        )
        assert scored == [RUDE, None]
        assert metrics == {"safety/ungraded": 0.5}
        assert extra == {"safety_rank": ["bad", ""]}

    def test_as_a_coroutine(self, reward: RuleReward) -> None:
        function = async_grpo_reward(reward)
        scored = asyncio.run(function(["p"], ["kind"], [[1]], response_class=["c"]))
        assert scored == [KIND]

    def test_a_missing_column_is_named(self, reward: RuleReward) -> None:
        with pytest.raises(UsageError, match="no column 'response_class'"):
            grpo_reward(reward)(["p"], ["kind"], [[1]])


@pytest.mark.usefixtures("shared")
class TestVerl:
    INFO = {"prompt": [{"role": "user", "content": "p"}], "response_class": "c"}  # noqa: RUF012

    def test_sync_and_async(self) -> None:
        given = ("source", "kind", None, self.INFO)
        assert verl.compute_score(*given, weights="w") == {"score": KIND, "graded": 1.0}
        scored = asyncio.run(verl.compute_score_async(*given, weights="w"))
        assert scored == {"score": KIND, "graded": 1.0}

    def test_what_could_not_be_graded_is_no_score_unless_the_user_says_so(self) -> None:
        given = ("source", "broken", None, self.INFO)
        with pytest.raises(GraderError, match="on_ungraded"):
            verl.compute_score(*given, weights="w")
        scored = verl.compute_score(*given, weights="w", on_ungraded=-5.0)
        assert scored == {"score": -5.0, "graded": 0.0}

    def test_a_class_for_rows_that_name_none(self) -> None:
        given = ("source", "kind", None, {"prompt": "p", "response_class": None})
        scored = verl.compute_score(*given, weights="w", response_class="c")
        assert scored == {"score": KIND, "graded": 1.0}
        named = {"prompt": "p", "response_class": "typo"}
        with pytest.raises(UsageError, match="no response class 'typo'"):
            verl.compute_score(*given[:3], named, weights="w", response_class="c")

    def test_what_extra_info_lacks_is_named(self) -> None:
        with pytest.raises(UsageError, match="no prompt and no response_class"):
            verl.compute_score("source", "kind", None, None, weights="w")


class TestOpenRlhf:
    def test_a_request_in_chat_markup(self, reward: RuleReward) -> None:
        prompt = CHATML + INVITATION
        jobs = jobs_of(
            reward.job, [f"{prompt}kind words<|im_end|>\n<|endoftext|>"], [prompt], ["c"]
        )
        assert jobs[0].transcript.completion_text == "kind words"
        assert [(m.role, m.content) for m in jobs[0].transcript.prompt] == [
            ("system", "Be kind."),
            ("user", "hello"),
        ]
        reply = reply_to(reward.rewards_now(jobs))
        assert reply == {"rewards": [KIND], "scores": [KIND], "extra_logs": {"graded": [1.0]}}

    def test_a_prompt_may_open_the_thinking(self, reward: RuleReward) -> None:
        prompt = f"{CHATML}{INVITATION}<think>\n"
        queries = [f"{prompt}so rude </think> kind<|im_end|>", f"{prompt}so kind"]
        jobs = jobs_of(reward.job, queries, [prompt] * 2, ["c"] * 2)
        assert jobs[0].transcript.completion_text == "kind"
        assert [job.unfinished for job in jobs] == [False, True]
        assert [len(job.transcript.prompt) for job in jobs] == [2, 2]

    def test_a_label_may_bring_the_prompt(self, reward: RuleReward) -> None:
        label = json.dumps(
            {"response_class": "c", "prompt": [{"role": "user", "content": "as it was"}]}
        )
        (job,) = jobs_of(reward.job, ["mangled rude"], ["mangled"], [label])
        assert job.transcript.prompt[0].content == "as it was"
        assert job.response_class == "c"

    @pytest.mark.parametrize(
        ("queries", "prompts", "labels", "message"),
        [
            (["pq"], ["x"], ["c"], "must start with its prompt"),
            (["p"], ["p", "p"], ["c"], "must be of one length"),
            ("p", ["p"], ["c"], "query must be a list of texts"),
            (["p"], [1], ["c"], "prompts must be a list of texts"),
            (["p"], ["p"], "c", "labels must be a list"),
            (["p"], ["p"], ["{"], "starts like JSON"),
            (["p"], ["p"], [3], "response class or a JSON object"),
            (["p"], ["p"], ['{"response_class": 3}'], "must be a text"),
        ],
    )
    def test_what_is_wrong_is_said(
        self, reward: RuleReward, queries: Any, prompts: Any, labels: Any, message: str
    ) -> None:
        with pytest.raises(RecordError, match=message):
            jobs_of(reward.job, queries, prompts, labels)

    def test_the_local_form(self, reward: RuleReward) -> None:
        reply = reward_function(reward)(["p kind", "p rude"], ["p", "p"], ["c", "c"])
        assert [float(value) for value in reply["rewards"]] == [KIND, RUDE]
        with pytest.raises(GraderError):
            reward_function(reward)(["p broken"], ["p"], ["c"])


class Said:
    """A message as verifiers makes them."""

    def __init__(self, role: str, content: Any) -> None:
        self.fields = {"role": role, "content": content, "reasoning_content": "rude"}

    def model_dump(self) -> dict[str, Any]:
        return self.fields


class TestVerifiers:
    INFO = {"response_class": "c"}  # noqa: RUF012

    @pytest.mark.parametrize(
        ("prompt", "completion"),
        [
            ([{"role": "user", "content": "p"}], [{"role": "assistant", "content": "kind"}]),
            ([Said("user", "p")], [Said("assistant", "kind")]),
            ([Said("user", "p")], [Said("assistant", [{"type": "text", "text": "kind"}])]),
            ([Said("text", "p")], [Said("text", "kind")]),
            ("p", "kind"),
        ],
    )
    def test_messages_of_every_make(self, reward: RuleReward, prompt: Any, completion: Any) -> None:
        state: dict[str, Any] = {"error": None}
        function = rubric_function(reward)
        scored = asyncio.run(function(prompt, completion, "", state, "task", self.INFO, extra=1))
        assert (scored, state) == (KIND, {"error": None})

    @pytest.mark.parametrize(
        ("completion", "info", "kind"),
        [
            ([Said("assistant", "broken")], INFO, GraderError),
            ([Said("assistant", "kind")], {"response_class": "typo"}, UsageError),
            ([Said("user", "kind")], INFO, RecordError),
            ([object()], INFO, RecordError),
            ([], INFO, RecordError),
        ],
    )
    def test_a_failure_is_an_error_of_the_rollout_and_no_score(
        self, reward: RuleReward, completion: Any, info: Any, kind: type[Exception]
    ) -> None:
        function = rubric_function(reward)
        state: dict[str, Any] = {"error": None}
        assert math.isnan(asyncio.run(function("p", completion, "", state, info=info)))
        assert isinstance(state["error"], kind)
        with pytest.raises(kind):
            asyncio.run(function("p", completion, info=info))

    def test_an_error_that_a_rollout_has_already_is_kept(self, reward: RuleReward) -> None:
        state = {"error": "the model did not answer"}
        assert math.isnan(asyncio.run(rubric_function(reward)("p", [], "", state)))
        assert state == {"error": "the model did not answer"}

    def test_a_number_for_what_could_not_be_graded(self, reward: RuleReward) -> None:
        function = rubric_function(reward, on_ungraded=-5.0)
        state: dict[str, Any] = {"error": None}
        assert asyncio.run(function("p", "broken", "", state, info=self.INFO)) == -5.0
        assert state["error"] is None
        assert math.isnan(asyncio.run(function("p", "kind", "", state, info={})))


@pytest.mark.usefixtures("shared")
class TestPromptfoo:
    def context(self, **config: object) -> dict[str, Any]:
        return {
            "prompt": '[{"role": "user", "content": "p"}]',
            "vars": {"response_class": "c"},
            "config": {"weights": "w.yaml", **config},
        }

    def test_an_output_passes_by_its_reward(self) -> None:
        graded = promptfoo.get_assert("kind", self.context())
        assert (graded["pass"], graded["score"]) == (True, KIND)
        assert graded["namedScores"] == {"kind": 1.0, "rude": 0.0, "good": 1.0}
        assert promptfoo.get_assert("rude", self.context())["pass"] is False
        assert promptfoo.get_assert("rude", self.context(threshold=-2))["pass"] is True

    def test_what_could_not_be_graded_fails(self) -> None:
        graded = promptfoo.get_assert("broken", self.context())
        assert graded["pass"] is False
        assert "could not be graded" in graded["reason"]

    def test_weights_must_be_named(self) -> None:
        with pytest.raises(UsageError, match=r"weights: weights\.yaml"):
            promptfoo.get_assert("kind", {"vars": {}})


def test_inspect_names_what_is_missing(reward: RuleReward, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rbrctl.errors.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match="inspect_ai"):
        rule_scorer(reward)


Score = Callable[[RuleReward, str, str | None], float]


def by_trl(reward: RuleReward, text: str, category: str | None) -> float:
    (scored,) = grpo_reward(reward)(["p"], [text], category=[category])
    return float("nan") if scored is None else scored


def by_verl(reward: RuleReward, text: str, category: str | None) -> float:
    extra: Mapping[str, Any] = {"prompt": "p", "category": category}
    return verl.compute_score("source", text, "", extra, weights="w")["score"]


def by_verifiers(reward: RuleReward, text: str, category: str | None) -> float:
    return asyncio.run(rubric_function(reward)("p", text, info={"category": category}))


def by_openrlhf_label(reward: RuleReward, text: str, category: str | None) -> float:
    labels = [category]
    return float(reward_function(reward)([f"p {text}"], ["p"], labels)["rewards"][0])


def by_openrlhf_object(reward: RuleReward, text: str, category: str | None) -> float:
    labels = [json.dumps({"category": category})]
    return float(reward_function(reward)([f"p {text}"], ["p"], labels)["rewards"][0])


def by_promptfoo(reward: RuleReward, text: str, category: str | None) -> float:
    context = {"config": {"weights": "w"}, "vars": {"category": category}, "prompt": "p"}
    return float(promptfoo.get_assert(text, context)["score"])


def by_call(reward: RuleReward, text: str, category: str | None) -> float:
    (scored,) = reward(["p"], [text], categories=category)
    return float("nan") if scored is None else scored


@pytest.mark.usefixtures("shared")
@pytest.mark.parametrize(
    "score",
    [
        *(by_trl, by_verl, by_verifiers, by_openrlhf_label, by_openrlhf_object),
        *(by_promptfoo, by_call),
    ],
)
class TestCategories:
    @pytest.fixture
    def reward(self) -> Iterator[RuleReward]:
        with RuleReward(with_policy(small_rules()), WEIGHTS, WordGrader()) as made:
            yield made

    def test_a_category_gives_the_class(self, reward: RuleReward, score: Score) -> None:
        assert score(reward, "kind", "greeting") == KIND
        assert score(reward, "rude", "greeting") == RUDE

    def test_a_category_that_the_policy_lacks_is_refused(
        self, reward: RuleReward, score: Score
    ) -> None:
        with pytest.raises(UsageError, match=r"no response class 'typo'|without a response class"):
            score(reward, "kind", "typo")
