"""
The commands that exist: a name, the one line that help shows, and the module that holds it.

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
    CommandEntry("validate", "Check a rule set, and prove what its rules mean.", "validate"),
    CommandEntry("test", "Run the unit tests of a rule set, and measure what they cover.", "test"),
    CommandEntry("explain", "Explain a finding's id, a name of the rules, or a rank.", "explain"),
    CommandEntry("grade", "Grade transcripts and score them against labels.", "grade"),
    CommandEntry("score", "Score a results file under any rules, asking no grader.", "score"),
    CommandEntry("init", "Write a rule set to start from.", "init"),
    CommandEntry("fmt", "Bring rule files into their canonical form.", "fmt"),
    CommandEntry("import", "Make a rule set of another tool's file.", "import_"),
    CommandEntry("diff", "Compare two versions of the rules, or two results.", "diff"),
    CommandEntry("schema", "Print the JSON Schema of rule files, for editors.", "schema"),
    GroupEntry(
        "grader",
        "Train, calibrate and probe graders.",
        (
            CommandEntry("train", "Train the embedded grader on labels.", "grader_train"),
            CommandEntry("calibrate", "Fit how a grader's answers are read.", "grader_calibrate"),
            CommandEntry("probe", "Find out what an endpoint can do.", "grader_probe"),
        ),
    ),
    GroupEntry(
        "batch",
        "Ask through files that a server answers at its leisure.",
        (
            CommandEntry("write", "Write questions as batch files.", "batch_write"),
            CommandEntry("read", "Take a batch's answers into the cache.", "batch_read"),
            CommandEntry("submit", "Hand batch files to a server.", "batch_submit"),
            CommandEntry("status", "Ask how submitted batches go.", "batch_status"),
            CommandEntry("collect", "Fetch and read what batches answered.", "batch_collect"),
        ),
    ),
    GroupEntry(
        "reward",
        "Turn answers into a reward: fit it, check it, use it.",
        (
            CommandEntry(
                "fit", "Fit weights so that better completions score higher.", "reward_fit"
            ),
            CommandEntry(
                "evaluate", "Check a reward, or compare models' safety.", "reward_evaluate"
            ),
            CommandEntry("synth", "Have completions of each rank written.", "reward_synth"),
            CommandEntry("export", "Write ranked transcripts as training data.", "reward_export"),
            CommandEntry("serve", "Serve the reward over HTTP.", "reward_serve"),
        ),
    ),
    GroupEntry(
        "cache",
        "Look at and prune the cache of answers.",
        (
            CommandEntry("info", "Tell what the cache of answers holds.", "cache_info"),
            CommandEntry("prune", "Delete answers from the cache.", "cache_prune"),
        ),
    ),
)
