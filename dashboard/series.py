"""KPIs over time: closed buckets from Redis, the current one from its document, segments from a worker."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, NamedTuple

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from dashboard import shapes
from dashboard.asking import Allowed, KpiRow, OneSegment, Published
from dashboard.asking import dimension as dimension_name
from dashboard.buckets import USUAL, Step, before, between, bucket_of, local_day, running
from dashboard.catalog import ROWS, STEPS, steps_of
from dashboard.ports import Document
from dashboard.problems import LONGEST, Wrong, described, known
from dashboard.replies import API, CSV, Format, Table, reply, table
from dashboard.services import Parts, Services
from kpis.catalog import Kpi
from kpis.query.buckets import MOST
from sinks.base import Point, Status

TOGETHER: Final = 150  # KPIs per request
FIRST_YEAR, LAST_YEAR = "1970", "2100"

router = APIRouter(prefix=API, tags=["series"], responses=described(401, 403, 404, 422, 503))


class Span(NamedTuple):
    """The requested buckets; None: the default ones."""

    step: Step
    first: str | None
    last: str | None


def span(
    step: Annotated[Step, Query()] = "day",
    first: Annotated[str | None, Query(alias="from", max_length=32, examples=["2026-11-01"])] = None,
    last: Annotated[str | None, Query(alias="to", max_length=32, examples=["2026-11-14"])] = None,
) -> Span:
    """The buckets of ``from`` and ``to``: dates, months or hours. Raises `Wrong` (422)."""
    return Span(step, _bucket(first, step, "from"), _bucket(last, step, "to"))


@router.get("/{tenant}/kpis/{kpi}/series", response_model=shapes.Series, responses={200: CSV, **described(400, 413)})
async def series(
    request: Request,
    parts: Parts,
    tenant: Allowed,
    status: Published,
    kpi: KpiRow,
    span: Annotated[Span, Depends(span)],
    segment: OneSegment,
    dimension: Annotated[str | None, Query(max_length=64, description="a line for each of its largest values")] = None,
    format: Format = "json",
) -> Response:
    """Values by hour, day, week or month. Without ``from`` and ``to``: the latest ones, including the current one."""
    step = known(span.step, steps_of(kpi), f"step of {kpi.id}", "step")
    if dimension is not None and segment:
        raise Wrong(422, "dimension: ask for a segment or for a dimension, not for both", "dimension")
    now = await _now(parts, tenant, kpi, span.step, status)
    buckets = _buckets(span, now)
    if dimension is None and not segment:
        found = await _total(parts, tenant, kpi, span.step, now, buckets)
    else:
        found = await _asked(parts, tenant, kpi, span.step, buckets, segment, dimension)
    goes_on = bool(found["buckets"]) and found["buckets"][-1] == now.bucket and not now.closed
    body = {"kpi": kpi.id, "step": step, "unit": kpi.unit, **found, "running": goes_on}
    if format == "csv":
        return table(request, f"{tenant}-{kpi.id}-{step}", _table(body))
    return reply(request, body)


@router.get("/{tenant}/sparklines", response_model=shapes.Sparklines, responses={200: CSV})
async def sparklines(
    request: Request,
    parts: Parts,
    tenant: Allowed,
    status: Published,
    kpi: Annotated[list[str], Query(min_length=1, max_length=TOGETHER, description="ids of KPIs")],
    step: Annotated[Step, Query()] = "day",
    last: Annotated[int, Query(ge=1, le=400, description="buckets, the running one included")] = 30,
    format: Format = "json",
) -> Response:
    """The latest buckets of several KPIs at once, for small charts."""
    kpis = [known(one, ROWS, "KPI", "kpi") for one in dict.fromkeys(kpi)]
    history = await parts.history.histories(tenant, kpis, step)
    shown = {str(one["kpi"]): one for one in await parts.numbers.snapshot(tenant, STEPS[step])}
    longest = max(history.values(), key=lambda found: max(found, default=""), default={})
    now = _running(next(iter(shown.values()), None), longest, step, status)
    end = now if step != "hour" else before(now, step, 1)
    buckets = between(before(end, step, min(last, MOST[step]) - 1), end, step)
    values = {one: [_value(history.get(one, {}), bucket, shown.get(one), step) for bucket in buckets] for one in kpis}
    if format == "csv":
        rows = ([bucket, *(values[one][place] for one in kpis)] for place, bucket in enumerate(buckets))
        return table(request, f"{tenant}-{step}", (["bucket", *kpis], rows))
    return reply(request, {"buckets": buckets, "values": values})


class Now(NamedTuple):
    """The current bucket, with its document if it has one; ``closed``: it is already in the history."""

    bucket: str
    document: Document | None
    history: Mapping[str, Point]

    @property
    def closed(self) -> bool:
        return self.bucket in self.history


async def _now(parts: Services, tenant: str, kpi: Kpi, step: Step, status: Status) -> Now:
    window = STEPS[step]
    document = None
    if window in kpi.windows and step != "hour":
        document = await parts.numbers.document(tenant, kpi.id, window)
    history = await parts.history.history(tenant, kpi.id, step)
    return Now(_running(document, history, step, status), document, history)


def _running(document: Document | None, history: Mapping[str, Point], step: Step, status: Status) -> str:
    """The document's bucket: around midnight it may still be the previous day's. Without a document, the one after the
    last closed bucket; a KPI with neither draws nothing, so any clock will do.
    """
    if step != "hour" and document and document.get("start"):
        return bucket_of(local_day(str(document["start"]), str(document.get("tz") or "UTC")), step)
    if step != "hour" and history:
        return before(max(history), step, -1)
    return running(step, status.checked, "UTC")


def _buckets(span: Span, now: Now) -> list[str]:
    step = span.step
    last = min(span.last or now.bucket, now.bucket)
    if step == "hour" and last == now.bucket:
        last = before(last, step, 1)  # the current hour is not published
    first = span.first or before(last, step, USUAL[step] - 1)
    if span.first and span.last and span.first > span.last:
        raise Wrong(422, f"from: {span.first} is later than to, {span.last}", "from")
    if first <= last and before(last, step, MOST[step] - 1) > first:
        raise Wrong(422, f"from: at most {MOST[step]} buckets of step {step} at once, up to {last}", "from")
    return between(first, last, step)


async def _total(
    parts: Services, tenant: str, kpi: Kpi, step: Step, now: Now, buckets: Sequence[str]
) -> dict[str, Any]:
    values, numbers, statuses = [], [], []
    for bucket in buckets:
        point = now.history.get(bucket)
        if point is not None:
            shown: tuple[Any, ...] = point.value, point.n, point.status
        elif bucket == now.bucket and now.document is not None:
            shown = now.document["value"], now.document["n"], now.document["status"]
        else:
            shown = None, None, None
        values.append(shown[0])
        numbers.append(shown[1])
        statuses.append(shown[2])
    return {"buckets": buckets, "series": [{"segment": {}, "values": values, "n": numbers, "status": statuses}]}


async def _asked(
    parts: Services,
    tenant: str,
    kpi: Kpi,
    step: Step,
    buckets: Sequence[str],
    segment: Mapping[str, str],
    dimension: str | None,
) -> dict[str, Any]:
    """Lines of segments, from a worker, including the current bucket."""
    if not buckets:
        return {"buckets": [], "series": []}
    by = {"segment": segment} if dimension is None else {"dimension": dimension_name(dimension, "dimension")}
    found = await parts.queries.ask(tenant, "series", kpi=kpi.id, step=step, first=buckets[0], last=buckets[-1], **by)
    lines = [{"status": [None] * len(one["values"]), **one} for one in found["series"]]  # older workers do not send it
    return {"buckets": found["buckets"], "series": lines}


def _value(history: Mapping[str, Point], bucket: str, running: Document | None, step: Step) -> Any:
    if (point := history.get(bucket)) is not None:
        return point.value
    if running is None or step == "hour" or not running.get("start"):
        return None
    own = bucket_of(local_day(str(running["start"]), str(running.get("tz") or "UTC")), step)
    return running["value"] if own == bucket else None


def _table(body: Mapping[str, Any]) -> Table:
    rows = (
        [bucket, *(next(iter(line["segment"].items()), ("", ""))), *values]
        for line in body["series"]
        for bucket, *values in zip(body["buckets"], line["values"], line["n"], line["status"], strict=True)
    )
    return ("bucket", "dimension", "segment", "value", "n", "status"), rows


def _bucket(text: str | None, step: Step, field: str) -> str | None:
    if text is None:
        return None
    try:
        found = bucket_of(text, step)
    except ValueError:
        found = ""
    if not FIRST_YEAR <= found[:4] < LAST_YEAR:
        raise Wrong(422, f"{field}: {text[:LONGEST]!r} is no date between 1970 and 2099; write it as 2026-11-14", field)
    return found
