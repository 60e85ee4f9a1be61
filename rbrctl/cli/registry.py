"""
All commands: the name, the summary in help pages, and the module.

A command is added by one line here and one module, ``rbrctl/cli/commands/NAME.py`` (for a command
of a group ``GROUP_NAME.py``), which defines a function ``command``. Nothing of the module is
imported before the command is asked for.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class CommandEntry:
    """A command that is listed without importing it."""

    name: str
    summary: str
    module: str
    """Its module's name within ``rbrctl.cli.commands``."""


@dataclass(frozen=True, slots=True)
class GroupEntry:
    """A group of commands."""

    name: str
    summary: str
    commands: tuple[CommandEntry, ...] = field(default=())


Entry = CommandEntry | GroupEntry

ENTRIES: tuple[Entry, ...] = (
    CommandEntry(
        "validate", "Check a rule set: its files, its names and, by proof, its meaning.", "validate"
    ),
    CommandEntry("test", "Run the unit tests of a rule set and measure their coverage.", "test"),
    CommandEntry(
        "explain", "Explain a check, a name in the rules, or the rank of a transcript.", "explain"
    ),
    CommandEntry("grade", "Grade transcripts, and measure accuracy if they have labels.", "grade"),
    CommandEntry(
        "score", "Score existing results with any rules, without asking a grader.", "score"
    ),
    CommandEntry("init", "Create a small rule set to start from.", "init"),
    CommandEntry("fmt", "Format rule files.", "fmt"),
    CommandEntry("import", "Convert the file of another tool to a rule set.", "import_"),
    CommandEntry("diff", "Compare two versions of the rules, or two results files.", "diff"),
    CommandEntry("schema", "Print the JSON Schema of rule files, for editors.", "schema"),
    GroupEntry(
        "grader",
        "Train, calibrate and probe graders.",
        (
            CommandEntry(
                "train", "Train the embedded grader on labels or answers.", "grader_train"
            ),
            CommandEntry(
                "calibrate", "Calibrate the answers of a grader on labels.", "grader_calibrate"
            ),
            CommandEntry(
                "probe", "Find out in which modes an endpoint can answer.", "grader_probe"
            ),
        ),
    ),
    GroupEntry(
        "batch",
        "Ask a model through batch files, which cost less and take longer.",
        (
            CommandEntry("write", "Write questions as batch files.", "batch_write"),
            CommandEntry("read", "Store the answers of a batch in the cache.", "batch_read"),
            CommandEntry("submit", "Upload batch files to a server.", "batch_submit"),
            CommandEntry("status", "Show the state of submitted batches.", "batch_status"),
            CommandEntry(
                "collect", "Fetch the answers of batches into the cache.", "batch_collect"
            ),
        ),
    ),
    GroupEntry(
        "reward",
        "Make a reward from answers: fit it, evaluate it, serve it.",
        (
            CommandEntry(
                "fit", "Fit weights so that better completions score higher.", "reward_fit"
            ),
            CommandEntry(
                "evaluate", "Evaluate a reward, or compare the safety of models.", "reward_evaluate"
            ),
            CommandEntry("synth", "Let a model write completions of each rank.", "reward_synth"),
            CommandEntry("export", "Write ranked transcripts as training data.", "reward_export"),
            CommandEntry("serve", "Serve the reward over HTTP.", "reward_serve"),
        ),
    ),
    GroupEntry(
        "cache",
        "Show and prune the cache of answers.",
        (
            CommandEntry("info", "Show what the cache of answers holds.", "cache_info"),
            CommandEntry("prune", "Delete answers from the cache.", "cache_prune"),
        ),
    ),
)
