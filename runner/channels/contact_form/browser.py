"""A page in a real browser: opened, read with what can be seen marked, filled, and submitted with one click.

Playwright drives the system's Chromium. Its objects belong to one thread, so every call runs on the page's own thread.
All traffic goes through the guarded proxy; pop-ups, downloads, service workers and permissions are off.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from runner.channels.contact_form.browser_scripts import CHANGED, MARK, VALID
from runner.channels.contact_form.proxy import GuardedProxy

if TYPE_CHECKING:
    from playwright.sync_api import Frame, Page, Playwright, Response

T = TypeVar("T")

_ARGUMENTS = (
    "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--proxy-bypass-list=<-loopback>",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp", "--disable-features=MediaRouter,OptimizationHints",
)  # fmt: skip


class BrowserMissing(Exception):
    """Playwright or the browser is not installed. Caught inside the channel."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A frame as it stands: its address and its markup, controls numbered and unseen ones marked."""

    url: str
    html: str
    frame: int


@dataclass(frozen=True, slots=True)
class Clicked:
    """What came after the click: every answer to something that was sent, and how the frame looks now."""

    url: str
    html: str
    moved: bool
    requests: int
    status: int | None = None
    content_type: str = ""
    body: bytes = b""
    pending: bool = False
    screenshot: bytes = b""


