"""Web touchpoints: views, clicks, forms."""

from typing import Final, Required

from models.events.common import Common, Id, Label, Shapes, Text

TOPIC: Final = "crm.touchpoints.pages.v1"


class PageViewed(Common, total=False):
    """A page was shown."""

    url: Required[Text]
    path: Text
    title: Text


class LinkClicked(Common, total=False):
    """A link was followed."""

    link_url: Required[Text]


class Form(Common, total=False):
    """A form was started or submitted."""

    form_id: Required[Id]
    form_name: Label


SHAPES: Final[Shapes] = {
    "page.viewed": PageViewed,
    "link.clicked": LinkClicked,
    "form.started": Form,
    "form.submitted": Form,
}
