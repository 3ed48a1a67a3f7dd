"""The API over stores in memory: shapes, problems, tables, caching."""

import csv
from io import StringIO
from typing import Any

import httpx
import pytest

from dashboard import shapes
from kpis.catalog import CATALOG
from sinks.base import Point
from sinks.query import QueryRefused, QueryUnavailable
from tests.contract.boards import document
from tests.unit.dashboard.rig import Rig

V1 = "/api/v1"


async def test_catalogue_has_every_kpi_with_its_words(client: httpx.AsyncClient) -> None:
    """A title, a formula and a family each; what adds up says so."""
    rows = [shapes.Row.model_validate(row) for row in (await client.get(f"{V1}/catalog")).json()]
    assert [row.kpi for row in rows] == [kpi.id for kpi in CATALOG]
    assert all(row.title and row.formula and row.family and row.summary for row in rows)
    by = {row.kpi: row for row in rows}
    assert by["orders"].additive
    assert not by["win_rate"].additive
    for once in ("active_customers", "visitors", "churned_customers", "customer_lifetime_value", "rfm_segment"):
        assert not by[once].additive
    assert by["win_rate"].dimensions == ["owner", "source", "campaign", "pipeline"]
    assert by["sales_funnel"].vector is not None
    assert by["orders"].steps == ["hour", "day", "week", "month"]
    assert by["customer_acquisition_cost"].steps == ["day", "week", "month"]


async def test_tenants_say_how_current_they_are(rig: Rig, client: httpx.AsyncClient) -> None:
    """Currency and zone come from their documents; 90 s without a word are stale."""
    first, second = (await client.get(f"{V1}/tenants")).json()
    assert first["tenant"] == "acme"
    assert (first["currency"], first["tz"], first["stale"]) == ("EUR", "Europe/Helsinki", False)
    assert first["as_of"] == first["checked"] == "2026-11-14T10:00:00.000Z"
    assert (second["tenant"], second["currency"]) == ("other", None)
    rig.now += 60_000
    assert (await client.get(f"{V1}/tenants")).json()[0]["stale"]


async def test_the_tenant_that_is_set_as_the_first_comes_first(rig: Rig, client: httpx.AsyncClient) -> None:
    """On every page of the list; a name that nobody has changes nothing."""
    rig.parts.first = "other"
    assert [one["tenant"] for one in (await client.get(f"{V1}/tenants")).json()] == ["other", "acme"]
    assert [one["tenant"] for one in (await client.get(f"{V1}/tenants?limit=1&offset=1")).json()] == ["acme"]
    rig.parts.first = "nobody"
    assert [one["tenant"] for one in (await client.get(f"{V1}/tenants")).json()] == ["acme", "other"]


async def test_snapshot_is_what_redis_holds(rig: Rig, client: httpx.AsyncClient) -> None:
    """Totals only, with their revision."""
    found = (await client.get(f"{V1}/acme/snapshot?window=30d")).json()
    assert found["rev"] == "0.1"
    assert found["documents"] == await rig.store.snapshot("acme", "30d")
    assert [one["kpi"] for one in found["documents"]] == ["net_revenue", "orders", "win_rate"]


async def test_a_number_of_a_segment(client: httpx.AsyncClient) -> None:
    """As published, whole."""
    found = (await client.get(f"{V1}/acme/kpis/win_rate?segment=owner:anna")).json()
    assert (found["segment"], found["n"]) == ({"owner": "anna"}, 3)
    missing = await client.get(f"{V1}/acme/kpis/win_rate?segment=owner:carl")
    assert missing.status_code == 404
    assert "owner=carl" in missing.json()["detail"]


async def test_segments_come_the_largest_first_and_the_rest_last(client: httpx.AsyncClient) -> None:
    """Whatever the rest adds up to."""
    found = (await client.get(f"{V1}/acme/kpis/win_rate/segments")).json()
    assert [one["segment"]["owner"] for one in found["dimensions"]["owner"]] == ["ben", "anna", "__other__"]
    assert found["total"]["segment"] == {}


async def test_a_series_ends_with_the_day_that_goes_on(client: httpx.AsyncClient) -> None:
    """Closed days from history, today from its document; a day without a value is a gap, not 0."""
    found = (await client.get(f"{V1}/acme/kpis/orders/series?from=2026-11-04&to=2026-11-30")).json()
    assert found["buckets"][0] == "2026-11-04"
    assert found["buckets"][-1] == "2026-11-14"
    (line,) = found["series"]
    assert line["values"] == [4, None, *range(6, 14), 2]
    assert line["status"][1] == "no_data"
    assert found["running"]
    closed = (await client.get(f"{V1}/acme/kpis/orders/series?to=2026-11-13")).json()
    assert not closed["running"]
    assert (len(closed["buckets"]), closed["buckets"][-1]) == (30, "2026-11-13")
    assert closed["series"][0]["n"][0] is None


