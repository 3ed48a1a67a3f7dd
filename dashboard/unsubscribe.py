"""Ends a report for one recipient: the link in its mails, and the button of mail programs (RFC 8058).

The link is the permission, so neither a token nor JSON is asked for. Opening it only asks: scanners of mails open it.
"""

from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.responses import HTMLResponse, Response

from dashboard.services import Parts, Services
from reports.ready import READY
from reports.report import Language
from reports.safe import shown
from reports.templating import rendered
from reports.unsubscribe import PATH, Subscription, subscription
from reports.words import words

LANGUAGE: Final = "lang"
Lang = Annotated[Language, Query(alias=LANGUAGE)]

router = APIRouter(prefix=PATH, include_in_schema=False)


@router.get("/{token}")
async def ask(parts: Parts, token: str, language: Lang = "en") -> Response:
    """A page with a button."""
    one = _known(parts, token)
    return _page(one, "unsubscribe.ask" if one else "unsubscribe.unknown", language)


@router.post("/{token}")
async def end(parts: Parts, token: str, language: Lang = "en") -> Response:
    """Done at once, also a second time. What a mail program sends along, List-Unsubscribe=One-Click, says no more."""
    one = _known(parts, token)
    if one is not None and parts.unsubscribed is not None:
        await parts.unsubscribed.add(one)
    return _page(one, "unsubscribe.done" if one else "unsubscribe.unknown", language)


def _known(parts: Services, token: str) -> Subscription | None:
    return subscription(token, parts.unsubscribe_secret) if parts.unsubscribe_secret else None


def _page(one: Subscription | None, key: str, language: Language) -> Response:
    said = words(language)
    named = READY.get(one.report) if one else None
    report = said.heading(named.title) if named else shown(one.report) if one else ""
    text = said(key, report=report, tenant=shown(one.tenant), mail=shown(one.mail)) if one else said(key)
    html = rendered("unsubscribe.html.j2", words=said, text=text, ask=key == "unsubscribe.ask")
    return HTMLResponse(html, 200 if one else 404)
