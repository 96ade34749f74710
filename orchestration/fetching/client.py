"""The one client that asks every service: attempts, turns, redirects, and what is sent along."""

from __future__ import annotations

import hashlib
import logging
import ssl
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import urlencode, urlsplit

import httpx
import stamina

from orchestration.fetching import answers
from orchestration.fetching.errors import Refused
from orchestration.fetching.partial import PartialFile
from orchestration.fetching.policy import CA_BUNDLE, FetchPolicy, bearer_token, tls_context, user_agent
from orchestration.fetching.redirects import is_same_origin, redirect_target
from orchestration.fetching.turns import turn_at

if TYPE_CHECKING:
    from orchestration.fetching.results import LastFetch
    from orchestration.landing.source_declaration import SourceDeclaration

logger = logging.getLogger(__name__)
# The library's own reports may go to standard output, which belongs to the commands; ours go to the log.
stamina.instrumentation.set_on_retry_hooks(())


@dataclass(frozen=True)
class Request:
    """One question to a service.

    `expects` are media types, `*` for any text in them; none stands for anything but a web page. `check`
    looks at the whole body and raises `Refused` when it is no use. `is_page_passing`: a web page in place of
    data may be gone at the next attempt.
    """

    url: str
    method: str = "GET"
    form: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    expects: tuple[str, ...] = ()
    check: Callable[[Path], None] | None = None
    is_page_passing: bool = False

    @property
    def key(self) -> str:
        """Name for the file in which the answer gathers, the same for the same question."""
        question = "\n".join([self.method, self.url, urlencode(self.form)])
        return hashlib.sha256(question.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Answer:
    """A whole body that passed its checks, still in its partial file, and what its headers say."""

    url: str
    body: PartialFile
    headers: httpx.Headers
    media_type: str

    @property
    def etag(self) -> str | None:
        return self.headers.get("etag")

    @property
    def last_modified(self) -> str | None:
        return self.headers.get("last-modified")


class Client:
    """Asks one source's service; used as a context manager.

    `url` and `attempts` tell, after a refusal, what was asked last and how often.
    """

    def __init__(self, source: SourceDeclaration, into: Path, policy: FetchPolicy) -> None:
        self.source, self.into, self.policy = source, into, policy
        self.url, self.attempts = source.address, 0
        self._token = bearer_token(source)
        self._bytes_left = source.max_bytes
        self._seconds_left = self._deadline = 0.0
        self._http = httpx.Client(
            verify=tls_context(source),
            headers={"User-Agent": user_agent(), "Accept-Encoding": "identity", **source.headers},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def ask(self, request: Request) -> Answer:
        """The service's answer; raises `Refused` when every attempt failed."""
        answer = self.ask_if_changed(request, None)
        if answer is None:
            raise Refused("the service answered 304 Not Modified to a question without a condition")
        return answer

    def ask_if_changed(self, request: Request, last: LastFetch | None) -> Answer | None:
        """The service's answer; nothing when it says that it still has what was got last."""
        self.url, self.attempts = request.url, 0
        self._seconds_left = self.source.timeouts.total
        part = PartialFile(self.into / f".{request.key}.part")
        try:
            answer = self._caller()(self._is_worth_another, self._attempt, request, part, last)
        except Refused:
            part.drop_unless_resumable()
            raise
        if answer is not None:
            self._bytes_left -= part.path.stat().st_size
        return answer

    def _caller(self) -> stamina.RetryingCaller:
        return stamina.RetryingCaller(
            attempts=self.source.attempts,
            timeout=None,
            wait_initial=self.policy.wait_initial,
            wait_max=self.policy.wait_max,
            wait_jitter=self.policy.wait_jitter,
        )

    def _is_worth_another(self, error: Exception) -> bool:
        """Whether to try again. The pause that a service asks for is kept by the next turn at its host."""
        if not isinstance(error, Refused) or not error.is_passing or self._seconds_left <= 0:
            return False
        logger.info("%s: attempt %d of %d: %s", self.url, self.attempts, self.source.attempts, error.reason)
        return True

    def _attempt(self, request: Request, part: PartialFile, last: LastFetch | None) -> Answer | None:
        """Ask once, following redirects, each in its own turn at its host."""
        self.attempts += 1
        url, method, form = request.url, request.method, request.form
        for _ in range(self.policy.redirects + 1):
            headers = self._headers(request, url, part, last)
            content = urlencode(form).encode() if form else None
            with self._turn(url), self._explained():
                query = self._http.build_request(method, url, headers=headers, content=content, timeout=self._timeout())
                with self._streamed(query) as response:
                    if not response.has_redirect_location:
                        return self._take(request, response, part)
                    target = redirect_target(request.url, url, response.headers["location"])
            if method == "POST" and response.status_code in (301, 302, 303):
                method, form = "GET", ()
            url = target
        raise Refused(f"the service sends us round: {self.policy.redirects} redirects, the last to {url}")

    def _take(self, request: Request, response: httpx.Response, part: PartialFile) -> Answer | None:
        """Receive the body of an answer that is no redirect, and check it at every step."""
        if response.status_code == 304:
            return None
        if response.status_code == 416:
            part.drop()
            raise Refused("the service has no such part of the file any more", is_passing=True)
        answers.check_status(response, self.source, self.policy.longest_wait)
        answers.check_media_type(response, self.source, request.expects, request.is_page_passing)
        part.receive(response, self._bytes_left, self._deadline)
        try:
            answers.check_is_no_page(part.path, request.expects, self.source.encoding)
            if request.check is not None:
                request.check(part.path)
        except Refused:
            part.drop()
            raise
        return Answer(request.url, part, response.headers, answers.media_type_of(response))

    def _headers(self, request: Request, url: str, part: PartialFile, last: LastFetch | None) -> dict[str, str]:
        """What is sent along: the token to its own service only, and a condition or a range for a GET."""
        headers = dict(request.headers)
        if request.form:
            headers["Content-Type"] = "application/x-www-form-urlencoded; charset=utf-8"
        if self._token and is_same_origin(url, self.source.address):
            headers["Authorization"] = f"Bearer {self._token}"
        if request.method != "GET":
            return headers
        resume = part.resume_headers()
        if not resume and last is not None:
            conditions = {"If-None-Match": last.etag, "If-Modified-Since": last.last_modified}
            resume = {name: value for name, value in conditions.items() if value}
        return headers | resume

    def _timeout(self) -> httpx.Timeout:
        declared, left = self.source.timeouts, max(self._seconds_left, 0.1)
        return httpx.Timeout(min(declared.read, left), connect=min(declared.connect, left))

    @contextmanager
    def _streamed(self, query: httpx.Request) -> Generator[httpx.Response]:
        response = self._http.send(query, stream=True, follow_redirects=False)
        try:
            yield response
        finally:
            response.close()

    @contextmanager
    def _turn(self, url: str) -> Generator[None]:
        """Our turn at the host; the time it takes counts against the total, waiting for it does not."""
        folder = self.policy.turns or self.into
        with turn_at(folder, urlsplit(url).netloc, self.source.min_interval, self.policy.longest_wait) as turn:
            started = time.monotonic()
            self._deadline = started + self._seconds_left
            try:
                yield
            except Refused as refusal:
                turn.pause = max(turn.pause, refusal.wait or 0.0)
                raise
            finally:
                self._seconds_left -= time.monotonic() - started

    @contextmanager
    def _explained(self) -> Generator[None]:
        """Say in words what went wrong on the way."""
        times = self.source.timeouts
        try:
            yield
        except (httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise Refused(f"no connection within {times.connect:g} seconds", is_passing=True) from error
        except httpx.TimeoutException as error:
            raise Refused(f"the service fell silent for {times.read:g} seconds", is_passing=True) from error
        except httpx.InvalidURL as error:
            raise Refused(f"the service leads on to an address that is none ({error})") from error
        except httpx.RequestError as error:
            raise self._explain(error) from error

    def _explain(self, error: httpx.RequestError) -> Refused:
        distrust = _certificate_problem(error)
        if distrust is None:
            return Refused(f"the connection failed ({error or type(error).__name__})", is_passing=True)
        variable = self.source.ca_bundle_env or CA_BUNDLE
        return Refused(
            f"the server's certificate is not trusted ({distrust})",
            advice=f"If its authority is to be trusted, put the authority's certificate into a PEM file and name "
            f"that file in the environment variable {variable}.",
        )


def _certificate_problem(error: BaseException) -> str | None:
    """What is wrong with the certificate, where that is at the bottom of the error."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return cause.verify_message
        cause = cause.__cause__ or cause.__context__
    return None
