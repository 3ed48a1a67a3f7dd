"""Webhooks of CRM systems: deals, leads, customers, records."""

from typing import Final

from collectors.webhooks.crm import hubspot, pipedrive, salesforce, salesforce_outbound, zoho
from collectors.webhooks.provider import Provider

PROVIDERS: Final[tuple[Provider, ...]] = (
    hubspot.PROVIDER, salesforce.PROVIDER, salesforce_outbound.PROVIDER, pipedrive.PROVIDER, zoho.PROVIDER,
)  # fmt: skip
