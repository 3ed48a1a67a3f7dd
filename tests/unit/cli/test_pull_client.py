"""Asking an API: with patience, and without telling its token."""

import pytest

from collectors.pulled.client import PATIENCE_S, TRIES, Api, retry_after
from collectors.pulled.page import Away, PullError
from tests.unit.cli.api_server import Asked, Served, serving
from tests.unit.cli.pulling import NOW


class Asker:
    """A client that notes how long it would have slept."""

    def __init__(self, served: Served, *tokens: str) -> None:
        self.slept: list[float] = []
        self._tokens = list(tokens) or ["t-1"]
        self.api = Api(served.address, lambda: {"authorization": f"Bearer {self._token()}"}, lambda: NOW, self._sleep)

    def _token(self) -> str:
        return self._tokens.pop(0) if len(self._tokens) > 1 else self._tokens[0]

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


def answer(asked: Asked) -> object:
    """Says what was asked."""
    if asked.path == "/none":
        raise KeyError
    return {"path": asked.path, "query": asked.query}


async def test_a_busy_api_is_waited_for_as_long_as_it_says() -> None:
    """Seconds or a date; where it does not say, twice as long each time. A cut answer is asked for again."""
    async with serving(answer) as served:
        served.faults = [
            (429, {"retry-after": "7"}), (503, {"retry-after": "Sat, 28 Nov 2026 10:00:20 GMT"}), "cut", (500, {}),
        ]  # fmt: skip
        asker = Asker(served)
        assert await asker.api.get("/a", {"b": "c"}) == {"path": "/a", "query": {"b": "c"}}
        assert asker.slept == [7.0, 20.0, 2.0, 4.0]
        await asker.api.close()


async def test_it_ends_with_an_api_that_stays_away() -> None:
    """Or that wants too long: the next pass asks again."""
    async with serving(answer) as served:
        asker = Asker(served)
        served.faults = ["cut"] * TRIES
        with pytest.raises(Away, match="8 times"):
            await asker.api.get("/a")
        served.faults = [(429, {"retry-after": f"{PATIENCE_S + 1:.0f}"})]
        with pytest.raises(Away, match="901 s"):
            await asker.api.get("/a")
        assert len(served.asked) == TRIES + 1
        await asker.api.close()


async def test_a_refusal_is_said_without_the_token() -> None:
    """At once; a token that was replaced is read anew, once."""
    async with serving(answer) as served:
        asker = Asker(served, "old", "new")
        served.faults = [(401, {})]
        await asker.api.get("/a")
        assert [one.token for one in served.asked] == ["Bearer old", "Bearer new"]
        with pytest.raises(PullError, match=r"GET http://.*/none: it answers 404") as caught:
            await asker.api.get("/none", {"q": "private"})
        assert "private" not in str(caught.value)
        assert "new" not in str(caught.value)
        served.faults = [(401, {}), (401, {})]
        with pytest.raises(PullError, match="401"):
            await asker.api.get("/a")
        await asker.api.close()


@pytest.mark.parametrize("value", [None, "", "soon", "-1", "١"])
def test_what_is_no_time_to_wait(value: str | None) -> None:
    """Is as if it were not there."""
    assert retry_after(value, NOW) is None
