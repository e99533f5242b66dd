"""A web server outside that keeps what is posted to it, and answers as a test wants."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Post:
    path: str
    headers: dict[str, str]
    content: bytes


@dataclass
class Hooks:
    """answers: content by the end of a path; others get an empty one."""

    url: str = ""
    status: int = 200
    answers: dict[str, bytes] = field(default_factory=dict)
    posts: list[Post] = field(default_factory=list)


@contextmanager
def hook_server() -> Iterator[Hooks]:
    hooks = Hooks()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            hooks.posts.append(Post(self.path, headers, content))
            self.do_GET()

        def do_GET(self) -> None:
            found = [hooks.answers[end] for end in hooks.answers if self.path.endswith(end)]
            content = found[0] if found else b""
            self.send_response(hooks.status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hooks.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hooks
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
