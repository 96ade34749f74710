"""A local web server that behaves as the agencies' services do, faults included, and quick settings to ask it."""

from __future__ import annotations

import email.utils
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from pydantic import TypeAdapter

from orchestration.fetching.download import download
from orchestration.fetching.policy import FetchPolicy
from orchestration.fetching.results import Fetched, LastFetch, NotModified
from orchestration.landing.source_declaration import SourceDeclaration

QUICK = FetchPolicy(wait_initial=0.002, wait_max=0.01, wait_jitter=0.0, longest_wait=2.0)


@dataclass(frozen=True)
class Reply:
    """One answer. `announced` is the Content-Length if it is not the body's, `stalls` holds the rest back.

    `is_unframed` sends neither a length nor chunks: the end of the connection is the end of the body.
    """

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    announced: int | None = None
    stalls: bool = False
    takes: float = 0.0
    drips: float = 0.0
    is_unframed: bool = False


@dataclass(frozen=True)
class Asked:
    """One request as it reached the server."""

    method: str
    path: str
    headers: dict[str, str]
    form: list[tuple[str, str]]
    began: float

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))


Route = Callable[[Asked], Reply]


def page(title: str, status: int = 200, content_type: str = "text/html; charset=utf-8") -> Reply:
    """A web page, as a busy or a reluctant service sends it in place of data."""
    text = f"<!DOCTYPE html>\n<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"
    return Reply(text.encode(), status, {"Content-Type": content_type})


@dataclass
class PublishedFile:
    """A file on an ordinary web server: validators, conditional requests and ranges.

    After `cuts` bytes the connection breaks, once for each of its numbers.
    """

    content: bytes
    etag: str | None = '"v1"'
    last_modified: str | None = None
    content_type: str = "application/vnd.ms-excel"
    has_ranges: bool = True
    cuts: list[int] = field(default_factory=list)

    def __call__(self, asked: Asked) -> Reply:
        headers = {"Content-Type": self.content_type}
        headers |= {"Accept-Ranges": "bytes"} if self.has_ranges else {}
        headers |= {"ETag": self.etag} if self.etag else {}
        headers |= {"Last-Modified": self.last_modified} if self.last_modified else {}
        if self._is_known(asked.headers):
            return Reply(b"", 304, headers)
        start = self._start(asked.headers)
        body = self.content[start:]
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(self.content) - 1}/{len(self.content)}"
        announced = len(body)
        if self.cuts:
            body = body[: self.cuts.pop(0)]
        return Reply(body, 206 if start else 200, headers, announced=announced)

    def _is_known(self, headers: dict[str, str]) -> bool:
        if "if-none-match" in headers:
            return headers["if-none-match"] == self.etag
        return self.last_modified is not None and headers.get("if-modified-since") == self.last_modified

    def _start(self, headers: dict[str, str]) -> int:
        asked = re.fullmatch(r"bytes=(\d+)-", headers.get("range", ""))
        is_same = headers.get("if-range") in (self.etag, self.last_modified)
        return int(asked[1]) if asked and is_same and self.has_ranges else 0


