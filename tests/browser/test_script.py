"""The page script in Chromium: what a site's pages send to a collector of another origin."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from collectors.arrived import Arrived
from collectors.event import Event
from collectors.script import SCRIPT
from collectors.segment import read, write_key
from tests.unit.collectors.contract import RECEIVED, rows

PAGE = """<!doctype html><title>Prices</title>
<script>window.touchpoints = [%s]</script>
<script async src="http://localhost:%d/t.js" data-key="k-1"></script>
<a id=out href="https://other.example/x?a=1">out</a> <a id=in href="/b">in</a>
<a id=mail href="mailto:a@b.example">m</a>
<button id=buy data-track="Buy Pressed">buy</button> <a id=told data-track href="/c">told</a>
<form id=order onsubmit="return false"><input name=id value=""><input id=card name=card><button id=go>go</button></form>
"""


class Site(ThreadingHTTPServer):
    """Pages and the collector they send to; their origins differ, as 127.0.0.1 and localhost do."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.daemon_threads = True
        self.said = ""
        self.sent: list[Arrived] = []
        self.methods: list[str] = []

    @property
    def bodies(self) -> bytes:
        """All that was sent."""
        return b"\n".join(one.body for one in self.sent)

    def events(self) -> list[Event]:
        """All events, every one of them valid."""
        readings = [read(one, "batch") for one in self.sent]
        for reading in readings:
            rows(reading)
        return [event for reading in readings for _, event in reading.events]


class Handler(BaseHTTPRequestHandler):
    """GET: the script or a page; POST: an event, kept before it is answered."""

    server: Site

    def do_GET(self) -> None:
        """The script, or a page for any other path."""
        script = self.path == "/t.js"
        body = SCRIPT if script else (PAGE % (self.server.said, self.server.server_port)).encode()
        self._answer(body, "text/javascript" if script else "text/html")

    def do_POST(self) -> None:
        """Keeps what came."""
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers["content-length"]))
        self.server.sent.append(Arrived("POST", self.path, headers, body, RECEIVED))
        self._answer(b"{}", "application/json")

    def do_OPTIONS(self) -> None:
        """A preflight: there is to be none."""
        self.server.methods.append("OPTIONS")
        self._answer(b"", "text/plain")

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""

    def _answer(self, body: bytes, media: str) -> None:
        self.send_response(200)
        self.send_header("content-type", media)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def site() -> Iterator[Site]:
    """A site on loopback."""
    with Site() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def page(browser: Any, site: Site) -> Iterator[Any]:
    """A tab; nothing may go wrong in it."""
    context = browser.new_context(locale="fi-FI")
    tab = context.new_page()
    tab.set_default_timeout(10_000)
    errors: list[str] = []
    tab.on("pageerror", lambda error: errors.append(str(error)))
    yield tab
    context.close()
    assert errors == []


def opened(page: Any, site: Site, path: str = "/a", said: str = "") -> None:
    """Go to a page and wait for the script."""
    site.said = said
    page.goto(f"http://127.0.0.1:{site.server_port}{path}", referer="https://news.example/")
    page.wait_for_function("!!(window.touchpoints && touchpoints.flush)")


def flushed(page: Any, site: Site, count: int) -> list[Event]:
    """What was sent once so many events are there."""
    page.evaluate("touchpoints.flush()")
    for _ in range(50):
        if len(found := site.events()) >= count:
            break
        page.wait_for_timeout(50)
    page.wait_for_timeout(100)  # nothing more is to come
    assert len(site.events()) == count
    return found


def test_before_a_word_of_consent_nobody_is_told_from_anybody(page: Any, site: Site) -> None:
    opened(page, site, "/a?utm_source=mail#secret")
    (view,) = flushed(page, site, 1)
    assert (view.type, view.data["consent"], view.data["campaign"]) == ("crm.page.viewed", "none", {"source": "mail"})
    assert view.data["url"].endswith("/a?utm_source=mail")
    assert (view.data["title"], view.data["path"], view.data["locale"]) == ("Prices", "/a", "fi-FI")
    assert view.data["referrer"] == "https://news.example/"
    assert not view.data.keys() & {"anonymous_id", "user_id", "session_id"}
    assert page.evaluate("[document.cookie, sessionStorage.length, localStorage.length]") == ["", 0, 0]


def test_a_beacon_needs_no_preflight_and_has_its_key_in_the_body(page: Any, site: Site) -> None:
    opened(page, site)
    flushed(page, site, 1)
    (request,) = site.sent
    assert request.headers["content-type"].startswith("text/plain")
    assert (request.url, write_key(request.body), site.methods) == ("/v1/batch", "k-1", [])


