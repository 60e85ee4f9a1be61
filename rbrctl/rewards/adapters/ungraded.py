"""What to tell a trainer that must have a number for a completion that could not be graded."""

from rbrctl.errors import GraderError
from rbrctl.rewards.function import Reward


def number_of(reward: Reward | None, on_ungraded: float | None) -> float:
    """
    Give the reward, or the number that the user chose for what could not be graded.

    Raises GraderError where the user chose none: a failure never becomes a score by itself.
    """
    if reward is not None:
        return reward.total
    if on_ungraded is None:
        raise GraderError(
            "a completion could not be graded, and this trainer needs a number for each: give one "
            "as on_ungraded to go on regardless"
        )
    return on_ungraded
