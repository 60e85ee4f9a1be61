"""The losses by name."""

from enum import StrEnum


class LossKind(StrEnum):
    """What a pair loses by falling short of its margin."""

    HINGE = "hinge"
    LOGISTIC = "logistic"