@pytest.mark.parametrize(
    ("step", "last", "value"), [("month", "2026-11", 40), ("week", "2026-11-09", 9), ("hour", "2026-11-14T09Z", 1)]
)
async def test_other_steps_end_with_what_goes_on(client: httpx.AsyncClient, step: str, last: str, value: int) -> None:
    """But for hours: of the running one nothing is published."""
    found = (await client.get(f"{V1}/acme/kpis/orders/series?step={step}")).json()
    assert found["buckets"][-1] == last
    assert found["series"][0]["values"][-1] == value
    assert found["running"] == (step != "hour")


async def test_a_series_without_a_document_of_the_running_day_ends_with_it(rig: Rig, client: httpx.AsyncClient) -> None:
    """Costs accrue by the day: it is the one after the last that is over, on the tenant's clock."""
    rig.history.points["acme", "customer_acquisition_cost", "day"] = {"2026-11-14": Point("9.50", 3)}
    found = (await client.get(f"{V1}/acme/kpis/customer_acquisition_cost/series?from=2026-11-13")).json()
    assert found["buckets"] == ["2026-11-13", "2026-11-14", "2026-11-15"]
    assert (found["series"][0]["values"], found["running"]) == ([None, "9.50", None], True)
    small = (await client.get(f"{V1}/other/sparklines?kpi=orders&kpi=leads&last=2")).json()
    assert small == {"buckets": ["2026-11-13", "2026-11-14"], "values": {"orders": [None, None], "leads": [None, None]}}


async def test_series_of_segments_are_asked_of_the_worker(rig: Rig, client: httpx.AsyncClient) -> None:
    """With the day that goes on. A worker of an earlier release tells no status."""
    days = ["2026-11-13", "2026-11-14"]
    line = {"segment": {"owner": "anna"}, "values": [1, 2], "n": [1, 2]}
    rig.worker.answers["series"] = {"buckets": days, "series": [line]}
    found = (await client.get(f"{V1}/acme/kpis/orders/series?from=2026-11-13&dimension=owner")).json()
    assert rig.worker.asked == [
        {
            "tenant": "acme", "ask": "series", "kpi": "orders", "step": "day", "first": days[0], "last": days[1],
            "dimension": "owner",
        }
    ]  # fmt: skip
    assert (found["buckets"], found["series"][0]["status"], found["running"]) == (days, [None, None], True)
    rig.worker.answers["series"] = {"buckets": days, "series": [{**line, "status": ["ok", "low_n"]}]}
    told = (await client.get(f"{V1}/acme/kpis/orders/series?from=2026-11-13&segment=owner:anna")).json()
    assert told["series"][0]["status"] == ["ok", "low_n"]


async def test_members_of_a_month_long_over(rig: Rig, client: httpx.AsyncClient) -> None:
    """The worker is asked for the moment from which it is the last one."""
    rig.worker.answers["members"] = {"kpi": "mrr_churn", "members": []}
    query = "window=last_month&as_of=2026-09-02&limit=5"
    assert (await client.get(f"{V1}/acme/kpis/mrr_churn/members?{query}")).status_code == 200
    assert rig.worker.asked == [
        {
            "tenant": "acme", "ask": "members", "kpi": "mrr_churn", "window": "last_month", "segment": {}, "limit": 5,
            "offset": 0, "as_of": "2026-09-02",
        }
    ]  # fmt: skip


async def test_sparklines_of_several_kpis(client: httpx.AsyncClient) -> None:
    """A KPI without history has gaps."""
    found = (await client.get(f"{V1}/acme/sparklines?last=3&kpi=orders&kpi=win_rate")).json()
    assert found == {
        "buckets": ["2026-11-12", "2026-11-13", "2026-11-14"],
        "values": {"orders": [12, 13, 2], "win_rate": [None, None, None]},
    }


