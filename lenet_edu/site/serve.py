"""Serves a built site on this machine, with MNIST's files if they are in the data folder."""

import gzip
import sys
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from urllib.parse import unquote, urlsplit

from lenet_edu.system.errors import LenetError
from lenet_edu.system.language import translate

MNIST = "/assets/mnist/"


class Handler(SimpleHTTPRequestHandler):
    """Answers from the site's folder, with MNIST's files unpacked and a page for what is missing."""

    # What the machine's own tables may have wrong, and what browsers insist on.
    extensions_map: ClassVar = {
        **SimpleHTTPRequestHandler.extensions_map,
        ".js": "text/javascript",
        ".css": "text/css",
        ".json": "application/json",
        ".wasm": "application/wasm",
        ".webp": "image/webp",
        ".svg": "image/svg+xml",
        ".safetensors": "application/octet-stream",
    }

    def __init__(self, *arguments, mnist: dict[str, Path], **named):
        self.mnist = mnist
        super().__init__(*arguments, **named)

    def do_GET(self):
        path = unquote(urlsplit(self.path).path)
        if path.startswith(MNIST):
            self._send_mnist(path.removeprefix(MNIST))
        else:
            super().do_GET()

    def _send_mnist(self, name: str) -> None:
        if name not in self.mnist:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        content = self.mnist[name].read_bytes()
        packed = content[:2] == b"\x1f\x8b"
        self._send(HTTPStatus.OK, "application/octet-stream", gzip.decompress(content) if packed else content)

    def send_error(self, code, message=None, explain=None):
        missing = Path(self.directory) / "404.html"
        if code == HTTPStatus.NOT_FOUND and missing.is_file():
            self._send(code, "text/html; charset=utf-8", missing.read_bytes())
        else:
            super().send_error(code, message, explain)

    def _send(self, code: int, kind: str, content: bytes) -> None:
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def end_headers(self):
        self.send_header("Cache-Control", "no-cache")  # a site that was built anew shows at once
        super().end_headers()

    def log_message(self, format, *arguments):
        pass


def make_server(site: Path, port: int, mnist: dict[str, Path] | None = None) -> ThreadingHTTPServer:
    """A server of `site` on this machine alone; mnist: paths by name, as `find_mnist` gives them.

    Raises LenetError if the port is taken.
    """
    handler = partial(Handler, directory=str(site), mnist=mnist or {})
    try:
        return ThreadingHTTPServer(("127.0.0.1", port), handler)
    except OSError as error:
        raise LenetError(
            "Port {port} could not be used: {reason}. Choose another with --port.",
            port=port,
            reason=error.strerror,
        ) from error


def serve(site: Path, port: int, data: Path | None = None) -> None:
    """Serve `site`, and MNIST from the folder `data` if it is there, until Ctrl+C."""
    from lenet_edu.data.digits import find_mnist

    mnist = find_mnist(data)
    with make_server(site, port, mnist) as server:
        where = f"http://127.0.0.1:{server.server_address[1]}/"
        digits = translate("with MNIST") if mnist else translate("without MNIST")
        stop = translate("The site is at {where}, {digits}. To stop: Ctrl+C", where=where, digits=digits)
        print(stop, file=sys.stderr)
        server.serve_forever()
