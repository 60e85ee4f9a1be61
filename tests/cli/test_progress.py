import os
import pty
import subprocess
import sys
import threading

import pytest

from rbrctl.cli.output import Output
from rbrctl.cli.progress import Progress

SCRIPT = """
import sys, time
import rbrctl.cli.progress as progress
from rbrctl.cli.output import Output
progress.PATIENCE = float(sys.argv[1])
output = Output()
output.quiet = "quiet" in sys.argv
with progress.Progress(output, "grading [bold]x[/bold]", 20) as shown:
    for _ in range(20):
        time.sleep(0.01)
        shown.advance()
print("rich" in sys.modules)
"""


def watched(*arguments: str, **variables: str) -> tuple[str, str]:
    """Run the script with a terminal as stderr; give its stdout and what the terminal got."""
    leader, follower = pty.openpty()
    received: list[bytes] = []

    def receive() -> None:
        while True:
            try:
                block = os.read(leader, 4096)
            except OSError:
                return
            if not block:
                return
            received.append(block)

    thread = threading.Thread(target=receive)
    thread.start()
    environment = {name: value for name, value in os.environ.items() if name != "CI"}
    outcome = subprocess.run(
        [sys.executable, "-c", SCRIPT, *arguments],
        stdout=subprocess.PIPE,
        stderr=follower,
        env={**environment, "TERM": "xterm", **variables},
        text=True,
        check=True,
    )
    os.close(follower)
    thread.join()
    os.close(leader)
    return outcome.stdout.strip(), b"".join(received).decode()


def test_a_watcher_sees_a_bar_with_count_and_rate() -> None:
    loaded, seen = watched("0")
    assert loaded == "True"
    assert "grading [bold]x[/bold]" in seen
    assert "/20" in seen
    assert "/s" in seen


@pytest.mark.parametrize(
    ("arguments", "variables"), [(["9"], {}), (["0", "quiet"], {}), (["0"], {"CI": "true"})]
)
def test_nothing_is_shown_for_short_work_or_where_it_would_disturb(
    arguments: list[str], variables: dict[str, str]
) -> None:
    assert watched(*arguments, **variables) == ("False", "")


def test_in_a_pipe_it_only_counts(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress(Output({}), "grading") as progress:
        progress.advance(5)
    assert capsys.readouterr() == ("", "")