async def test_members_are_never_kept_by_a_cache(rig: Rig, client: httpx.AsyncClient) -> None:
    """They are about people."""
    member = {"kind": "deal", "id": "=cmd()", "n": 1, "numerator": 1, "amount": "-12.50"}
    rig.worker.answers["members"] = {"members": [member], "n": 1, "total": 1}
    found = await client.get(f"{V1}/acme/kpis/win_rate/members?segment=owner:anna&limit=1000")
    assert found.headers["cache-control"] == "no-store"
    assert "etag" not in found.headers
    assert rig.worker.asked[0]["segment"] == {"owner": "anna"}
    table = (await client.get(f"{V1}/acme/kpis/win_rate/members?format=csv")).text
    row = next(iter(csv.DictReader(StringIO(table))))
    assert (row["id"], row["amount"]) == ("'=cmd()", "-12.50")


async def test_ids_with_slashes_have_timelines(rig: Rig, client: httpx.AsyncClient) -> None:
    """An id may be any text."""
    rig.worker.answers["timeline"] = {"subject": "a/b", "facts": []}
    assert (await client.get(f"{V1}/acme/subjects/a%2Fb%20c/timeline")).status_code == 200
    assert rig.worker.asked[0]["subject"] == "a/b c"


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        (QueryRefused(400, "members of nps cannot be listed"), 400, "cannot be listed"),
        (QueryRefused(404, "unknown"), 404, "unknown"),
        (QueryRefused(413, "too large"), 413, "too large"),
        (QueryRefused(500, "it raised"), 503, "it raised"),
        (QueryUnavailable("it restores"), 503, "a worker does not answer: it restores"),
    ],
)
async def test_what_a_worker_refuses_is_a_problem(
    rig: Rig, client: httpx.AsyncClient, answer: Exception, code: int, words: str
) -> None:
    """With its words, and never as ours."""
    rig.worker.answers["explain"] = answer
    found = await client.get(f"{V1}/acme/kpis/orders/explain")
    assert found.status_code == code
    assert found.headers["content-type"] == "application/problem+json"
    assert words in found.json()["detail"]
    assert ("retry-after" in found.headers) == (code == 503)


@pytest.mark.parametrize(
    ("path", "code", "words"),
    [
        ("/acme/kpis/win_rat", 404, "kpi: there is no KPI 'win_rat'; did you mean win_rate"),
        ("/acme/kpis/orders?window=30", 422, "window: there is no window '30'; did you mean 30d"),
        ("/acme/kpis/lead_abandonment_rate?window=30d", 422, "has no window 30d; use one of all"),
        ("/acme/kpis/orders?segment=anna", 422, "segment: 'anna' is none"),
        ("/nobody/snapshot", 404, "nothing is published for tenant nobody"),
        ("/Acme/snapshot", 422, "tenant: "),
        ("/acme/kpis/orders/members?limit=1001", 422, "limit: "),
        ("/acme/kpis/orders/series?from=yesterday", 422, "from: 'yesterday' is no date"),
        ("/acme/kpis/orders/series?from=2020-01-01", 422, "at most 400 buckets"),
        ("/acme/kpis/orders/series?from=2026-11-02&to=2026-11-01", 422, "is later than to"),
        ("/acme/kpis/cohort_retention/series", 422, "step: there is no step of cohort_retention"),
        ("/acme/kpis/orders/cross?rows=owner&columns=owner", 422, "choose another dimension"),
        ("/acme/sparklines?kpi=order", 404, "did you mean orders"),
        ("/acme/sparklines", 422, "kpi: "),
        ("/acme/nothing", 404, "openapi.json"),
        ("/acme/boards/none", 404, "there is no board none"),
        ("/lag", 503, "Kafka does not answer"),
    ],
)
async def test_problems_name_the_field_and_say_what_to_do(
    client: httpx.AsyncClient, path: str, code: int, words: str
) -> None:
    """In words, as application/problem+json, kept by nobody."""
    found = await client.get(V1 + path)
    assert (found.status_code, found.headers["content-type"]) == (code, "application/problem+json")
    assert words in found.json()["detail"]
    assert found.headers["cache-control"] == "no-store"


async def test_redis_away_is_503_with_when_to_try_again(rig: Rig, client: httpx.AsyncClient) -> None:
    """And the server is not ready, but alive."""
    rig.store.away = True
    for path in (f"{V1}/tenants", f"{V1}/acme/snapshot"):
        found = await client.get(path)
        assert (found.status_code, found.headers["retry-after"]) == (503, "2")
    assert (await client.get("/readyz")).status_code == 503
    assert (await client.get("/healthz")).status_code == 200


async def test_a_problem_nobody_foresaw_tells_nothing(rig: Rig, client: httpx.AsyncClient) -> None:
    """Its text is for the log."""
    rig.worker.answers["explain"] = RuntimeError("secret detail")
    found = await client.get(f"{V1}/acme/kpis/orders/explain")
    assert (found.status_code, found.headers["content-type"]) == (500, "application/problem+json")
    assert "secret" not in found.text
    assert "content-security-policy" in found.headers
    assert 'code="500",route="/api/v1/{tenant}/kpis/{kpi}/explain"} 1.0' in (await client.get("/metrics")).text


