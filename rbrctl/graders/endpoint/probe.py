"""Finds out what an endpoint can do with a model by asking it, never by the model's name."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rbrctl.errors import GraderError
from rbrctl.graders.endpoint.capabilities import Capabilities
from rbrctl.graders.endpoint.chat.probe import PROBE_RETRIES, QUESTIONS, TRANSCRIPT, ChatProbe
from rbrctl.graders.endpoint.circuit_breaker import ADVICE, raise_if_fatal
from rbrctl.graders.endpoint.client import Client
from rbrctl.graders.endpoint.decisions.shapes import DecisionsShape, QuestionShape, SystemOneShape
from rbrctl.graders.endpoint.failures import Failure, FailureKind
from rbrctl.graders.endpoint.settings import EndpointSettings
from rbrctl.graders.modes import Mode
from rbrctl.graders.prompt.forms import Fragments, encode, form_of
from rbrctl.graders.prompt.messages import decision_input, decision_instructions
from rbrctl.ruleset.model import GraderPrompt


@dataclass(frozen=True, slots=True)
class ProbeStep:
    """One mode that was tried: whether it works, and what was seen."""

    mode: Mode
    works: bool
    detail: str


@dataclass(frozen=True, slots=True)
class ProbeReport:
    """What was found, and everything that was tried on the way."""

    capabilities: Capabilities
    steps: tuple[ProbeStep, ...]
    calls: int


async def probe(settings: EndpointSettings, client: Client) -> ProbeReport:
    """
    Ask the endpoint two easy questions in each mode, best first, until one works.

    If the settings name a mode, only that one is tried; the modes decisions and systemone have
    nothing to find out, so they are not tried at all. Raises GraderError if the endpoint cannot be
    reached, refuses the key or works in no mode.
    """
    before = client.usage.calls
    if settings.mode in {Mode.DECISIONS, Mode.SYSTEMONE}:
        step = ProbeStep(settings.mode, True, "named by the user; not tried")
        return ProbeReport(Capabilities(mode=settings.mode), (step,), 0)
    steps: list[ProbeStep] = []
    if settings.mode is Mode.AUTO:
        for mode, shape in ((Mode.DECISIONS, DecisionsShape()), (Mode.SYSTEMONE, SystemOneShape())):
            steps.append(await _try_shape(settings, client, mode, shape))
            if steps[-1].works:
                calls = client.usage.calls - before
                return ProbeReport(Capabilities(mode=mode), tuple(steps), calls)
    chat = ChatProbe(settings, client)
    capabilities = await chat.run()
    steps += [ProbeStep(mode, works, detail) for mode, works, detail in chat.steps]
    calls = client.usage.calls - before
    if capabilities is None:
        where = f"{settings.where}, model {settings.model}"
        raise GraderError(f"{where}: no mode works{_advice(steps)} ({_seen(steps)})")
    return ProbeReport(replace(capabilities), tuple(steps), calls)


def _seen(steps: Sequence[ProbeStep]) -> str:
    """Return what was seen in each mode; what was seen in several modes is said once."""
    modes: dict[str, list[str]] = {}
    for step in steps:
        modes.setdefault(step.detail, []).append(step.mode)
    if len(modes) == 1 and len(steps) > 1:
        return f"{len(steps)} modes, each: {steps[0].detail}"
    return "; ".join(f"{', '.join(names)}: {detail}" for detail, names in modes.items())


def _advice(steps: Sequence[ProbeStep]) -> str:
    if all(re.match(r"status (404|405|410)\b", step.detail) for step in steps):
        return f"; {ADVICE[FailureKind.NOT_FOUND]}"
    return ""


async def _try_shape(
    settings: EndpointSettings, client: Client, mode: Mode, shape: QuestionShape
) -> ProbeStep:
    questions = [
        shape.question(name, decision_instructions(question))
        for name, question in QUESTIONS.items()
    ]
    opening, closing = shape.brackets
    text = form_of(decision_input(GraderPrompt())).fill(Fragments(TRANSCRIPT))
    body = b'{"model":%b,"%b":%b,"questions":%b%b%b}' % (
        encode(settings.model),
        shape.input_key.encode(),
        text,
        opening,
        b",".join(questions),
        closing,
    )
    outcome = await client.attempt(shape.path, lambda: body, retries=PROBE_RETRIES)
    if isinstance(outcome, Failure):
        raise_if_fatal(f"{settings.where}, model {settings.model}", outcome)
        return ProbeStep(mode, False, outcome.message)
    values = shape.values(outcome, list(QUESTIONS))
    return _judge_values(mode, values)


def _judge_values(mode: Mode, values: Mapping[str, Any]) -> ProbeStep:
    wrong = [value for value in values.values() if not isinstance(value, float)]
    if wrong or len(values) < len(QUESTIONS):
        return ProbeStep(mode, False, str(wrong[0]) if wrong else "questions were left unanswered")
    seen = ", ".join(f"{name} {value:.2f}" for name, value in values.items())
    return ProbeStep(mode, True, f"one call answers all questions; seen: {seen}")
