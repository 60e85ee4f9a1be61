"""The peak memory of this process: of nothing that it was started from."""

import resource
from pathlib import Path

STATUS = Path("/proc/self/status")


def peak_megabytes() -> float:
    """
    Give the most memory that this process has held, in MB.

    On Linux ``getrusage`` counts what the process held before it became this program as well,
    which is a copy of its parent: a test runner that has grown is larger than what it measures.
    """
    if STATUS.exists():
        for line in STATUS.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