async def test_what_has_not_changed_is_not_sent_again(rig: Rig, client: httpx.AsyncClient) -> None:
    """By its ETag; a changed number has another one."""
    path = f"{V1}/acme/kpis/orders"
    tag = (await client.get(path)).headers["etag"]
    again = await client.get(path, headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    await rig.publish(document("orders", value=8))
    assert (await client.get(path, headers={"If-None-Match": tag})).status_code == 200


async def test_large_answers_are_compressed(client: httpx.AsyncClient) -> None:
    """When the asker takes it; small ones are not."""
    large = await client.get(f"{V1}/catalog")
    assert large.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in (await client.get("/healthz")).headers


async def test_head_is_get_without_its_body(client: httpx.AsyncClient) -> None:
    """Also of a stream, which ends at once."""
    for path in ("/", f"{V1}/acme/snapshot", f"{V1}/acme/stream"):
        found = await client.head(path)
        assert (found.status_code, found.content) == (200, b"")
    assert (await client.head(f"{V1}/acme/kpis/none")).status_code == 404


async def test_tables_are_csv(client: httpx.AsyncClient) -> None:
    """With a name to save them under."""
    for path, lines in (
        ("/catalog", len(CATALOG) + 1), ("/tenants", 3), ("/acme/snapshot", 4), ("/acme/kpis/orders", 2),
        ("/acme/kpis/win_rate/segments", 5), ("/acme/kpis/orders/series", 31), ("/acme/sparklines?kpi=orders", 31),
    ):  # fmt: skip
        found = await client.get(V1 + path + ("&" if "?" in path else "?") + "format=csv")
        assert found.headers["content-type"] == "text/csv; charset=utf-8", path
        assert len(list(csv.reader(StringIO(found.text)))) == lines, path
        assert found.headers["content-disposition"].startswith("attachment; filename=")


async def test_boards_are_kept_changed_and_deleted(client: httpx.AsyncClient) -> None:
    """With tiles that exist."""
    board: dict[str, Any] = {"title": "Mine", "tiles": [{"kpi": "orders", "window": "7d", "size": "l"}]}
    assert (await client.put(f"{V1}/acme/boards/monday", json=board)).json() == {"name": "monday", **board}
    assert (await client.get(f"{V1}/acme/boards")).json() == [{"name": "monday", **board}]
    assert (await client.get(f"{V1}/other/boards")).json() == []
    for tile, words in (({"kpi": "order"}, "tiles.0.kpi"), ({"kpi": "orders", "window": "9d"}, "tiles.0.window")):
        wrong = await client.put(f"{V1}/acme/boards/monday", json={"title": "x", "tiles": [tile]})
        assert wrong.status_code in (404, 422)
        assert words in wrong.json()["detail"]
    assert (await client.delete(f"{V1}/acme/boards/monday")).status_code == 204
    assert (await client.delete(f"{V1}/acme/boards/monday")).status_code == 404


async def test_there_may_be_so_many_boards(client: httpx.AsyncClient) -> None:
    """One more is refused, one of them can be changed."""
    board = {"title": "x", "tiles": []}
    for number in range(100):
        assert (await client.put(f"{V1}/acme/boards/b{number}", json=board)).status_code == 200
    assert (await client.put(f"{V1}/acme/boards/more", json=board)).status_code == 409
    assert (await client.put(f"{V1}/acme/boards/b7", json=board)).status_code == 200


async def test_figures_of_the_server(client: httpx.AsyncClient) -> None:
    """By route, never by tenant."""
    await client.get(f"{V1}/acme/snapshot")
    text = (await client.get("/metrics")).text
    assert 'crmkpi_http_requests_total{code="200",route="/api/v1/{tenant}/snapshot"} 1.0' in text
    assert "acme" not in text


async def test_the_page_and_its_files(client: httpx.AsyncClient) -> None:
    """With the headers that keep others out."""
    page = await client.get("/")
    assert page.status_code == 200
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["referrer-policy"] == "no-referrer"
    file = await client.get("/static/index.html")
    assert (file.status_code, file.headers["cache-control"]) == (200, "no-cache")
    again = await client.get("/static/index.html", headers={"If-None-Match": file.headers["etag"]})
    assert again.status_code == 304
    assert (await client.get("/static/../app.py")).status_code == 404
