"""The built site on this computer, for a look before it is published: http://127.0.0.1, nothing that lists folders."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".json": "application/json",
    ".js": "text/javascript; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    "": "application/octet-stream",
}
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Access-Control-Allow-Origin": "*",
    "Content-Security-Policy": "frame-ancestors 'none'; base-uri 'none'; form-action 'none'; object-src 'none'",
}


def server(folder: Path, prefix: str = "", port: int = 0) -> ThreadingHTTPServer:
    """A server that has its port already and serves when told to. ``prefix``: the path of the verification address,
    such as "/acme", below which the site lies. Raises OSError where the port is taken."""
    return ThreadingHTTPServer(("127.0.0.1", port), partial(_Handler, prefix=prefix, directory=str(folder)))


class _Handler(SimpleHTTPRequestHandler):
    """Files as a usual static host answers them: "/v" is v.html, "/v/" is v/index.html."""

    extensions_map = TYPES
    server_version, sys_version = "certgen", ""

    def __init__(self, *args: Any, prefix: str, **more: Any) -> None:
        self._prefix = prefix
        super().__init__(*args, **more)

    def translate_path(self, path: str) -> str:
        inside = unquote(urlsplit(path).path)
        if "\0" in inside or not (inside + "/").startswith(f"{self._prefix}/"):
            return str(Path(self.directory) / "nothing is here")
        found = super().translate_path(urlsplit(path).path[len(self._prefix) :] or "/")
        if not path.endswith("/") and not Path(found).suffix and Path(f"{found}.html").is_file():
            return f"{found}.html"
        return found

    def list_directory(self, path: Any) -> None:
        self.send_error(HTTPStatus.NOT_FOUND)

    def end_headers(self) -> None:
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: who looks at what is nobody's business, here too."""
