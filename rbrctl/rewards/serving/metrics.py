"""Counts of what the service did, in the text form that Prometheus reads."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0)
"""Upper bounds in seconds."""


@dataclass(slots=True)
class Metrics:
    """Requests by path and status, and how long those for rewards took."""

    requests: Counter[tuple[str, int]] = field(default_factory=Counter)
    buckets: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS) + 1))
    seconds: float = 0.0

    def count(self, path: str, status: int) -> None:
        """Count a request; ``path`` is one of ours, or a word for all others."""
        self.requests[path, status] += 1

    def observe(self, seconds: float) -> None:
        """Count how long a request for rewards took."""
        self.seconds += seconds
        for index, bound in enumerate(BUCKETS):
            if seconds <= bound:
                self.buckets[index] += 1
                return
        self.buckets[-1] += 1


def metrics_text(metrics: Metrics, gauges: Mapping[str, tuple[str, str, int]]) -> str:
    """
    Write metrics in Prometheus's text format.

    ``gauges`` are further values: name -> (``counter`` or ``gauge``, help, value).
    """
    lines = [
        "# HELP rbrctl_reward_requests_total Requests by path and status.",
        "# TYPE rbrctl_reward_requests_total counter",
    ]
    for (path, status), count in sorted(metrics.requests.items()):
        lines.append(f'rbrctl_reward_requests_total{{path="{path}",status="{status}"}} {count}')
    lines += [
        "# HELP rbrctl_reward_request_seconds Time from a request's headers to its reply.",
        "# TYPE rbrctl_reward_request_seconds histogram",
    ]
    total = 0
    for bound, count in zip((*map(str, BUCKETS), "+Inf"), metrics.buckets, strict=True):
        total += count
        lines.append(f'rbrctl_reward_request_seconds_bucket{{le="{bound}"}} {total}')
    lines.append(f"rbrctl_reward_request_seconds_sum {metrics.seconds:.6f}")
    lines.append(f"rbrctl_reward_request_seconds_count {total}")
    for name, (kind, words, value) in gauges.items():
        lines += [f"# HELP {name} {words}", f"# TYPE {name} {kind}", f"{name} {value}"]
    return "\n".join(lines) + "\n"