def test_consent_gives_ids_for_the_session(page: Any, site: Site) -> None:
    opened(page, site)
    page.evaluate(
        "touchpoints.identify('early'); touchpoints.consent(true); touchpoints.identify('u-1', {plan: 'pro'})"
    )
    view, known = flushed(page, site, 2)  # the view that waited, with its visitor, and counted once
    assert (view.type, view.data["consent"], view.data["user_id"]) == ("crm.page.viewed", "granted", "early")
    assert (known.type, known.data["user_id"], known.data["traits"]) == (
        "crm.identity.identified",
        "u-1",
        {"plan": "pro"},
    )
    opened(page, site, "/b")
    again = flushed(page, site, 3)[2]
    assert again.data["anonymous_id"] == view.data["anonymous_id"] == view.data["session_id"]


def test_what_was_seen_before_a_word_of_consent_waits_for_it_until_the_page_is_left(page: Any, site: Site) -> None:
    opened(page, site)
    page.wait_for_timeout(2_300)  # longer than events wait otherwise
    assert site.events() == []
    opened(page, site, "/b")
    page.evaluate("touchpoints.consent(true)")
    page.wait_for_timeout(2_300)
    first, second = site.events()
    assert (first.data["path"], first.data["consent"], "anonymous_id" in first.data) == ("/a", "none", False)
    assert (second.data["path"], second.data["consent"], "anonymous_id" in second.data) == ("/b", "granted", True)


def test_a_refusal_forgets_and_sends_nothing(page: Any, site: Site) -> None:
    opened(page, site, said="['consent', true]")
    assert flushed(page, site, 1)[0].data["consent"] == "granted"
    page.evaluate("touchpoints.track('Seen'); touchpoints.consent(false); touchpoints.track('Seen')")
    assert page.evaluate("sessionStorage.length") == 0
    opened(page, site, "/b", said="['consent', false]")
    flushed(page, site, 1)


def test_global_privacy_control_is_a_refusal(page: Any, site: Site) -> None:
    page.add_init_script("Object.defineProperty(navigator, 'globalPrivacyControl', {value: true})")
    opened(page, site, said="['consent', true]")
    page.evaluate("touchpoints.track('Seen')")
    flushed(page, site, 0)
    assert page.evaluate("sessionStorage.length") == 0


def test_views_of_a_single_page(page: Any, site: Site) -> None:
    opened(page, site)
    first = page.url
    page.evaluate("history.pushState({}, '', '/b'); document.title = 'B'")
    page.wait_for_timeout(20)
    page.evaluate("history.pushState({}, '', '/b'); history.replaceState({}, '', '/b#top')")
    page.wait_for_timeout(20)
    page.evaluate("history.go(-2)")
    page.wait_for_timeout(200)
    views = flushed(page, site, 3)
    assert [(view.data["path"], view.data["title"]) for view in views] == [("/a", "Prices"), ("/b", "B"), ("/a", "B")]
    assert views[1].data["referrer"] == first


def test_clicks(page: Any, site: Site) -> None:
    opened(page, site)
    page.evaluate("addEventListener('click', e => e.preventDefault())")
    for element in ("out", "in", "mail", "buy", "told"):
        page.click(f"#{element}")
    _, out, buy, told = flushed(page, site, 4)
    assert (out.type, out.data["link_url"]) == ("crm.link.clicked", "https://other.example/x?a=1")
    assert buy.type == "crm.track.buy_pressed"
    assert (told.type, told.data["link_url"]) == ("crm.link.clicked", f"http://127.0.0.1:{site.server_port}/c")


def test_forms_are_told_by_their_ids_and_never_by_what_is_in_them(page: Any, site: Site) -> None:
    opened(page, site)
    page.fill("#card", "4111 1111")
    page.fill("#card", "4111 1111 1111 1111")
    page.click("#go")
    _, begun, submitted = flushed(page, site, 3)
    assert (begun.type, begun.data["form_id"]) == ("crm.form.started", "order")
    assert (submitted.type, submitted.data["form_id"]) == ("crm.form.submitted", "order")
    assert b"4111" not in site.bodies


def test_who_leaves_at_once_has_been_here(page: Any, site: Site) -> None:
    opened(page, site)
    page.goto("about:blank")
    page.wait_for_timeout(300)
    assert [event.type for event in site.events()] == ["crm.page.viewed"]


def test_many_events_are_sent_in_batches_and_have_ids_of_their_own(page: Any, site: Site) -> None:
    opened(page, site)
    page.evaluate("for (let n = 0; n < 25; n++) touchpoints.push(['track', 'Seen', {n}])")
    events = flushed(page, site, 26)
    assert len({event.id for event in events}) == 26
    assert len(site.sent) == 3
