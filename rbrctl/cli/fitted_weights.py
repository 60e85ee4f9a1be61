"""What is said where weights meet rows: what they were fitted on, and beside what."""

from typing import TYPE_CHECKING

from rbrctl.cli.output import Output
from rbrctl.cli.reward_model import say_scores
from rbrctl.cli.rewards import Gathered
from rbrctl.wording import counted

if TYPE_CHECKING:
    from rbrctl.rewards.weights import Weights


def say_where_fitted(output: Output, weights: "Weights", gathered: Gathered) -> None:
    """Warn where the grader or the reward model is not the one of the fit."""
    _say_other_grader(output, weights, gathered)
    _say_other_reward_model(output, weights, gathered)


def _say_other_grader(output: Output, weights: "Weights", gathered: Gathered) -> None:
    """Warn where the answers are not of the grader that the weights were fitted on."""
    graders = {(result.grader.kind, result.grader.model) for result in gathered.results}
    if weights.grader is None or graders == {(weights.grader.kind, weights.grader.model)}:
        return
    fitted = " ".join(filter(None, (weights.grader.kind, weights.grader.model)))
    output.warn(f"the weights were fitted on answers of another grader: {fitted}")


def _say_other_reward_model(output: Output, weights: "Weights", gathered: Gathered) -> None:
    """Warn where a reward model took part in the fit and not here, or the other way round."""
    fitted, here = weights.fit.get("reward_model"), gathered.reward_model
    if not here:
        say_scores(output, 0, 0, weights)
    elif fitted is False:
        output.warn(
            "the weights were fitted without a reward model, and here there are its scores: its "
            "scale and theirs may have nothing in common"
        )
    elif isinstance(fitted, str) and isinstance(here, str) and fitted != here:
        output.warn(f"the weights were fitted beside another reward model: {fitted}")


def say_training_data(output: Output, weights: "Weights", gathered: Gathered) -> tuple[int, int]:
    """Count the prompts that the weights were fitted on, and all; warn where there are any."""
    from rbrctl.rewards.fitting.prompt_marks import fitted_on

    classes = gathered.comparisons.classes.values()
    prompts = {digest for data in classes for digest in data.prompt_digests}
    seen = fitted_on(weights.fit, prompts)
    if seen:
        output.warn(
            f"the weights were fitted on {seen:,} of these {counted(len(prompts), 'prompt')}: what "
            "the reward is worth on others is what 'rbrctl reward fit' says of held-out prompts"
        )
    return seen, len(prompts)
