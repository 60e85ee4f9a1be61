"""A large rule set made up at random, sound on purpose: some assignment keeps all of its rules."""

import random
from pathlib import Path

RANKS = ("ideal", "less_good", "unacceptable", "illogical", "disallowed")
CLASSES = tuple(f"class_{number}" for number in range(10))


class Generated:
    """Draws expressions that all hold on one hidden assignment, which contradicts no other."""

    def __init__(self, propositions: int, seed: int) -> None:
        self._random = random.Random(seed)
        self.names = [f"p{number}" for number in range(propositions)]
        self._ideal = {name: self._random.random() < 0.3 for name in self.names}

    def choose(self, *values: str) -> str:
        return self._random.choice(values)

    def classes(self) -> str:
        return ", ".join(self._random.sample(CLASSES, self._random.randint(1, 3)))

    def given(self) -> str:
        pairs = self._ideal | dict.fromkeys(self._random.sample(self.names, 3), True)
        return ", ".join(f"{name}: true" for name, value in pairs.items() if value)

    def expression(self) -> str:
        names = self._random.sample(self.names, self._random.randint(1, 5))
        kept = [self._literal(name, self._ideal[name]) for name in names]
        anything = [self._literal(name, self._random.random() < 0.5) for name in names[1:]]
        kind = self._random.randrange(4)
        if kind == 0 and len(names) < 4:
            return " and ".join(kept)
        if kind == 1 and len(names) > 2:
            return f"{' and '.join(anything)} implies {kept[0]}"
        return " or ".join([kept[0], *anything])

    def _literal(self, name: str, value: bool) -> str:
        return name if value else f"not {name}"


def generate(folder: Path, rules: int = 1_000, propositions: int = 500, seed: int = 0) -> None:
    """Write the set into a folder, with definitions, axioms, examples and tests."""
    draw = Generated(propositions, seed)
    folder.mkdir(parents=True, exist_ok=True)
    head = ["rbrctl: 1", "name: generated", 'version: "1"', f"ranks: [{', '.join(RANKS)}]"]
    head += ["response_classes:", *(f"  {name}: {{}}" for name in CLASSES)]
    head += ["  class_x: {extends: class_0}", "axioms:"]
    head += [f"  - {draw.expression()}" for _ in range(propositions // 25)]
    head += ["definitions:"]
    head += [f"  d{number}: {draw.expression()}" for number in range(propositions // 10)]
    (folder / "ruleset.yaml").write_text("\n".join(head) + "\n", "utf-8")
    lines = ["propositions:"]
    for name in draw.names:
        lines += [
            f"  {name}:",
            f"    statement: The completion has the property {name}.",
            f"    question: Does the assistant's last message have the property {name}?",
            "    examples:",
            f"      - {{assistant: It has {name}., answer: true, why: It says so.}}",
            "      - {assistant: It has nothing., answer: false}",
        ]
    (folder / "propositions.yaml").write_text("\n".join(lines) + "\n", "utf-8")
    lines = ["rules:"]
    for number in range(rules):
        require = draw.expression()
        if number % 10 == 0:
            require = f"d{number % (propositions // 10)} and ({require})"
        lines += [
            f"  rule-{number}:",
            f"    text: The completion keeps rule {number}.",
            f"    response_classes: [{draw.classes()}]",
            f"    require: {require}",
            f"    otherwise: {draw.choose(*RANKS[1:])}",
        ]
    (folder / "rules.yaml").write_text("\n".join(lines) + "\n", "utf-8")
    lines = ["tests:"]
    for number in range(rules // 10):
        lines += [
            f"  - name: test {number}",
            f"    response_class: {draw.choose(*CLASSES)}",
            f"    given: {{{draw.given()}}}",
            f"    expect: {{rank: {draw.choose(*RANKS)}}}",
        ]
    (folder / "tests.yaml").write_text("\n".join(lines) + "\n", "utf-8")
