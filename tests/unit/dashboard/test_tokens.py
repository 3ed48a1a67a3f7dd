"""Who may ask: every route with every kind of token, hosts, and what is never told."""

import logging
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from dashboard.guard import COOKIE
from dashboard.tokens import FRESH_MS, Tokens
from models.serving import ServeToken
from models.settings import SettingsError, load_settings
from ops.listening import listen
from tests.unit.dashboard.rig import NOW, Rig

LOOK, ACT, ALL, OLD = "look-0123456789abcd", "act-0123456789abcdef", "all-0123456789abcdef", "old-0123456789abcdef"
UNTIL = datetime.fromtimestamp(NOW / 1000, UTC)
TOKENS = (
    ServeToken(token=SecretStr(LOOK), tenants=("acme",)),
    ServeToken(token=SecretStr(ACT), tenants=("acme",), role="act"),
    ServeToken(token=SecretStr(ALL), tenants=("*",)),
    ServeToken(token=SecretStr(OLD), tenants=("*",), role="act", until=UNTIL),
)
VALUES = {"kpi": "orders", "subject": "c-1", "name": "monday"}
OPEN = {"/healthz", "/readyz"}


def routes(rig: Rig, tenant: str = "acme") -> Iterator[tuple[str, str, str]]:
    """(method, path, template) of all that the OpenAPI page lists."""
    for template, methods in rig.app.openapi()["paths"].items():
        for method in methods:
            path = template.replace("{tenant}", tenant)
            for name, value in VALUES.items():
                path = path.replace(f"{{{name}}}", value)
            yield method.upper(), path, template


async def status(rig: Rig, method: str, path: str, token: str | None) -> int:
    """What comes of a request; streams end at once."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    bodies: dict[str, Any] = {"PUT": {"title": "x", "tiles": []}, "POST": {"tenant": "acme"}}
    async with rig.client("203.0.113.9", "kpis.example.com", **headers) as client:
        if path.endswith("/stream"):
            return (await client.head(path)).status_code
        return (await client.request(method, path, json=bodies.get(method))).status_code


@pytest.fixture
async def guarded() -> Rig:
    """The app with tokens, asked from somewhere else."""
    made = Rig(TOKENS)
    await made.fill()
    return made


@pytest.mark.parametrize("token", [None, "", "nonsense-nonsense-nonsense", OLD, LOOK[:-1], LOOK + "x"])
async def test_no_route_answers_without_a_good_token(guarded: Rig, token: str | None) -> None:
    """None, one of nobody's, one that has expired."""
    found = {path: await status(guarded, method, path, token) for method, path, _ in routes(guarded)}
    assert {path for path, code in found.items() if code != 401} == OPEN


async def test_no_route_answers_for_another_tenant(guarded: Rig) -> None:
    """Whether it exists or not."""
    for tenant in ("other", "nobody"):
        found = {
            (method, path): await status(guarded, method, path, ACT)
            for method, path, template in routes(guarded, tenant)
            if "{tenant}" in template
        }
        assert set(found.values()) == {403}


async def test_every_route_answers_for_its_own(guarded: Rig) -> None:
    """With what a worker or Kafka would be asked for, which are not there, and no boards."""
    for method, path, template in routes(guarded):
        assert await status(guarded, method, path, ACT) not in (401, 403), (method, template)


async def test_to_change_something_takes_the_role(guarded: Rig) -> None:
    """Looking does not."""
    for method in ("PUT", "DELETE"):
        assert await status(guarded, method, "/api/v1/acme/boards/monday", LOOK) == 403
    assert await status(guarded, "PUT", "/api/v1/acme/boards/monday", ACT) == 200
    assert await status(guarded, "GET", "/api/v1/acme/boards/monday", LOOK) == 200


async def test_tenants_of_others_are_not_listed(guarded: Rig) -> None:
    """But for a token of all."""
    for token, names in ((LOOK, ["acme"]), (ALL, ["acme", "other"])):
        async with guarded.client(Authorization=f"Bearer {token}") as client:
            assert [one["tenant"] for one in (await client.get("/api/v1/tenants")).json()] == names


async def test_a_browser_gives_its_token_once(guarded: Rig) -> None:
    """Then it is in a cookie that scripts cannot read, and no longer in the address."""
    async with guarded.client("203.0.113.9", "kpis.example.com") as client:
        found = await client.get(f"/?token={LOOK}&board=sales")
        assert (found.status_code, found.headers["location"]) == (303, "/?board=sales")
        assert found.headers["set-cookie"] == f"{COOKIE}={LOOK}; Path=/; HttpOnly; SameSite=Strict"
        assert (await client.get("/api/v1/acme/snapshot")).status_code == 200
        assert (await client.get("/api/v1/other/snapshot")).status_code == 403
        assert (await client.get("/")).status_code == 200
    async with guarded.client() as client:
        wrong = await client.get("/?token=nonsense-nonsense")
        assert (wrong.status_code, "set-cookie" in wrong.headers) == (401, False)
        secure = await client.get(f"/?token={LOOK}", headers={"X-Forwarded-Proto": "https"})
        assert secure.headers["set-cookie"].endswith("; Secure")


async def test_no_token_is_told(guarded: Rig, caplog: pytest.LogCaptureFixture) -> None:
    """Not in logs, not in problems, not in settings as text."""
    caplog.set_level(logging.DEBUG)
    guarded.worker.answers["explain"] = RuntimeError("unforeseen")
    async with guarded.client(Authorization=f"Bearer {LOOK}") as client:
        texts = [(await client.get(path)).text for path in ("/api/v1/acme/kpis/orders/explain", f"/?token={OLD}")]
    texts += [repr(TOKENS), str(load_settings({"serve_tokens": TOKENS})), caplog.text.replace(f"?token={OLD}", "")]
    assert not [text for text in texts for token in (LOOK, OLD) if token in text]


