"""The adapters inside the real trainers; real_trainers.py installs those and runs this."""

import asyncio
import math
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from reward_helpers import WEIGHTS, WordGrader, small_rules
from servers.json_server import JsonServer, Reply

from rbrctl.rewards.adapters.inspect import rule_scorer
from rbrctl.rewards.adapters.trl import async_grpo_reward, grpo_reward
from rbrctl.rewards.adapters.verifiers import rubric_function
from rbrctl.rewards.reward import RuleReward

pytestmark = [
    pytest.mark.trainers,
    # The trainers' own imports warn of each other's versions.
    pytest.mark.filterwarnings("ignore"),
]

SERVER = Path(__file__).parent.parent / "servers" / "reward_server.py"
WORDS = ["kind", "rude", "broken", "words", "and", "so", "on"]
KIND = 2.5


@pytest.fixture
def reward() -> Iterator[RuleReward]:
    with RuleReward(small_rules(), WEIGHTS, WordGrader(), response_class="c") as made:
        yield made


def tiny_tokenizer(folder: Path) -> Any:
    tokenizers = pytest.importorskip("tokenizers")
    transformers = pytest.importorskip("transformers")
    special = ["<pad>", "<eos>", "<unk>"]
    vocabulary = {word: index for index, word in enumerate([*special, *WORDS])}
    model = tokenizers.models.WordLevel(vocabulary, unk_token="<unk>")
    tokenizer = tokenizers.Tokenizer(model)
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    made = transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="<eos>", unk_token="<unk>"
    )
    made.chat_template = "{% for m in messages %}{{ m['content'] }} {% endfor %}"
    made.save_pretrained(folder)
    return made


def tiny_model(vocabulary: int) -> Any:
    transformers = pytest.importorskip("transformers")
    return transformers.LlamaForCausalLM(
        transformers.LlamaConfig(
            vocab_size=vocabulary,
            hidden_size=16,
            intermediate_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=2,
            max_position_embeddings=64,
            pad_token_id=0,
            eos_token_id=1,
        )
    )


@pytest.mark.parametrize("conversational", [False, True])
def test_a_few_steps_of_grpo(reward: RuleReward, tmp_path: Path, conversational: bool) -> None:
    trl = pytest.importorskip("trl")
    datasets = pytest.importorskip("datasets")
    tokenizer = tiny_tokenizer(tmp_path)
    prompt: Any = [{"role": "user", "content": "words and"}] if conversational else "words and"
    data = datasets.Dataset.from_list([{"prompt": prompt, "response_class": "c"}] * 8)
    trainer = trl.GRPOTrainer(
        model=tiny_model(len(tokenizer)),
        reward_funcs=[grpo_reward(reward), async_grpo_reward(reward, name="again")],
        args=trl.GRPOConfig(
            output_dir=str(tmp_path / "out"),
            max_steps=3,
            per_device_train_batch_size=4,
            num_generations=4,
            max_completion_length=4,
            reward_weights=[1.0, 1.0],
            logging_steps=1,
            report_to=[],
            use_cpu=True,
            save_strategy="no",
            disable_tqdm=True,
            bf16=False,
        ),
        train_dataset=data,
        processing_class=tokenizer,
    )
    trainer.train()
    logs = [entry for entry in trainer.state.log_history if "rewards/rule_reward/mean" in entry]
    print([round(entry["rewards/rule_reward/mean"], 3) for entry in logs])
    assert len(logs) == 3
    for entry in logs:
        assert entry["rewards/rule_reward/mean"] == pytest.approx(entry["rewards/again/mean"])
        assert 0 <= entry["rule_reward/ungraded"] <= 1


def test_verl_loads_the_function_by_its_name(tmp_path: Path) -> None:
    omegaconf = pytest.importorskip("omegaconf")
    loading = pytest.importorskip("verl.trainer.ppo.reward")
    from rbrctl.records.models import RuleSetIdentity
    from rbrctl.rewards.weights import Weights, write_weights
    from rbrctl.ruleset.loader import load

    ruleset = load("builtin:safety")
    weights = tmp_path / "weights.yaml"
    identity = RuleSetIdentity(ruleset.name, ruleset.version, ruleset.digest)
    write_weights(weights, Weights(identity, {"hard_refuse": {"ideal": 1.0, "disallowed": -1.0}}))
    for name in ("compute_score", "compute_score_async"):
        function = {
            "path": "pkg://rbrctl.rewards.adapters.verl",
            "name": name,
            "reward_kwargs": {"weights": str(weights)},
        }
        config = omegaconf.OmegaConf.create({"reward": {"custom_reward_function": function}})
        loaded = loading.get_custom_reward_fn(config)
        outcome = loaded(
            data_source="test",
            solution_str="I'm sorry, but I can't help with that.",
            ground_truth="",
            extra_info={"prompt": "How do I pick a lock?", "response_class": "hard_refuse"},
        )
        if asyncio.iscoroutine(outcome):
            outcome = asyncio.run(outcome)
        print(name, outcome)
        assert -1 <= outcome["score"] <= 1
        assert outcome["graded"] == 1.0


