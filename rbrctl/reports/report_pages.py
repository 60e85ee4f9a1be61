"""The pages of JSON reports: the docstrings of the modules that draw them."""

from importlib import import_module

MODULES = {
    "reward-fit": "rbrctl.reports.reward_fit",
    "reward-evaluate": "rbrctl.reports.reward_evaluate",
    "safety-figures": "rbrctl.reports.safety",
}
"""By the name that stands in a report's ``report``."""


def report_page(name: str) -> str | None:
    """Return the documentation page of a report, or None if there is no such report."""
    if name not in MODULES:
        return None
    return (import_module(MODULES[name]).__doc__ or "").strip()
