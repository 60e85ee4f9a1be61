"""Digests are what the documentation says: anyone can compute them."""

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from rbrctl.records.messages import content_digest, prompt_digest
from rbrctl.records.models import Message

messages = st.lists(
    st.builds(Message, st.sampled_from(["user", "assistant"]), st.text("ab", max_size=2))
)


def test_a_digest_can_be_made_by_hand() -> None:
    prompt = [Message("user", 'Grüß "Gott"')]
    text = '[["user","Grüß \\"Gott\\""]]'
    assert prompt_digest(prompt) == hashlib.sha256(text.encode()).hexdigest()[:32]
    text = f'[{text},[["assistant",""]]]'
    expected = hashlib.sha256(text.encode()).hexdigest()[:32]
    assert content_digest(prompt, [Message("assistant", "")]) == expected


@given(messages, messages, messages, messages)
def test_only_equal_content_has_equal_digests(
    prompt: list[Message], completion: list[Message], other: list[Message], last: list[Message]
) -> None:
    same = (prompt, completion) == (other, last)
    assert (content_digest(prompt, completion) == content_digest(other, last)) is same
    assert (prompt_digest(prompt) == prompt_digest(other)) is (prompt == other)
