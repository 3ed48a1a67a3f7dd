"""Every provider there is, by the name it has in addresses."""

from collections.abc import Mapping
from typing import Final

from collectors.webhooks import crm, mail, other, standard
from collectors.webhooks.provider import Provider

PROVIDERS: Final[Mapping[str, Provider]] = {
    one.name: one for one in (*crm.PROVIDERS, *mail.PROVIDERS, *other.PROVIDERS, standard.PROVIDER)
}