class BrowserPage:
    """One page in a browser of its own. `close()` ends the browser."""

    def __init__(self, executable: str, user_agent: str, proxy: GuardedProxy, seconds: float) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="form-browser")
        self._proxy = proxy
        self._seconds = seconds
        self._driver: Playwright | None = None
        self._page: Page | None = None
        self._answers: list[Response] = []
        self._sent: list[str] = []
        self._waiting: set[int] = set()
        try:
            self._run(lambda: self._launch(executable, user_agent))
        except BaseException:
            self.close()
            raise

    def open(self, url: str) -> int:
        """Go to an address and wait until it has loaded; the status, 0 when there is none.

        Raises OSError when the page cannot be loaded.
        """
        return self._run(lambda: self._open(url))

    def snapshots(self) -> tuple[Snapshot, ...]:
        """Every frame of the page as it stands now, the main one first."""
        return self._run(self._snapshots)

    def fill(self, frame: int, values: dict[str, str], ticked: set[str], unticked: set[str]) -> None:
        """Type, choose and tick, each control by its mark. Raises OSError for a control that cannot be filled."""
        self._run(lambda: self._fill(frame, values, ticked, unticked))

    def invalid(self, frame: int, form: int) -> str | None:
        """What the browser itself finds wrong with a form; None when it would let it go."""
        found = self._run(lambda: self._frame(frame).evaluate(VALID, form))
        return None if found is None else str(found)

    def click(self, frame: int, mark: str | None, form: int, seconds: float) -> Clicked:
        """Press the button once, and watch what comes of it for at most `seconds`."""
        return self._run(lambda: self._click(frame, mark, form, seconds))

    def close(self) -> None:
        """End the browser, the proxy and the thread."""
        with suppress(Exception):
            self._thread.submit(self._end).result(15)
        self._thread.shutdown(wait=False, cancel_futures=True)
        self._proxy.close()

    def _run(self, call: Callable[[], T]) -> T:
        return self._thread.submit(call).result(self._seconds * 3 + 60)

    def _launch(self, executable: str, user_agent: str) -> None:
        try:
            from playwright.sync_api import Error, sync_playwright
        except ImportError as error:
            raise BrowserMissing("the extra `browser` is not installed") from error
        if not os.access(executable, os.X_OK):
            raise BrowserMissing(f"there is no browser at {executable}")
        root = ["--no-sandbox"] if os.geteuid() == 0 else []
        arguments = [*_ARGUMENTS, f"--proxy-server={self._proxy.address}", *root]
        self._driver = sync_playwright().start()
        try:
            browser = self._driver.chromium.launch(executable_path=executable, args=arguments, headless=True)
        except Error as error:
            raise BrowserMissing(f"the browser does not start: {str(error)[:200]}") from error
        agent = f"Mozilla/5.0 (X11; Linux) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{browser.version} {user_agent}"
        context = browser.new_context(user_agent=agent, accept_downloads=False, service_workers="block")
        page = context.new_page()
        page.set_default_timeout(self._seconds * 1000)
        context.on("page", lambda other: other.close() if other is not page else None)
        page.on("request", self._on_request)
        page.on("response", self._on_response)
        page.on("requestfailed", lambda request: self._waiting.discard(id(request)))
        self._page = page

    def _on_request(self, request: Any) -> None:
        if request.method != "GET" or request.is_navigation_request():
            self._sent.append(f"{request.method} {request.url}")
            self._waiting.add(id(request))

    def _on_response(self, response: Any) -> None:
        self._waiting.discard(id(response.request))
        self._answers.append(response)

    def _open(self, url: str) -> int:
        from playwright.sync_api import Error

        assert self._page is not None
        try:
            response = self._page.goto(url, wait_until="load")
        except Error as error:
            raise OSError(str(error).split("\n")[0][:200]) from error
        with suppress(Error):
            self._page.wait_for_selector("textarea, iframe", state="attached", timeout=min(self._seconds, 8.0) * 1000)
        return response.status if response is not None else 0

    def _snapshots(self) -> tuple[Snapshot, ...]:
        from playwright.sync_api import Error

        assert self._page is not None
        found = []
        for number, frame in enumerate(self._page.frames[:12]):
            with suppress(Error):
                frame.evaluate(MARK)
                found.append(Snapshot(frame.url, frame.content(), number))
        return tuple(found)

    def _frame(self, number: int) -> Frame:
        assert self._page is not None
        return self._page.frames[number]

    def _fill(self, number: int, values: dict[str, str], ticked: set[str], unticked: set[str]) -> None:
        from playwright.sync_api import Error

        frame = self._frame(number)
        try:
            for mark, value in values.items():
                control = frame.locator(f'[data-form-mark="{mark}"]')
                if control.evaluate("e => e.tagName") == "SELECT":
                    control.select_option(value)
                else:
                    control.fill(value)
            for mark in ticked:
                frame.locator(f'[data-form-mark="{mark}"]').check(force=True)
            for mark in unticked:
                frame.locator(f'[data-form-mark="{mark}"]').uncheck(force=True)
        except Error as error:
            raise OSError(str(error).split("\n")[0][:200]) from error

    def _click(self, number: int, mark: str | None, form: int, seconds: float) -> Clicked:
        from playwright.sync_api import Error

        assert self._page is not None
        frame = self._frame(number)
        before = frame.url
        seen, sent = len(self._answers), len(self._sent)
        if mark is not None:
            frame.locator(f'[data-form-mark="{mark}"]').click(no_wait_after=True, timeout=5000)
        else:
            frame.evaluate("n => document.querySelectorAll('form')[n].requestSubmit()", form)
        self._settle(frame, seconds, sent)
        if self._waiting:
            return Clicked(before, "", False, len(self._sent) - sent, pending=True)
        relevant = [a for a in self._answers[seen:] if a.request.method != "GET" or a.request.is_navigation_request()]
        answer = relevant[-1] if relevant else None
        body = b""
        if answer is not None and "json" in (answer.headers.get("content-type") or ""):
            with suppress(Error):
                body = answer.body()[:100_000]
        html, picture = "", b""
        with suppress(Error):
            html = frame.content()
        with suppress(Error):
            picture = self._page.screenshot(type="png", timeout=5000)
        return Clicked(
            frame.url, html, frame.url.split("#")[0] != before.split("#")[0], len(self._sent) - sent,
            answer.status if answer else None, (answer.headers.get("content-type") or "") if answer else "", body,
            False, picture,
        )  # fmt: skip

    def _settle(self, frame: Frame, seconds: float, sent: int) -> None:
        """Wait until the page has said something, or nothing more is under way."""
        from playwright.sync_api import Error

        assert self._page is not None
        with suppress(Error):
            self._page.wait_for_timeout(300)
        quiet = 0
        for _ in range(int(seconds / 0.25)):
            quiet = 0 if self._waiting else quiet + 1
            if quiet and self._has_spoken(frame):
                break
            if quiet >= (8 if len(self._sent) > sent else 12):
                break
            with suppress(Error):
                self._page.wait_for_timeout(250)
        if not self._waiting:
            with suppress(Error):
                self._page.wait_for_load_state("load", timeout=3000)

    @staticmethod
    def _has_spoken(frame: Frame) -> bool:
        """Whether the page says something new. Never asked while a request is out: that would wait for its answer."""
        from playwright.sync_api import Error

        with suppress(Error):
            return bool(frame.evaluate(CHANGED))
        return False

    def _end(self) -> None:
        if self._page is not None:
            browser = self._page.context.browser
            if browser is not None:
                browser.close()
        if self._driver is not None:
            self._driver.stop()
