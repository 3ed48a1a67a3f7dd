"""Builds a pass from a source's settings."""

import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from access.files import secret
from cli.book import workers_book
from cli.csvfile import load_mapping
from cli.importing import Checks
from cli.ledger import Ledger
from cli.pull_rows import PulledRows
from cli.pull_settings import secret_of
from cli.pulling import Judge, Paged, Parcels
from cli.ready import mapping_file
from collectors.privacy import Policy
from collectors.pulled.client import Api
from collectors.pulled.database import Database
from collectors.pulled.ga4_files import Ga4Files
from collectors.pulled.hubspot import HubSpot
from collectors.pulled.page import Source
from collectors.pulled.pipedrive import Pipedrive
from collectors.pulled.salesforce import Salesforce
from collectors.server.intake import Intake, Origin
from collectors.server.meters import Meters
from collectors.server.publish import Publisher
from models.pulled import (
    ApiSource,
    DatabaseSource,
    Ga4Source,
    HubSpotSource,
    PipedriveSource,
    PulledSource,
    SalesforceSource,
)
from models.settings import Settings
from models.validate import Known

Now = Callable[[], int]
"""ms UTC."""


@asynccontextmanager
async def opened(
    place: Settings, config: Path, source: PulledSource, ledger: Ledger, now: Now, *, dry: bool = False
) -> AsyncIterator[tuple[Parcels, Judge]]:
    """The source and the judge of its events; closed at exit. Raises CliError, SettingsError, PullError."""
    judge = judge_of(place, source)
    if isinstance(source, DatabaseSource):
        database = Database(source, secret_of(source, "url"))
        try:
            yield _rows(place, config, source, database, ledger, dry=dry), judge
        finally:
            database.close()
    elif isinstance(source, Ga4Source):
        yield Paged(Ga4Files(str(config.parent / source.path), now, gross=source.gross)), judge
    else:
        api = Api(source.base_url, lambda: _proof(source), now)
        try:
            yield Paged(_of_api(source, api, now)), judge
        finally:
            await api.close()


def _of_api(source: ApiSource, api: Api, now: Now) -> Source:
    if isinstance(source, HubSpotSource):
        return HubSpot(source, api, now)
    if isinstance(source, SalesforceSource):
        return Salesforce(source, api, now)
    return Pipedrive(source, api, now)


def _proof(source: ApiSource) -> dict[str, str]:
    """The credentials, reread for each request: a token may be replaced in its file."""
    token = secret_of(source, "token")
    return {"x-api-token": token} if isinstance(source, PipedriveSource) else {"authorization": f"Bearer {token}"}


def judge_of(place: Settings, source: PulledSource) -> Judge:
    """Applies the tenant's privacy policy, then the contract, as for events over HTTP. Raises SettingsError."""
    collect = place.collect
    pseudonyms = secret(collect.pseudonym_key, collect.pseudonym_key_file, "collect.pseudonym_key_file")
    key = hashlib.sha256(pseudonyms.encode()).digest() if pseudonyms else b""
    policy = Policy(key, source.tenant, collect.privacy_of(source.tenant))
    intake = Intake(place, Publisher(place.kafka), lambda _: policy, Meters())
    origin = Origin(source.tenant, f"/pull/{source.kind}/{source.name}")
    return lambda reading, received: intake.judge(origin, reading, received)


def _rows(
    place: Settings, config: Path, source: DatabaseSource, database: Database, ledger: Ledger, *, dry: bool
) -> PulledRows:
    near = config.parent / source.mapping
    path = near if near.is_file() else mapping_file(Path(source.mapping))
    book = workers_book(place, config)
    checks = Checks(Known(book, closed=not book.open), dry)
    return PulledRows(database, source.name, path.parent, load_mapping(path, source.tenant), ledger, checks)
