"""One polite visit to a site: pages fetched with limits on number, size, time and redirects, at a decent pace."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from urllib.parse import urljoin, urlsplit

import requests
from requests.cookies import extract_cookies_to_jar
from urllib3.exceptions import HTTPError

from runner.channels.contact_form.guard import AddressPolicy, AddressRefused, Resolver, resolve_host
from runner.channels.contact_form.pinned import OwnNetwork, Wire, session
from runner.channels.contact_form.politeness import Pace

REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Broken(Enum):
    """Why a request brought no page; `Trouble.sent` says whether the site may have it all the same."""

    REFUSED_ADDRESS = "refused_address"
    UNREACHABLE = "unreachable"
    LIMIT = "limit"
    OWN_NETWORK = "own_network"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class Trouble:
    """A request that brought no page. `sent` is whether the site may have received the request."""

    kind: Broken
    text: str
    sent: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What a site answered, body decoded from its transfer coding and cut at the size limit."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    truncated: bool = False
    redirected_from: tuple[str, ...] = ()

    @property
    def content_type(self) -> str:
        """The media type, lower case, without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass(frozen=True, slots=True)
class Limits:
    """What one visit may cost: pages, redirects a page, decoded bytes a page, seconds a page and a submission."""

    pages: int = 6
    redirects: int = 5
    size: int = 2_000_000
    page_seconds: float = 20.0
    submit_seconds: float = 30.0


