"""A chat endpoint on this machine that says what a test wants."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Endpoint:
    """`url` is its base; `bodies` are the requests so far; `say(body)` gives the text of the next answer."""

    def __init__(self, say: Callable[[dict[str, Any]], str]) -> None:
        self.say = say
        self.url = ""
        self.bodies: list[dict[str, Any]] = []


@contextmanager
def serving(say: Callable[[dict[str, Any]], str]) -> Iterator[Endpoint]:
    """The endpoint, until the block is left."""
    endpoint = Endpoint(say)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            endpoint.bodies.append(body)
            answer = {"choices": [{"message": {"role": "assistant", "content": endpoint.say(body)}}]}
            content = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *words: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    endpoint.url = f"http://127.0.0.1:{http.server_port}/v1"
    try:
        yield endpoint
    finally:
        http.shutdown()
        http.server_close()
        thread.join()
