"""Orderings: which labels beat which, and by what margin."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rbrctl.errors import UsageError
from rbrctl.wording import did_you_mean

CHOSEN, REJECTED = "chosen", "rejected"
DEFAULT_MARGIN = 1.0
MAX_FILE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Ordering:
    """Labels, and the margins by which some labels should beat others."""

    labels: tuple[str, ...]
    margins: Mapping[tuple[str, str], float]
    """(better, worse) -> margin in reward; a pair of labels that is absent is not compared."""

    @property
    def best(self) -> frozenset[str]:
        """The labels that no other label beats."""
        beaten = {worse for _, worse in self.margins}
        return frozenset(label for label in self.labels if label not in beaten)


def rank_ordering(
    ranks: Sequence[str], margin: float = DEFAULT_MARGIN, levels: Mapping[str, float] | None = None
) -> Ordering:
    """
    Return the ordering of ranks, which are given best first.

    Every better rank should win by ``margin``, or, if there are ``levels``, by the difference of
    the two levels. Raises UsageError for levels that do not name every rank, or that do not
    decrease from each rank to the next worse one.
    """
    _check_margin(margin)
    if levels:
        _check_levels(ranks, levels)
    margins = {
        (better, worse): levels[better] - levels[worse] if levels else margin
        for position, better in enumerate(ranks)
        for worse in ranks[position + 1 :]
    }
    return Ordering(tuple(ranks), margins)


def preference_ordering(margin: float = DEFAULT_MARGIN) -> Ordering:
    """Return the ordering in which the chosen completion beats the rejected one."""
    _check_margin(margin)
    return Ordering((CHOSEN, REJECTED), {(CHOSEN, REJECTED): margin})


def table_ordering(
    beats: Mapping[str, Sequence[str]],
    margin: float = DEFAULT_MARGIN,
    levels: Mapping[str, float] | None = None,
) -> Ordering:
    """
    Return the ordering of a table that maps each label to the labels that it beats.

    Raises UsageError if two labels beat each other, directly or through others.
    """
    _check_margin(margin)
    labels = tuple(dict.fromkeys([*beats, *(worse for each in beats.values() for worse in each)]))
    cycle = _cycle(beats)
    if cycle:
        raise UsageError(
            f"the orderings contradict each other: {' beats '.join(cycle)}; remove one of these"
        )
    margins: dict[tuple[str, str], float] = {}
    for better, losers in beats.items():
        for worse in losers:
            margins[better, worse] = _level_margin(better, worse, margin, levels)
    return Ordering(labels, margins)


def read_orderings(path: str) -> dict[str, list[str]]:
    """
    Read a YAML file that maps each label to the labels that it beats, or to a single one.

    Raises FileError if the file cannot be read, and UsageError with the place of the mistake if it
    is not such a mapping.
    """
    # Imported here since YAML takes long to import, and most fits read no table of labels.
    from rbrctl.records.files import read_whole
    from rbrctl.ruleset.yaml_tree import MappingNode, YamlProblem, parse_yaml, plain

    try:
        text = read_whole(path, MAX_FILE_BYTES).decode("utf-8")
        root, findings = parse_yaml(text, path)
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not UTF-8: save the file as UTF-8") from None
    except YamlProblem as problem:
        raise UsageError(f"{problem.finding.place}: {problem.finding.message}") from None
    if findings:
        raise UsageError(f"{findings[0].place}: {findings[0].message}")
    if not isinstance(root, MappingNode) or not root.entries:
        raise UsageError(
            f"{path}: an orderings file must map each label to a list of the labels that it beats"
        )
    beats: dict[str, list[str]] = {}
    for label, node in root.entries.items():
        losers = plain(node)
        losers = [losers] if isinstance(losers, str) else losers
        if not isinstance(losers, list) or not all(isinstance(each, str) for each in losers):
            raise UsageError(f"{node.place}: the value of '{label}' must be a list of labels")
        beats[label] = losers
    return beats


def _level_margin(
    better: str, worse: str, margin: float, levels: Mapping[str, float] | None
) -> float:
    if not levels or better not in levels or worse not in levels:
        return margin
    if levels[better] <= levels[worse]:
        raise UsageError(
            f"{better} beats {worse}, but its level {levels[better]:g} is not above "
            f"{levels[worse]:g}"
        )
    return levels[better] - levels[worse]


def _cycle(beats: Mapping[str, Sequence[str]]) -> list[str]:
    """Return a cycle of labels that beat each other, its first label repeated; or an empty list."""
    done: set[str] = set()
    for start in beats:
        path: list[str] = []
        pending: list[tuple[str, bool]] = [(start, True)]
        while pending:
            label, entering = pending.pop()
            if not entering:
                path.pop()
                done.add(label)
            elif label in path:
                return [*path[path.index(label) :], label]
            elif label not in done:
                path.append(label)
                pending.append((label, False))
                pending += [(worse, True) for worse in beats.get(label, ())]
    return []


def _check_margin(margin: float) -> None:
    if not 0 < margin < 1e6:
        raise UsageError(f"the margin must be a positive number, not {margin:g}")


def _check_levels(ranks: Sequence[str], levels: Mapping[str, float]) -> None:
    for name in levels:
        if name not in ranks:
            hint = did_you_mean(name, ranks) or f"the ranks are {', '.join(ranks)}"
            raise UsageError(f"a level is given for '{name}', which is not a rank; {hint}")
    missing = [rank for rank in ranks if rank not in levels]
    if missing:
        raise UsageError(
            f"either every rank needs a level or none: there is no level for {', '.join(missing)}"
        )
    for better, worse in pairwise(ranks):
        if not levels[better] > levels[worse]:
            raise UsageError(
                f"the level of {better} must be above that of {worse}: "
                f"{levels[better]:g} is not above {levels[worse]:g}"
            )
