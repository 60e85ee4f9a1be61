"""The spread of a reward by rank, as a picture: in a terminal, and as SVG or PNG."""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from rbrctl.errors import MissingExtraError, UsageError, cannot
from rbrctl.records.files import is_plain_target
from rbrctl.reports.terminal import Palette, padded, printable, text_width

if TYPE_CHECKING:
    from rbrctl.rewards.evaluation.reward_parts import Distribution, LabelDistribution

BLOCKS = " ▁▂▃▄▅▆▇█"
PLAIN_BLOCKS = " .:-=+*#@"
_BAR_WIDTH = 40


def draw_distribution(
    spread: "Distribution", palette: Palette, *, boxes: bool = True, width: int = 80
) -> str:
    """
    Draw one line a rank: how its completions' centred rewards lie between two common ends.

    ``boxes`` says whether block characters can be shown.
    """
    names = [printable(row.label) for row in spread.rows]
    margin = max((text_width(name) for name in names), default=0)
    bar = max(10, min(_BAR_WIDTH, width - margin - 24))
    low, high = spread.edges[0], spread.edges[-1]
    lines: list[str] = []
    before = None
    for row, name in zip(spread.rows, names, strict=True):
        if row.response_class != before:
            before = row.response_class
            if lines:
                lines.append("")
            lines.append(palette.bold(f"{printable(row.response_class)}: reward ({spread.kind})"))
        picture = _bar(row.histogram, bar, BLOCKS if boxes else PLAIN_BLOCKS)
        lines.append(f"  {padded(name, margin)} |{picture}| {row.mean:+7.2f}  n {row.count:,}")
    scale = f"{low:+.2f}"
    end = f"{high:+.2f}"
    space = " " * max(1, bar - len(scale) - len(end) + 2)
    lines.append(f"  {' ' * margin} {palette.dim(scale + space + end)}    mean")
    return "\n".join(lines) + "\n"


def _bar(histogram: Sequence[int], width: int, blocks: str) -> str:
    """Draw a histogram in so many characters; its highest bin is a full block."""
    merged = [0] * width
    for index, count in enumerate(histogram):
        merged[index * width // len(histogram)] += count
    top = max(merged) or 1
    steps = len(blocks) - 1
    return "".join(blocks[-(-count * steps // top)] for count in merged)


def check_picture(path: str | Path) -> None:
    """
    Check that a picture can be saved there, before there is one.

    Raises MissingExtraError without matplotlib, UsageError for another kind of file, and FileError
    for a path that cannot be written.
    """
    if Path(path).suffix.lower() not in (".svg", ".png"):
        raise UsageError(f"{path}: a picture is saved as .svg or .png")
    is_plain_target(path)
    if find_spec("matplotlib") is None:
        raise MissingExtraError(
            "saving a picture needs matplotlib, which is not installed: pip install 'rbrctl[plot]'"
        )


def save_distribution(spread: "Distribution", path: str | Path) -> None:
    """
    Save the picture as SVG or PNG, by the file's name.

    Raises MissingExtraError without matplotlib, UsageError for another kind of file, and FileError
    where it cannot be written.
    """
    check_picture(path)
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    target = Path(path)
    classes = list(dict.fromkeys(row.response_class for row in spread.rows))
    figure = Figure(figsize=(8, 2.6 * len(classes)), layout="constrained")
    axes = figure.subplots(len(classes), 1, sharex=True, squeeze=False)
    centres = [(a + b) / 2 for a, b in zip(spread.edges, spread.edges[1:], strict=False)]
    for index, name in enumerate(classes):
        axis = axes[index][0]
        for row in spread.rows:
            if row.response_class == name:
                label = f"{_plain(row.label)} (n {row.count:,})"
                axis.step(centres, _shares(row), where="mid", label=label)
        axis.set_title(_plain(name))
        axis.set_ylabel("share")
        axis.legend(fontsize="small")
    axes[-1][0].set_xlabel(f"centred reward ({spread.kind})")
    canvas = FigureCanvasSVG if target.suffix.lower() == ".svg" else FigureCanvasAgg
    try:
        canvas(figure).print_figure(str(target), dpi=150)
    except OSError as error:
        raise cannot("write", path, error) from error


def _shares(row: "LabelDistribution") -> list[float]:
    return [count / row.count for count in row.histogram]


def _plain(text: str) -> str:
    """Keep names from outside from being read as mathematics or as hidden labels."""
    return printable(text).replace("$", r"\$").lstrip("_")
