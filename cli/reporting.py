"""What `crmkpi report` does: finds a report, gathers its numbers, makes its mails, and delivers them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from cli.book import read_toml, workers_book
from cli.exits import DIFFERENT, UNAVAILABLE, CliError
from cli.flags import one_of, settings, settings_file
from models.settings import Settings, TenantBook
from reports.deliver import Undelivered, deliver, sender_of
from reports.gather import gather
from reports.mail import Mail, mail_of
from reports.numbers import Gathered, NotReady, ReportError
from reports.ready import READY, reports_of
from reports.report import Recipient, Report
from reports.schedule import complete, due, next_due
from reports.told import RedisTold
from reports.unsubscribe import Subscription
from reports.unsubscribed import RedisUnsubscribed
from sinks.query import QueryClient
from sinks.read import RedisReader

WHERE: Final = "`crmkpi report list` shows them all"


@dataclass(frozen=True)
class Place:
    """Where it runs, and the reports of its settings file."""

    settings: Settings
    book: TenantBook
    reports: Sequence[Report]

    def zone(self, tenant: str) -> ZoneInfo:
        """The zone of a tenant's days."""
        return self.book[tenant].zone

    def report(self, name: str, tenant: str | None) -> Report:
        """A report by its name; a ready one also when nobody has it. Raises CliError."""
        found = [one for one in self.reports if one.name == name and tenant in (None, one.tenant)]
        if len(found) == 1:
            return found[0]
        if found:
            raise CliError(f"several tenants have a report {name}: use --tenant with one of {_tenants(found)}")
        known = one_of(name, [*(one.name for one in self.reports), *READY], "report", WHERE)
        if known not in READY:
            raise CliError(f"{tenant} has no report {name}; {_tenants(self.reports)} may")
        return READY[known].model_copy(update={"tenant": tenant or READY[known].tenant})


def place(redis: str | None = None) -> Place:
    """From the settings of this place. Raises CliError."""
    found, file = settings(redis=redis), settings_file()
    return Place(found, workers_book(found, file), reports_of(read_toml(file) if file else {}))


async def gathered(at: Place, report: Report, as_of: datetime) -> Gathered:
    """The numbers of the last period that is over at an instant. Raises CliError."""
    zone = at.zone(report.tenant)
    period, redis = complete(report.schedule.every, as_of, zone), at.settings.redis
    async with RedisReader(redis) as reader, QueryClient(reader) as asks, RedisTold(redis) as told:
        try:
            return await gather(report, period, zone, reader, asks, await told.before(report, period))
        except NotReady as error:
            raise CliError(f"not ready: {error}", UNAVAILABLE) from error
        except ReportError as error:
            raise CliError(str(error), DIFFERENT) from error


async def wanted(at: Place, report: Report) -> tuple[list[Recipient], list[Recipient]]:
    """Recipients who get it, and those who unsubscribed."""
    held = RedisUnsubscribed(at.settings.redis)
    try:
        ended = [await held.has(Subscription(report.tenant, report.name, one.mail)) for one in report.to]
    finally:
        await held.close()
    pairs = list(zip(report.to, ended, strict=True))
    return [one for one, gone in pairs if not gone], [one for one, gone in pairs if gone]


async def keep_told(at: Place, report: Report, found: Gathered) -> None:
    """Notes what a report says, for the next one."""
    async with RedisTold(at.settings.redis) as told:
        await told.keep(report, found)


def one_mail(at: Place, report: Report, found: Gathered, to: Recipient | None) -> Mail:
    """The mail for a recipient; by default the first one's, or as the sender would get it."""
    sender = sender_of(at.settings.mail, at.settings.smtp)
    recipient = to or next(iter(report.to), Recipient(mail=sender.mail))
    return mail_of(report, found, recipient, sender)


def send_all(at: Place, report: Report, found: Gathered, to: Sequence[Recipient]) -> list[dict[str, Any]]:
    """Delivers to recipients; one that fails holds up no other. What became of each."""
    sender, done = sender_of(at.settings.mail, at.settings.smtp), []
    for recipient in to:
        mail = mail_of(report, found, recipient, sender)
        outcome: dict[str, Any] = {"delivery": mail.id, "to": recipient.mail, "subject": mail.subject}
        try:
            done.append({**outcome, "sent": deliver(mail, at.settings.mail, at.settings.smtp)})
        except Undelivered as error:
            done.append({**outcome, "failed": str(error), "lasting": error.lasting})
    return done


def listed(at: Place, reports: Sequence[Report], now: datetime) -> list[dict[str, Any]]:
    """When each is due next and was due last, and of which period the next one is."""
    return [_row(one, at.zone(one.tenant), now) for one in reports]


def _row(report: Report, tenant: ZoneInfo, now: datetime) -> dict[str, Any]:
    zone = ZoneInfo(report.zone) if report.zone else tenant
    coming = next_due(report, tenant, now)
    last = _until(report, zone, now - timedelta(days=33), now)
    period = complete(report.schedule.every, coming, tenant)
    return {
        "tenant": report.tenant, "report": report.name, "every": report.schedule.every,
        "due": coming.astimezone(zone).isoformat(), "period": period.name,
        "before": last[-1].astimezone(zone).isoformat() if last else None, "zone": zone.key,
        "language": report.language, "recipients": len(report.to),
    }  # fmt: skip


def _until(report: Report, zone: ZoneInfo, first: datetime, last: datetime) -> list[datetime]:
    found = []
    for one in due(report.schedule, zone, first):
        if one > last:
            break
        found.append(one)
    return found


def instant(ms: int) -> datetime:
    """Of ms UTC."""
    return datetime.fromtimestamp(ms / 1000, UTC)


def _tenants(reports: Sequence[Report]) -> str:
    return ", ".join(dict.fromkeys(one.tenant for one in reports)) or "nobody"
