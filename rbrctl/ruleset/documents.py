"""The files of one rule set folder, parsed and checked against the schema."""

from dataclasses import dataclass

from rbrctl.ruleset.findings import Finding, Place
from rbrctl.ruleset.schema import schema_findings
from rbrctl.ruleset.sources import RuleSource, SourceFile
from rbrctl.ruleset.yaml_tree import MAX_BYTES, MappingNode, YamlProblem, parse_yaml


@dataclass(frozen=True, slots=True)
class Document:
    """One parsed file: a mapping that satisfies the schema."""

    file: str
    text: str
    root: MappingNode


@dataclass(frozen=True, slots=True)
class Documents:
    """All files of one source, those that could be read."""

    source: RuleSource
    items: tuple[Document, ...]
    findings: tuple[Finding, ...]
    texts: dict[str, str]


def read_documents(source: RuleSource) -> Documents:
    """Read and check all files of a source; raises FileError when one cannot be read."""
    items: list[Document] = []
    findings: list[Finding] = []
    texts: dict[str, str] = {}
    for file in source.files():
        try:
            text = texts[file.name] = _decode(file)
            root, duplicates = parse_yaml(text, file.name)
        except YamlProblem as problem:
            findings.append(problem.finding)
            # Findings show lines even of a file that is not wholly text.
            texts.setdefault(file.name, file.content[:MAX_BYTES].decode("utf-8-sig", "replace"))
            continue
        findings += duplicates
        if root is None:
            continue
        problems = schema_findings(root)
        findings += problems
        if isinstance(root, MappingNode) and not problems:
            items.append(Document(file.name, text, root))
    return Documents(source, tuple(items), tuple(findings), texts)


def _decode(file: SourceFile) -> str:
    start = Place(file.name, 1, 1, 1, 2)
    if len(file.content) > MAX_BYTES:
        raise YamlProblem(f"larger than {MAX_BYTES // 2**20} MB", start, "split the file")
    try:
        return file.content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = file.content[: error.start].decode("utf-8-sig", "replace")
        line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
        place = Place(file.name, line, column, line, column + 1)
        raise YamlProblem("not UTF-8", place, "save the file as UTF-8") from None
