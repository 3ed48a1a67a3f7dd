"""Alerts: rules with their states, the log, and actions on them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from aiokafka.errors import KafkaError
from fastapi import APIRouter, Path, Query, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from starlette.responses import Response

from alerts.preview import NoPreview, preview, series_of
from dashboard import act_shapes
from dashboard.asking import Allowed, MayAct
from dashboard.ports import Alerts, KafkaUnavailable
from dashboard.problems import Wrong, described
from dashboard.replies import API, NEVER, instant, reply
from dashboard.services import Parts, Services
from models.alerting import Rule
from models.tenants import complaints

RuleId = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$", examples=["win-rate"])]
FIELDS: Final = frozenset(one.alias or name for name, one in act_shapes.AlertRuleBody.model_fields.items())
LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC)
router = APIRouter(prefix=API, tags=["alerts"], responses=described(401, 403, 404, 422, 503))


class Mute(BaseModel):
    """``until``: null unmutes. ``by``: the user, for the log."""

    model_config = ConfigDict(extra="forbid")

    until: AwareDatetime | None
    by: Annotated[str, Field(max_length=100)] = ""


class Ack(BaseModel):
    """``by``: the user who acknowledges."""

    model_config = ConfigDict(extra="forbid")

    by: Annotated[str, Field(max_length=100)] = ""


@router.get("/{tenant}/alerts", response_model=act_shapes.Alerts)
async def alerts(request: Request, parts: Parts, tenant: Allowed) -> Response:
    """Rules with their states, and the latest log entries."""
    return reply(request, _shown(await _desk(parts).view(tenant)), NEVER)


@router.put("/{tenant}/alerts/rules/{rule}", response_model=act_shapes.AlertRule, responses=described(400, 409, 413))
async def keep(
    request: Request, parts: Parts, tenant: MayAct, rule: RuleId, body: act_shapes.AlertRuleBody
) -> Response:
    """Save a rule, replacing one with the same id. Rules of the settings file cannot be changed."""
    made = _rule(tenant, rule, body)
    if found := _desk(parts).complaint(made):
        raise Wrong(409 if found[0] == "id" else 422, f"{found[0]}: {found[1]}", found[0])
    async with _kafka():
        await _desk(parts).keep(made)
    return reply(request, {**made.as_json(), "from_file": False}, NEVER)


@router.delete("/{tenant}/alerts/rules/{rule}", status_code=204, responses=described(409))
async def drop(parts: Parts, tenant: MayAct, rule: RuleId) -> Response:
    """Delete a rule. A raised alert is cleared, and announced to whoever was notified."""
    if (await _known(parts, tenant, rule))["from_file"]:
        raise Wrong(409, f"{rule} is a rule of the settings file, which only that changes", "rule")
    async with _kafka():
        await _desk(parts).drop(tenant, rule)
    return Response(status_code=204)


@router.post("/{tenant}/alerts/rules/{rule}/mute", status_code=204, responses=described(400, 413))
async def mute(parts: Parts, tenant: MayAct, rule: RuleId, body: Mute) -> Response:
    """Mute a rule until an instant; if it is still raised then, a notice is sent."""
    await _known(parts, tenant, rule)
    if body.until is not None and body.until > LATEST:
        raise Wrong(422, "until: must be before the year 2100", "until")
    until = None if body.until is None else int(body.until.timestamp() * 1000)
    async with _kafka():
        await _desk(parts).mute(tenant, rule, until, body.by, parts.now())
    return Response(status_code=204)


@router.post("/{tenant}/alerts/log/{rule}/{number}/ack", status_code=204, responses=described(400, 413))
async def ack(
    parts: Parts, tenant: MayAct, rule: RuleId, number: Annotated[int, Path(ge=1, le=10**9)], body: Ack
) -> Response:
    """Acknowledge a change in the log."""
    log = (await _desk(parts).view(tenant))["log"]
    if not any((one["rule"], one["number"]) == (rule, number) for one in log):
        raise Wrong(404, f"there is no change {rule}/{number}; /api/v1/{tenant}/alerts lists them", "number")
    async with _kafka():
        await _desk(parts).ack(tenant, rule, number, body.by, parts.now())
    return Response(status_code=204)


@router.post("/{tenant}/alerts/preview", response_model=act_shapes.AlertPreview, responses=described(400, 413))
async def how_often(
    request: Request,
    parts: Parts,
    tenant: Allowed,
    body: act_shapes.AlertRuleBody,
    days: Annotated[int, Query(ge=1, le=400)] = 90,
) -> Response:
    """How often a rule would have been raised, according to the series of past days."""
    rule = _rule(tenant, "preview", body)
    try:
        step, _ = series_of(rule)
        series = await parts.history.history(tenant, str(rule.kpi), step)
        found = preview(rule, series, days, datetime.fromtimestamp(parts.now() / 1000, UTC))
    except NoPreview as error:
        raise Wrong(422, str(error), str(error).partition(":")[0]) from error
    raised = [{"bucket": bucket, "value": value} for bucket, value in found.raised]
    return reply(request, {**found._asdict(), "raised": raised}, NEVER)


def _rule(tenant: str, name: str, body: act_shapes.AlertRuleBody) -> Rule:
    try:
        return Rule.model_validate({**body.model_dump(by_alias=True, exclude_none=True), "id": name, "tenant": tenant})
    except ValidationError as error:
        text = complaints(error)[0].removeprefix(": ")
        field = text.partition(":")[0]
        raise Wrong(422, text, field if field.partition(".")[0] in FIELDS else None) from error


async def _known(parts: Services, tenant: str, rule: str) -> dict[str, Any]:
    for one in (await _desk(parts).view(tenant))["rules"]:
        if one["id"] == rule:
            return dict(one)
    raise Wrong(404, f"there is no rule {rule}; /api/v1/{tenant}/alerts lists them", "rule")


def _shown(view: dict[str, Any]) -> dict[str, Any]:
    """The view with instants as text."""
    rules = [{**one, "since": _at(one["since"]), "muted_until": _at(one["muted_until"])} for one in view["rules"]]
    log = [
        {
            **one,
            "at": _at(one["at"]),
            "ack": one["ack"] and {"by": one["ack"]["by"], "at": _at(one["ack"]["at"])},
            "deliveries": [{**sent, "done": _at(sent["done"])} for sent in one["deliveries"]],
        }
        for one in view["log"]
    ]
    return {**view, "rules": rules, "log": log}


def _at(ms: int | None) -> str | None:
    return None if ms is None else instant(ms)


def _desk(parts: Services) -> Alerts:
    if parts.alerts is None:
        raise Wrong(404, "this server knows of no alerts")
    return parts.alerts


@asynccontextmanager
async def _kafka() -> AsyncIterator[None]:
    try:
        yield
    except (KafkaError, OSError, TimeoutError) as error:
        raise KafkaUnavailable(str(error) or type(error).__name__) from error
