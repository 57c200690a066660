"""Many requests to an endpoint at once, each answered once and kept."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any

from bench.evaluate.judges.answers import Answer, Answers
from bench.evaluate.judges.client import Client, Endpoint, Stopped
from bench.spec import Progress, canonical

Body = Mapping[str, Any]
Read = Callable[[Mapping[str, Any], str], float | None]  # of a choice and its text, the preference


def identity(endpoint: Endpoint, body: Body) -> str:
    """The sha256 of a request: what its answer is kept by."""
    return hashlib.sha256(canonical({"base_url": endpoint.base_url, "body": body}).encode()).hexdigest()


def ask(endpoint: Endpoint, bodies: Mapping[str, Body], kept: Answers, read: Read, progress: Progress | None) -> None:
    """Ask what is not `kept` yet, of requests by identity; `progress(done, all)` counts those.

    Raises UserError as `Client.ask` does; what was answered until then is kept.
    """
    missing = {name: body for name, body in bodies.items() if name not in kept}
    if not missing:
        return
    with Client(endpoint) as client, ThreadPoolExecutor(endpoint.concurrency) as pool:

        def one(name: str, body: Body) -> None:
            kept.add(name, _as_answer(client.ask(body), client, read))

        futures = [pool.submit(one, *item) for item in missing.items()]
        try:
            for done, future in enumerate(as_completed(futures), 1):
                with contextlib.suppress(Stopped):  # the error that stopped it comes from its own future
                    future.result()
                if progress is not None:
                    progress(done, len(futures))
        finally:  # after an error or an interrupt: what waits is called off, what is under way is kept
            client.stop()
            pool.shutdown(cancel_futures=True)


def _as_answer(completion: Mapping[str, Any], client: Client, read: Read) -> Answer:
    choice = completion["choices"][0]
    text = client.clean(choice["message"]["content"] or "")
    usage = completion.get("usage") or {}
    return Answer(
        text=text,
        preference=read(choice, text),
        input_tokens=usage.get("prompt_tokens", 0),
        output_tokens=usage.get("completion_tokens", 0),
    )
