"""A few pages on a port of their own, to see what the guards make of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

POLICY = "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src * data:"


def page(main: str, head: str = "", language: str = "en", title: str = "A page") -> str:
    """Write a page that is right but for what is put into it."""
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">'
        f"{head}</head><body><main><h1>A page</h1>{main}</main></body></html>"
    )


@contextmanager
def small_site(pages: Mapping[str, str]) -> Iterator[str]:
    """Serve pages by their paths, redirect where the text begins with a slash, and yield the origin."""

    class Handler(BaseHTTPRequestHandler):
        """Answers what is there, without a word in the terminal; a path on .csv is a file to keep."""

        def do_GET(self) -> None:
            text = pages.get(self.path.partition("?")[0])
            moved = text is not None and text.startswith("/")
            body = ("nothing here" if text is None else text).encode()
            self.send_response(404 if text is None else 302 if moved else 200)
            if text is not None and moved:
                self.send_header("Location", text)
            self.send_header("Content-Type", "text/csv" if self.path.endswith(".csv") else "text/html; charset=utf-8")
            self.send_header("Content-Security-Policy", POLICY)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