class _QuietServer(ThreadingHTTPServer):
    """A server that says nothing of clients that hang up, as those of these tests do."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Agency:
    """The server: what it answers at each path, and what it was asked."""

    def __init__(self, scheme: str = "http", context: Any = None) -> None:
        self.asked: list[Asked] = []
        self.most_at_once = 0
        self.turned_away: re.Pattern[str] | None = None
        self._routes: dict[str, Route] = {}
        self._at_once = 0
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._server = _QuietServer(("127.0.0.1", 0), _handler(self))
        if context is not None:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"{scheme}://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.005}, daemon=True)
        self._thread.start()

    def answers(self, path: str, *replies: Reply | Route) -> str:
        """Have a path answered by these in turn, by the last for good; its address."""
        waiting = list(replies)

        def route(asked: Asked) -> Reply:
            reply = waiting.pop(0) if len(waiting) > 1 else waiting[0]
            return reply if isinstance(reply, Reply) else reply(asked)

        self._routes[path] = route
        return self.url + path

    def paths(self) -> list[str]:
        """What was asked, in order, without the queries."""
        return [urlsplit(asked.path).path for asked in self.asked]

    def reply_to(self, asked: Asked) -> Reply:
        """The answer to a request."""
        agent = asked.headers.get("user-agent", "")
        if self.turned_away is not None and (not agent or self.turned_away.search(agent)):
            return page("403 Forbidden", 403)
        route = self._routes.get(urlsplit(asked.path).path)
        return route(asked) if route else page("404 Not Found", 404)

    def enter(self, asked: Asked) -> None:
        with self._lock:
            self.asked.append(asked)
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)

    def leave(self) -> None:
        with self._lock:
            self._at_once -= 1

    def wait(self, seconds: float) -> None:
        """Wait, but no longer than the test lasts."""
        self._over.wait(seconds)

    def close(self) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(agency: Agency) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Head and body in one piece: apart, each answer would wait for the client's acknowledgement.
        wbufsize = -1

        def do_GET(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self._serve()

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing on the terminal."""

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
            headers = {name.lower(): value for name, value in self.headers.items()}
            form = parse_qsl(body, keep_blank_values=True)
            asked = Asked(self.command, self.path, headers, form, time.monotonic())
            agency.enter(asked)
            try:
                self._send(agency.reply_to(asked))
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True
            finally:
                agency.leave()

        def _send(self, reply: Reply) -> None:
            agency.wait(reply.takes)
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            length = len(reply.body) if reply.announced is None else reply.announced
            if not reply.is_unframed:
                self.send_header("Content-Length", str(length))
            self.end_headers()
            for start in range(0, len(reply.body), 1000 if reply.drips else max(len(reply.body), 1)):
                self.wfile.write(reply.body[start : start + 1000] if reply.drips else reply.body)
                self.wfile.flush()
                agency.wait(reply.drips)
            if reply.stalls:
                agency.wait(5)
            self.close_connection = reply.is_unframed or length != len(reply.body)

    return Handler


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy, contact or bundle of the machine that runs the tests."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name in ("FRONTIER_CONTACT", "FRONTIER_CA_BUNDLE", "UN_DATA_PORTAL_TOKEN", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def agency() -> Iterator[Agency]:
    server = Agency()
    yield server
    server.close()


@pytest.fixture
def second_agency() -> Iterator[Agency]:
    server = Agency()
    yield server
    server.close()


def declare(**entries: Any) -> SourceDeclaration:
    """A source section as it stands in a dataset.yml, made quick."""
    quick = {"min_interval": 0, "timeouts": {"connect": 5, "read": 5, "total": 20}, "attempts": 3}
    return TypeAdapter(SourceDeclaration).validate_python(quick | entries)


@dataclass(frozen=True)
class Desk:
    """Downloads into a folder of the test's own."""

    folder: Path

    def get(self, last: LastFetch | None = None, /, **entries: Any) -> Fetched | NotModified:
        """Download what a source section declares."""
        return download(declare(**entries), self.folder, last, policy=QUICK)

    def fetch(self, last: LastFetch | None = None, /, **entries: Any) -> Fetched:
        """Download something that must be new."""
        result = self.get(last, **entries)
        assert isinstance(result, Fetched), result
        return result

    def file(self, url: str, **entries: Any) -> Fetched:
        """Download a plain file."""
        return self.fetch(kind="file", url=url, **entries)

    def left_over(self) -> list[str]:
        """Files that stand in the folder, apart from the hosts' locks."""
        return sorted(path.name for path in self.folder.iterdir() if path.suffix != ".turn")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "downloads" / "dataset")


def http_date(timestamp: float) -> str:
    """A moment as HTTP writes it."""
    return email.utils.formatdate(timestamp, usegmt=True)