async def test_an_end_is_the_first_moment_it_is_refused() -> None:
    """Until then it is good."""
    clock = [NOW - 1]
    tokens = Tokens(TOKENS, lambda: clock[0])
    assert tokens.grant(OLD) is not None
    clock[0] = NOW
    assert tokens.grant(OLD) is None


async def test_a_token_is_taken_back_with_its_file(tmp_path: Path) -> None:
    """Changed, it is another one; both within seconds and without a restart."""
    clock, file = [NOW], tmp_path / "token"
    file.write_text(LOOK + "\n")
    tokens = Tokens((ServeToken(token_file=str(file), tenants=("acme",)),), lambda: clock[0])
    assert tokens.grant(LOOK) is not None
    file.write_text(ACT)
    clock[0] += FRESH_MS
    assert tokens.grant(LOOK) is None
    assert tokens.grant(ACT) is not None
    file.unlink()
    clock[0] += FRESH_MS
    assert tokens.grant(ACT) is None
    assert tokens.grant("") is None


def test_wrong_tokens_are_said_at_the_start(tmp_path: Path) -> None:
    """By the name of the setting, without the secret."""
    for wrong, words in (
        ({"tenants": ("acme",)}, "either token or token_file"),
        ({"token": LOOK, "token_file": "x", "tenants": ("acme",)}, "either token or token_file"),
        ({"token": "short", "tenants": ("acme",)}, "16 to 512"),
        ({"token": LOOK, "tenants": ("Acme",)}, "is not a tenant name"),
        ({"token": LOOK, "tenants": ()}, "tenants"),
        ({"token": LOOK, "tenants": ("acme",), "role": "admin"}, "role"),
        ({"token": LOOK, "tenants": ("acme",), "until": "2026-11-14T12:00:00"}, "until"),
    ):
        with pytest.raises(ValidationError, match=words) as caught:
            ServeToken.model_validate(wrong)
        assert LOOK not in str(caught.value)
    (tmp_path / "empty").write_text("")
    for file in ("missing", "empty"):
        with pytest.raises(SettingsError, match=r"serve_tokens\.0\.token_file"):
            Tokens((ServeToken(token_file=str(tmp_path / file), tenants=("acme",)),), lambda: NOW)


def test_tokens_come_from_the_settings_file() -> None:
    """A table each."""
    place = load_settings(file={"serve_tokens": [{"token": LOOK, "tenants": ["acme"], "until": UNTIL}]})
    assert place.serve_tokens[0].tenants == ("acme",)


@pytest.mark.parametrize(
    ("address", "code"),
    [("127.0.0.1", 200), ("127.8.8.8", 200), ("::1", 200), ("::ffff:127.0.0.1", 200), ("192.0.2.7", 403), ("", 403)],
)
async def test_without_tokens_only_this_machine_may_ask(address: str, code: int) -> None:
    """Everything, and nobody else anything."""
    rig = Rig()
    async with rig.client(address) as client:
        assert (await client.get("/api/v1/catalog")).status_code == code
        assert (await client.get("/")).status_code == code


@pytest.mark.parametrize(
    ("host", "code"),
    [
        ("localhost:8080", 200), ("127.0.0.1", 200), ("[::1]:8080", 200), ("LOCALHOST.", 200), ("kpis.local", 200),
        ("evil.example.com", 421), ("localhost.evil.example.com:8080", 421), ("127.0.0.1.example.com", 421),
    ],
)  # fmt: skip
async def test_names_of_others_do_not_lead_here(host: str, code: int) -> None:
    """A page of somebody else's must not read numbers through a name it points at this machine."""
    for rig in (Rig(hosts=frozenset({"kpis.local"})), Rig(hosts=frozenset({"kpis.local"}), open=True)):
        async with rig.client() as client:
            assert (await client.get("/api/v1/catalog", headers={"Host": host})).status_code == code


async def test_other_sites_change_nothing(rig: Rig) -> None:
    """A browser says where a request comes from."""
    async with rig.client() as client:
        for site, code in (("cross-site", 403), ("same-site", 403), ("same-origin", 200), (None, 200)):
            headers = {} if site is None else {"Sec-Fetch-Site": site}
            body = {"title": "x", "tiles": []}
            found = await client.put("/api/v1/acme/boards/monday", json=body, headers=headers)
            assert found.status_code == code


async def test_very_long_queries_are_refused(rig: Rig) -> None:
    """Before anything looks at them."""
    async with rig.client() as client:
        assert (await client.get("/api/v1/catalog?x=" + "y" * 17_000)).status_code == 414


async def test_large_bodies_are_refused(rig: Rig) -> None:
    """Whether they say how large they are or not."""

    async def parts() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" " * 1024

    async with rig.client() as client:
        path = "/api/v1/acme/boards/monday"
        assert (await client.put(path, content=b" " * 70_000)).status_code == 413
        assert (await client.put(path, content=parts())).status_code in (400, 500)
    assert rig.boards.held == {}


def test_the_next_free_port_is_taken() -> None:
    """When there may be several; else it is an error."""
    with listen("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with listen("127.0.0.1", port, 64) as second:
            assert port < second.getsockname()[1] < port + 64
        with pytest.raises(OSError, match="in use"):
            listen("127.0.0.1", port)
