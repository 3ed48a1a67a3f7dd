"""Webhooks to real receivers on this machine: signed, refused where they must not go, and told what is wrong."""

import base64
import ipaddress
import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

import pytest
from standardwebhooks.webhooks import Webhook

from models.notifying import NotifySettings
from models.settings import Settings, load_settings
from notify.channels import Channels
from notify.guarded import may_reach
from notify.over_http import slack_body
from notify.sending import NotSent
from tests.unit.notify.deliveries import MESSAGE, delivery

SECRET: Final = "whsec_" + base64.b64encode(b"s" * 32).decode()


class Server:
    """Answers ``code`` with ``headers``, and keeps what it was sent."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.code, self.headers, self.answer = 204, dict[str, str](), b""
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                owner.got.append(({name.lower(): text for name, text in self.headers.items()}, body))
                self.send_response(owner.code)
                for name, text in {"content-length": str(len(owner.answer)), **owner.headers}.items():
                    self.send_header(name, text)
                self.end_headers()
                self.wfile.write(owner.answer)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.http.server_address[1]
        threading.Thread(target=self.http.serve_forever, daemon=True).start()


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.http.shutdown()
    made.http.server_close()


def place(port: int, *, kind: str = "webhook", host: str = "127.0.0.1", allow: bool = True, **more: Any) -> Settings:
    """Settings with one channel."""
    channel = {"name": "ops", "tenant": "acme", "kind": kind, "url": f"http://{host}:{port}/hook", **more}
    if kind == "webhook" and "secret_file" not in more:
        channel |= {"secret": SECRET}
    networks = ["127.0.0.0/8", "::1/128"] if allow else []
    return load_settings({}, {"notify": {"channels": [channel], "allow_networks": networks, "timeout_s": 2}})


async def send(settings: Settings, **more: Any) -> None:
    """One delivery."""
    async with Channels(settings, lambda: 1_795_000_000_500) as channels:
        await channels.send(delivery(**more))


async def test_a_webhook_is_signed_as_standard_webhooks_says(server: Server) -> None:
    async with Channels(place(server.port), lambda: int(time.time() * 1000)) as channels:
        await channels.send(delivery())
        await channels.send(delivery())
    (headers, body), again = server.got
    told = Webhook(SECRET).verify(body, headers)
    assert told["type"] == "kpi.alert.raised"
    assert (
        told["timestamp"]
        == datetime.fromtimestamp(MESSAGE.at / 1000, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"
    )
    assert told["data"] == {"title": MESSAGE.title, "text": MESSAGE.text, "number": 1}
    assert headers["webhook-id"] == again[0]["webhook-id"] == "msg_1"
    with pytest.raises(Exception, match="No matching signature"):
        Webhook(SECRET).verify(body + b" ", headers)


@pytest.mark.parametrize(("code", "for_good"), [(500, False), (404, False), (429, False), (410, True), (302, False)])
async def test_other_answers_are_no_success(server: Server, code: int, for_good: bool) -> None:
    server.code, server.answer = code, b"no " * 100_000
    server.headers = {"location": f"http://127.0.0.1:{server.port}/other", "retry-after": "17"}
    with pytest.raises(NotSent, match=f"answered {code} 'no ") as error:
        await send(place(server.port))
    assert error.value.for_good == for_good
    assert error.value.retry_s == (17 if code == 429 else None)
    assert len(str(error.value)) < 300
    assert len(server.got) == 1  # a redirect is not followed


async def test_nobody_there_is_tried_again(server: Server) -> None:
    server.http.shutdown()
    server.http.server_close()
    with pytest.raises(NotSent, match="ConnectError") as error:
        await send(place(server.port))
    assert not error.value.for_good


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1"])
async def test_this_machine_is_refused_by_whatever_name(server: Server, host: str) -> None:
    with pytest.raises(NotSent, match="private address"):
        await send(place(server.port, host=host, allow=False))
    assert server.got == []


async def test_a_name_that_is_allowed_keeps_its_name(server: Server) -> None:
    await send(place(server.port, host="localhost"))
    assert server.got[0][0]["host"] == f"localhost:{server.port}"


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True), ("2606:4700::1111", True), ("10.1.2.3", False), ("172.16.0.1", False),
        ("192.168.1.1", False), ("169.254.169.254", False), ("100.64.0.1", False), ("0.0.0.0", False),
        ("224.0.0.1", False), ("fd00::1", False),
        ("fe80::1", False), ("::ffff:10.0.0.1", False), ("2002:7f00:1::", False), ("64:ff9b::a00:1", False),
    ],
)  # fmt: skip
def test_what_is_public(address: str, public: bool) -> None:
    assert may_reach(ipaddress.ip_address(address), ()) == public


def test_an_allowed_network_is_no_other() -> None:
    allowed = NotifySettings.model_validate({"allow_networks": ["10.0.0.0/8"]}).allow_networks
    assert may_reach(ipaddress.ip_address("10.1.2.3"), allowed)
    assert not may_reach(ipaddress.ip_address("192.168.1.1"), allowed)


async def test_slack_has_text_without_links_of_others(server: Server) -> None:
    await send(place(server.port, kind="slack"), message=MESSAGE._replace(title="Deals of <!channel> & co"))
    headers, body = server.got[0]
    assert json.loads(body)["text"].startswith("*Deals of &lt;!channel&gt; &amp; co*\n")
    assert "webhook-signature" not in headers
    assert slack_body(delivery())


async def test_secrets_in_files_are_read_anew(server: Server, tmp_path: Any) -> None:
    file = tmp_path / "secret"
    settings = place(server.port, secret_file=str(file))
    with pytest.raises(NotSent, match="secret_file"):
        await send(settings)
    file.write_text(SECRET + "\n")
    await send(settings)
    file.write_text("whsec_c2hvcnQ=")
    with pytest.raises(NotSent, match="at least 24 bytes"):
        await send(settings)
    assert len(server.got) == 1


async def test_a_channel_that_is_no_more_is_given_up() -> None:
    with pytest.raises(NotSent, match="no channel gone of acme") as error:
        await send(load_settings(), channel="gone")
    assert error.value.for_good