@dataclass(frozen=True, slots=True)
class Request:
    """A request to make; `body` None is a GET of a page."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


class Visit:
    """A browser-like session with one site: cookies kept, every URL and address checked, every limit kept."""

    def __init__(
        self,
        policy: AddressPolicy,
        user_agent: str,
        limits: Limits = Limits(),
        pace: Pace | None = None,
        resolve: Resolver = resolve_host,
        tick: Callable[[], float] = time.monotonic,
    ) -> None:
        self.limits = limits
        self.policy = policy
        self.user_agent = user_agent
        self._pace = pace
        self._tick = tick
        self._wire = Wire(policy, resolve)
        self._session = session(self._wire)
        self._session.headers.clear()
        self._session.headers.update({
            "User-Agent": user_agent,
            "Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8",
            "Accept-Encoding": "gzip, deflate",
        })  # fmt: skip
        self.pages = 0

    def get(self, url: str, referer: str | None = None) -> Answer | Trouble:
        """Fetch a page, following redirects; each hop is checked like the first."""
        if self.pages >= self.limits.pages:
            return Trouble(Broken.LIMIT, f"more than {self.limits.pages} pages would be needed")
        self.pages += 1
        headers = {"Referer": referer} if referer else {}
        return self._follow(Request("GET", url, headers), self.limits.page_seconds)

    def fetch_rules(self, url: str) -> Answer | Trouble:
        """Fetch a site's robots.txt, which does not count as a page."""
        return self._follow(Request("GET", url), self.limits.page_seconds)

    def now(self) -> float:
        """The machine's monotonic clock, in seconds."""
        return self._tick()

    def slow_down(self, host: str, gap: float) -> None:
        """Keep the gap that a site asks for between requests to it."""
        if self._pace is not None:
            self._pace.slow_down(host, gap)

    def submit(self, request: Request) -> Answer | Trouble:
        """Send a submission once. Its redirects are followed as GET only; a demand to send it again is not met."""
        for adapter in self._session.adapters.values():
            adapter.close()  # a connection that stood idle may be dead, which would only show after the form was sent
        answer = self._once(request, self.limits.submit_seconds, paced=False)
        if isinstance(answer, Trouble) or answer.status not in {301, 302, 303} or "location" not in answer.headers:
            return answer
        target = urljoin(answer.url, answer.headers["location"])
        landed = self._follow(Request("GET", target, {"Referer": answer.url}), self.limits.page_seconds)
        if isinstance(landed, Trouble):
            return Answer(target, answer.status, answer.headers, b"", redirected_from=(answer.url,))
        return Answer(
            landed.url, landed.status, landed.headers, landed.body, landed.truncated,
            (answer.url, *landed.redirected_from),
        )  # fmt: skip

    def cookies(self) -> tuple[tuple[str, str], ...]:
        """The names and values of the cookies the site has set."""
        return tuple((cookie.name, cookie.value or "") for cookie in self._session.cookies)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def _follow(self, request: Request, seconds: float) -> Answer | Trouble:
        ends = self._tick() + seconds
        passed: list[str] = []
        while True:
            answer = self._once(request, max(0.1, ends - self._tick()))
            if isinstance(answer, Trouble) or answer.status not in REDIRECTS or "location" not in answer.headers:
                break
            passed.append(answer.url)
            if len(passed) > self.limits.redirects:
                return Trouble(Broken.LIMIT, f"more than {self.limits.redirects} redirects")
            request = Request("GET", urljoin(answer.url, answer.headers["location"]), request.headers)
        if isinstance(answer, Trouble) or not passed:
            return answer
        return Answer(answer.url, answer.status, answer.headers, answer.body, answer.truncated, tuple(passed))

    def _once(self, request: Request, seconds: float, *, paced: bool = True) -> Answer | Trouble:
        try:
            url = self.policy.check_url(request.url)
        except AddressRefused as error:
            return Trouble(Broken.REFUSED_ADDRESS, str(error))
        if self._pace is not None and paced:
            self._pace.wait(urlsplit(url).netloc)
        try:
            with self._wire.deadline(seconds):
                return self._exchange(request, url, seconds)
        except AddressRefused as error:
            return Trouble(Broken.REFUSED_ADDRESS, str(error))
        except OwnNetwork as error:
            return Trouble(Broken.OWN_NETWORK, str(error))
        except (requests.ConnectTimeout, requests.exceptions.InvalidURL) as error:
            return Trouble(Broken.UNREACHABLE, _words(error))
        except requests.ConnectionError as error:
            return Trouble(
                Broken.INTERRUPTED if _was_sent(error) else Broken.UNREACHABLE, _words(error), _was_sent(error)
            )
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            return Trouble(Broken.INTERRUPTED, _words(error), sent=True)

    def _exchange(self, request: Request, url: str, seconds: float) -> Answer | Trouble:
        ends = self._tick() + seconds
        with self._send(request, url, seconds) as response:
            body = bytearray()
            for chunk in response.iter_content(16_384):
                body += chunk
                if len(body) > self.limits.size or self._tick() > ends:
                    break
            late = self._tick() > ends
            cut = len(body) > self.limits.size
        if late:
            return Trouble(Broken.LIMIT, f"the answer took longer than {seconds:g} s", sent=True)
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(url, response.status_code, headers, bytes(body[: self.limits.size]), cut)

    def _send(self, request: Request, url: str, seconds: float) -> requests.Response:
        """One request over the transport, without the session's own redirects, which would read any body whole."""
        prepared = self._session.prepare_request(
            requests.Request(request.method, url, headers=dict(request.headers), data=request.body)
        )
        adapter = self._session.get_adapter(url)
        response = adapter.send(prepared, stream=True, timeout=(min(10.0, seconds), seconds), verify=True)
        extract_cookies_to_jar(self._session.cookies, prepared, response.raw)  # type: ignore[no-untyped-call]
        return response


_BEFORE_SENDING = (
    "NewConnectionError", "ConnectTimeoutError", "NameResolution", "CERTIFICATE_VERIFY_FAILED", "WRONG_VERSION_NUMBER",
    "HANDSHAKE_FAILURE", "UNSUPPORTED_PROTOCOL", "CertificateError",
)  # fmt: skip


def _was_sent(error: requests.ConnectionError) -> bool:
    """Whether the request may have left: everything but a connection, or its TLS, that was never made."""
    text = repr(error)
    return not any(sign in text for sign in _BEFORE_SENDING)


def _words(error: BaseException) -> str:
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return str(reason or error)[:300]
