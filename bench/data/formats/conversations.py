"""Conversations as texts, written as the dialogues of hh_rlhf are; and prompts that nobody wrote down.

    \\n\\nHuman: ...\\n\\nAssistant: ...

TRL's conversational format is a list of messages {role, content}. Its implicit prompt is what both answers begin with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bench.errors import UserError, unknown

NAMES: Mapping[str, str] = {
    "user": "Human",
    "assistant": "Assistant",
    "system": "System",
    "developer": "System",
    "tool": "Tool",
}
ANSWER = "\n\nAssistant:"  # what a prompt ends with
Message = Mapping[str, Any]


def checked(messages: Any, place: str) -> list[Message]:
    """The messages. Raises UserError, naming `place`, for what is none: no role and content, or no text."""
    if not isinstance(messages, Sequence) or isinstance(messages, str) or not len(messages):
        raise UserError(f"{place}: expected a list of messages {{role, content}}, found {repr(messages)[:60]}")
    for number, message in enumerate(messages):
        where = f"{place}, message {number}"
        if not isinstance(message, Mapping):
            raise UserError(f"{where}: expected {{role, content}}, found {repr(message)[:60]}")
        for key in ("role", "content"):
            if key not in message:
                raise UserError(f"{where}: '{key}' is missing; found {', '.join(map(str, message))}")
        if message["role"] not in NAMES:
            raise unknown("role", str(message["role"]), NAMES, where)
        if not isinstance(message["content"], str):
            raise UserError(f"{where}: content is no text: {repr(message['content'])[:60]}")
    return [{"role": message["role"], "content": message["content"]} for message in messages]


def asked(messages: Sequence[Message], place: str) -> str:
    """A prompt: the conversation up to where the assistant speaks next. Raises UserError where it has just spoken."""
    if messages[-1]["role"] == "assistant":
        raise UserError(f"{place}: the last message of a prompt is the assistant's; expected the user's")
    return _written(messages) + ANSWER


def answered(messages: Sequence[Message], place: str) -> str:
    """An answer, with the space that separates it from its prompt; what follows it, too.

    Raises UserError where the assistant does not speak first.
    """
    if messages[0]["role"] != "assistant":
        raise UserError(f"{place}: an answer begins with the assistant's message, found the role {messages[0]['role']}")
    return f" {messages[0]['content']}" + _written(messages[1:])


def common_messages(first: Sequence[Message], second: Sequence[Message]) -> int:
    """With how many messages both begin; the last one of either is its answer."""
    most = min(len(first), len(second)) - 1
    return next((number for number in range(most) if first[number] != second[number]), most)


def common_text(first: str, second: str) -> int:
    """How many characters of both are their prompt.

    Up to the last "Assistant:" that both begin with; where there is none, up to the last white space that they share:
    TRL cuts at the last character instead, within a word where answers begin alike.
    """
    same = (place for place, (one, other) in enumerate(zip(first, second, strict=False)) if one != other)
    shared = first[: next(same, min(len(first), len(second)))]
    if (place := shared.rfind(ANSWER)) >= 0:
        return place + len(ANSWER)
    return max(shared.rfind(" "), shared.rfind("\n"), 0)


def _written(messages: Sequence[Message]) -> str:
    return "".join(f"\n\n{NAMES[message['role']]}: {message['content']}" for message in messages)