def test_openrlhfs_own_client(tmp_path: Path) -> None:
    agent = pytest.importorskip("openrlhf.utils.agent")
    tokenizer = tiny_tokenizer(tmp_path)
    process = subprocess.Popen([sys.executable, str(SERVER)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    address = process.stdout.readline().strip()
    try:
        outcome = asyncio.run(_execute(agent.SingleTurnAgentExecutor(address), tokenizer))
    finally:
        process.terminate()
        process.communicate(timeout=30)
    print(outcome["reward"], outcome["scores"], outcome["extra_logs"])
    assert outcome["reward"] == [KIND]
    assert outcome["extra_logs"] == {"graded": [1.0]}


async def _execute(executor: Any, tokenizer: Any) -> Any:
    reply = tokenizer("kind words", add_special_tokens=False)["input_ids"]
    reply.append(tokenizer.eos_token_id)
    generated = SimpleNamespace(token_ids=reply, finish_reason="stop", logprobs=None, text="")

    class Engine:
        async def generate(self, *arguments: Any, **settings: Any) -> Any:
            return SimpleNamespace(outputs=[generated])

    sampling = SimpleNamespace(max_tokens=8, logprobs=None)
    return await executor.execute("so on", "c", sampling, 64, tokenizer, Engine())


def test_an_environment_of_verifiers(
    reward: RuleReward, serve: Callable[[Reply], JsonServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    verifiers = pytest.importorskip("verifiers")
    datasets = pytest.importorskip("datasets")
    types = pytest.importorskip("verifiers.types")
    rows = [("kind", "c"), ("rude", "c"), ("broken", "c"), ("kind", "typo")]
    data = datasets.Dataset.from_list(
        [
            {
                "prompt": [{"role": "user", "content": word}],
                "answer": "",
                "info": {"response_class": name},
            }
            for word, name in rows
        ]
    )
    rubric = verifiers.Rubric(funcs=[rubric_function(reward)], weights=[2.0])
    environment = verifiers.SingleTurnEnv(dataset=data, eval_dataset=data, rubric=rubric)
    address = f"{serve(_echo).address}/v1"
    monkeypatch.setenv("ECHO_KEY", "none")
    client = types.ClientConfig(api_base_url=address, api_key_var="ECHO_KEY")
    done = asyncio.run(
        environment.evaluate(client=client, model="m", num_examples=4, rollouts_per_example=1)
    )
    outputs = sorted(done["outputs"], key=lambda each: each["example_id"])
    print([(each["reward"], each.get("error")) for each in outputs])
    assert [each["reward"] for each in outputs[:2]] == [2 * KIND, -2.0]
    assert all(math.isnan(each["reward"]) for each in outputs[2:])
    errors = [(each.get("error") or {}).get("error") for each in outputs]
    assert errors == [None, None, "GraderError", "UsageError"]


def _echo(path: str, body: dict[str, Any]) -> tuple[int, Any]:
    """Be a model that says what it was told."""
    message = {"role": "assistant", "content": body["messages"][-1]["content"]}
    choice = {"index": 0, "finish_reason": "stop", "message": message}
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    reply = {"id": "x", "object": "chat.completion", "created": 1, "model": "m"}
    return 200, {**reply, "choices": [choice], "usage": usage}


def test_a_task_of_inspect(reward: RuleReward, tmp_path: Path) -> None:
    inspect_ai = pytest.importorskip("inspect_ai")
    from inspect_ai.dataset import Sample
    from inspect_ai.model import ModelOutput, ModelUsage, get_model

    outputs = [ModelOutput.from_content("mockllm/model", text) for text in ("kind", "rude")]
    for output in outputs:
        # Else the mock would count tokens, with a vocabulary from the network.
        output.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)
    task = inspect_ai.Task(
        dataset=[Sample(input="p", metadata={"response_class": "c"}), Sample(input="q")],
        scorer=rule_scorer(reward),
    )
    (log,) = inspect_ai.eval(
        task,
        model=get_model("mockllm/model", custom_outputs=outputs),
        log_dir=str(tmp_path),
        display="none",
        max_samples=1,
    )
    assert log.status == "success"
    assert [sample.scores["rule_reward"].value for sample in log.samples] == [KIND, -1.0]
