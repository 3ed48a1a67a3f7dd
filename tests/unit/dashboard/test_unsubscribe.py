"""Links in mails: one click ends one report for one recipient, from anywhere, and does nothing else."""

from collections.abc import AsyncIterator

import httpx
import pytest
from pydantic import SecretStr

from models.serving import ServeToken
from ops.local.redis import start_redis
from reports.unsubscribe import Subscription, token
from reports.unsubscribed import RedisUnsubscribed
from tests.unit.dashboard.rig import Rig

SECRET = b"0123456789abcdef"
ANNA = Subscription("acme", "sales_week", "Anna@acme.example")
FORM = {"content": "List-Unsubscribe=One-Click", "headers": {"Content-Type": "application/x-www-form-urlencoded"}}
LINK = f"/unsubscribe/{token(ANNA, SECRET)}"


class Ended:
    """What was ended, in memory."""

    def __init__(self) -> None:
        self.all: list[Subscription] = []

    async def add(self, one: Subscription) -> None:
        self.all.append(one)


@pytest.fixture
def ended() -> Ended:
    return Ended()


@pytest.fixture
async def client(ended: Ended) -> AsyncIterator[httpx.AsyncClient]:
    """From elsewhere, without a token, at a server that wants one."""
    rig = Rig((ServeToken(token=SecretStr("look-0123456789abcd"), tenants=("acme",)),))
    rig.parts.unsubscribed, rig.parts.unsubscribe_secret = ended, SECRET
    async with rig.client("203.0.113.9", "kpis.example.com") as made:
        yield made


async def test_one_click_ends_it(client: httpx.AsyncClient, ended: Ended) -> None:
    """As RFC 8058 has it: a POST with a form, nothing else."""
    answer = await client.post(LINK, **FORM)  # type: ignore[arg-type]

    assert answer.status_code == 200
    assert "“Sales week” of acme is no longer sent to Anna@acme.example." in answer.text
    assert ended.all == [ANNA]
    assert answer.headers["Cache-Control"] == "no-store"


async def test_opening_the_link_only_asks(client: httpx.AsyncClient, ended: Ended) -> None:
    """In the recipient's language; scanners of mails open links."""
    answer = await client.get(f"{LINK}?lang=fi")

    assert answer.status_code == 200
    assert 'lang="fi"' in answer.text
    assert "<button" in answer.text
    assert "Myynnin viikko" in answer.text
    assert (await client.head(LINK)).status_code == 200
    assert ended.all == []


@pytest.mark.parametrize("link", [f"{LINK}x", LINK[:-1], "/unsubscribe/x.y", f"/unsubscribe/{token(ANNA, b'x' * 16)}"])
async def test_another_link_ends_nothing(client: httpx.AsyncClient, ended: Ended, link: str) -> None:
    """Changed, cut off, made up, or of another secret."""
    for answer in (await client.get(link), await client.post(link, **FORM)):  # type: ignore[arg-type]
        assert answer.status_code == 404
        assert "This link is not valid" in answer.text
    assert ended.all == []


async def test_without_a_secret_no_link_is_good(ended: Ended) -> None:
    """Not even one signed with nothing."""
    rig = Rig()
    rig.parts.unsubscribed = ended
    async with rig.client() as client:
        answer = await client.post(f"/unsubscribe/{token(ANNA, b'')}", **FORM)  # type: ignore[arg-type]

    assert answer.status_code == 404
    assert ended.all == []


async def test_the_way_for_links_leads_nowhere_else(client: httpx.AsyncClient) -> None:
    """Everything else still wants its token."""
    for path in ("/unsubscribe", "/unsubscribe/../api/v1/tenants", "/api/v1/tenants", "/unsubscribed"):
        assert (await client.get(path)).status_code in (401, 404), path
    assert (await client.get("/unsubscribe/../api/v1/tenants")).status_code == 401


async def test_names_in_a_link_are_shown_as_text(client: httpx.AsyncClient) -> None:
    """A report of one's own may be called anything."""
    one = Subscription("acme", "<script>", "a@b.example")
    answer = await client.get(f"/unsubscribe/{token(one, SECRET)}")

    assert "&lt;script&gt;" in answer.text
    assert "<script>" not in answer.text


async def test_who_has_unsubscribed_is_kept_in_redis() -> None:
    """By report and address, whatever its capitals."""
    server = start_redis(lambda said: None)
    try:
        held = RedisUnsubscribed(server.url)
        await held.add(ANNA)
        await held.add(ANNA)

        assert await held.has(ANNA._replace(mail="anna@ACME.example"))
        assert not await held.has(ANNA._replace(report="ops_day"))
        assert not await held.has(ANNA._replace(tenant="other"))
        assert not await held.has(ANNA._replace(mail="ben@acme.example"))
        await held.close()
    finally:
        server.unit.remove()
