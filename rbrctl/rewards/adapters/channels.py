"""The channels of gpt-oss, whose replies think in one and answer in another."""

import re

_ANALYSIS = re.compile(
    r"(?:<\|start\|>assistant)?<\|channel\|>analysis<\|message\|>(.*?)(?:<\|end\|>|\Z)", re.DOTALL
)
_FINAL = re.compile(r"(?:<\|start\|>assistant)?<\|channel\|>final<\|message\|>")


def thinking_in_tags(reply: str) -> str:
    """
    Write a reply's leading messages of the channel analysis as a block of thinking.

    Where no other message follows, the block stays open: there is no answer yet.
    """
    place = 0
    thinking: list[str] = []
    while match := _ANALYSIS.match(reply, place):
        thinking.append(match[1])
        place = match.end()
    if (final := _FINAL.match(reply, place)) is not None:
        place = final.end()
    if not thinking:
        return reply[place:]
    closing = "</think>" if place < len(reply) or final is not None else ""
    return f"<think>{' '.join(thinking)}{closing}{reply[place:]}"
