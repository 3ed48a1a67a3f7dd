"""Response models, for /openapi.json. Responses are built from Redis and workers; tests check them against these."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Value = int | float | str | None
"""A number, money as decimal text, or null: no data."""
Segment = dict[str, str]
Direction = Literal["up", "down", "neither"]


class Shape(BaseModel):
    """Base of responses. Clients must ignore unknown fields."""

    model_config = ConfigDict(extra="allow")


class DocumentTarget(Shape):
    """What a number should come to, and how far it is: docs/targets.md."""

    value: Value
    since: str | None = None
    attainment: float | None = None
    elapsed: float | None = None
    pace: float | None = None
    projection: Value = None


class DocumentTrend(Shape):
    """The difference from an earlier number, and whether it exceeds noise."""

    change: float | None = None
    points: float | None = None
    margin: float | None = None
    changed: bool | None = None


class Document(Shape):
    """A KPI document, as docs/redis.md describes it."""

    kpi: str
    window: str
    segment: Segment
    value: Value
    unit: str
    n: int
    status: str
    state: str
    as_of: str
    numerator: Value = None
    denominator: Value = None
    start: str | None = None
    end: str | None = None
    tz: str | None = None
    watermark: str | None = None
    late_revised: int = 0
    definition: int | None = None
    rev: str | None = None
    currency: str | None = None
    title: str | None = None
    direction: Direction | None = None
    previous: Value = None
    previous_year: Value = None
    previous_start: str | None = None
    previous_end: str | None = None
    target: DocumentTarget | None = None
    trend: DocumentTrend | None = None
    trend_year: DocumentTrend | None = None


class Tenant(Shape):
    """A tenant and its status. Times are RFC 3339."""

    tenant: str
    as_of: str
    checked: str
    stale: bool
    catching_up: float | None
    waiting: int
    currency: str | None
    tz: str | None


class Row(Shape):
    """A KPI of the catalogue. ``vector``: the dimension of its steps. ``additive``: days add up to a month."""

    kpi: str
    title: str
    unit: str
    direction: Direction
    windows: list[str]
    steps: list[str]
    dimensions: list[str]
    vector: str | None
    additive: bool
    summary: str
    formula: str
    family: str
    page: str


class Snapshot(Shape):
    """All totals of a window."""

    tenant: str
    window: str
    rev: str
    as_of: str
    checked: str
    stale: bool
    documents: list[Document]


class Segments(Shape):
    """A KPI's total and its segments, the largest first."""

    kpi: str
    window: str
    total: Document | None
    dimensions: dict[str, list[Document]]


class Line(Shape):
    """One line of a chart: a value per bucket. ``status``: as in documents; null: nothing is counted."""

    segment: Segment
    values: list[Value]
    n: list[int | None]
    status: list[str | None]


class Series(Shape):
    """A KPI over time. ``running``: whether the last bucket is incomplete."""

    kpi: str
    step: str
    unit: str
    buckets: list[str]
    series: list[Line]
    running: bool


class Sparklines(Shape):
    """The latest buckets of several KPIs."""

    buckets: list[str]
    values: dict[str, list[Value]]


class Member(Shape):
    """A member of a number."""

    kind: str
    id: str
    subject: str | None = None
    title: str | None = None
    time: str | None = None
    amount: str | None = None
    currency: str | None = None
    n: int | None = None
    numerator: Value = None
    stage: str | None = None


class Members(Shape):
    """The members behind a number. ``rounding``: the number's numerator less the sum of theirs, each rounded."""

    kpi: str
    window: str
    segment: Segment
    as_of: str
    numerator: Value = None
    n: int
    total: int
    exact: bool
    rounding: str | None = None
    members: list[Member]


class Cell(Shape):
    """One crossing of two segments."""

    value: Value
    n: int


class Cross(Shape):
    """A KPI by two dimensions."""

    rows: list[str]
    columns: list[str]
    cells: list[list[Cell | None]]


class Input(Shape):
    """A measure read by a formula."""

    measure: str
    title: str
    value: Value


class Explained(Shape):
    """How a number is computed."""

    document: Document
    title: str
    formula: str
    inputs: list[Input]
    definition: int
    late_revised: int
    source: str | None = None


class Fact(Shape):
    """One event of a subject. ``text``: in English; ``fact``, ``values`` and ``mood``: the same for translation."""

    time: str
    type: str
    text: str | None = None
    fact: str | None = None
    values: dict[str, str] | None = None
    mood: str | None = None
    id: str | None = None
    channel: str | None = None
    amount: str | None = None
    currency: str | None = None
    deal: str | None = None


class Timeline(Shape):
    """The facts of one subject, newest first."""

    subject: str
    ids: list[str]
    traits: dict[str, Any]
    owner: str | None
    since: str | None
    facts: list[Fact]
    more: bool


class Partition(Shape):
    """One partition read by workers."""

    topic: str
    partition: int
    committed: int | None
    end: int
    records: int | None
    seconds: float | None
    lost: int
    verdict: str | None


class Lag(Shape):
    """The workers' lag, as in ``crmkpi lag --json``."""

    group: str
    records: int
    seconds: float
    uncommitted: int
    verdict: str
    catch_up_s: float | None
    catching_up: bool
    event_time: int | None
    read_ratio: float
    partitions: list[Partition]
    losses: list[dict[str, Any]]
    dead_letters: list[dict[str, Any]]


class Worker(Shape):
    """One worker. Rates and shares are of the last minute or less (``over_s``), durations in seconds."""

    worker: str
    build: str
    uptime_s: float
    failures: int
    ready: bool
    reasons: list[str]
    lanes: list[int]
    restoring: list[int]
    recovery_progress: float
    pending: int
    quarantined: int
    quarantine: list[str]
    over_s: float
    events_per_s: float | None
    late: float | None
    duplicates: float | None
    rejected: float | None
    rebalances: int
    sink_errors: int
    publish_p50_s: float | None
    publish_p99_s: float | None


class Workers(Shape):
    """All workers, and their totals."""

    workers: list[Worker]
    quarantined: int
    events_per_s: float | None = None
    late: float | None = None
    duplicates: float | None = None
    publish_p50_s: float | None = None
    publish_p99_s: float | None = None


class Letter(Shape):
    """A dead letter. ``id``: the event's topic, partition and offset."""

    id: str
    rejected_at: str
    tenant: str
    topic: str
    stage: str
    reason: str
    field: str
    detail: str


class LetterGroup(Shape):
    """Dead letters of one kind; ``example``: the id of the newest."""

    topic: str
    reason: str
    field: str
    letters: int
    newest: str
    example: str


class Letters(Shape):
    """``total``: selected letters. ``groups``: of all. ``complete``: False while reading, or if there are too many."""

    complete: bool
    groups: list[LetterGroup]
    total: int
    letters: list[Letter]


class WholeLetter(Shape):
    """A dead letter with its event, as in ``crmkpi dlq show --json``."""

    id: str
    tenant: str
    stage: str
    reason: str
    field: str
    detail: str
    event: str
    key: Any
    value: Any
    headers: list[Any]


class Choice(BaseModel):
    """A selection of dead letters: all that match the given fields."""

    model_config = ConfigDict(extra="forbid")

    ids: Annotated[list[Annotated[str, Field(max_length=400)]], Field(min_length=1, max_length=500)] | None = None
    topic: Annotated[str, Field(max_length=256)] | None = None
    reason: Annotated[str, Field(max_length=256)] | None = None
    field: Annotated[str, Field(max_length=256)] | None = None
    tenant: Annotated[str, Field(max_length=256)] | None = None


class Dealt(Shape):
    """How many letters were dealt with, why others were not, and how many remain for the next request."""

    done: int
    left: dict[str, str]
    more: int


class Wanted(BaseModel):
    """What to verify; without a tenant, all."""

    model_config = ConfigDict(extra="forbid")

    tenant: Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,64}$")] | None = None


class VerifyRun(Shape):
    """One verification. ``verdict``: as printed by ``crmkpi verify --json``."""

    tenant: str | None
    began: str
    ended: str | None
    records: int
    total: int
    verified: bool | None
    problem: str = ""
    verdict: dict[str, Any] | None = None


class Verification(Shape):
    """The running verification, and the last completed one."""

    running: VerifyRun | None
    last: VerifyRun | None


class Event(Shape):
    """An arrived event. ``place``: TOPIC/PARTITION/OFFSET, the id of its dead letter if it was rejected.

    Of a rejected event only the reason is known. ``accepted`` means valid: the engine detects duplicates later.
    """

    place: str
    received: str | None
    topic: str
    time: str | None = None
    type: str | None = None
    source: str | None = None
    id: str | None = None
    verdict: Literal["accepted", "late", "robot", "rejected"]
    reason: str | None = None
    ids: dict[str, str]
    counts_in: list[str]


class Events(Shape):
    """Events, newest first."""

    tenant: str
    events: list[Event]


class Connect(Shape):
    """``keys``: a write key is required; otherwise a tenant's name is its key, on the collector's machine only."""

    collector: str
    keys: bool


class Tile(BaseModel):
    """One tile of a board."""

    model_config = ConfigDict(extra="forbid")

    kpi: Annotated[str, Field(max_length=64)]
    window: Annotated[str, Field(max_length=16)] | None = None
    size: Literal["s", "m", "l"] = "m"


class Board(BaseModel):
    """A user's own board."""

    model_config = ConfigDict(extra="forbid")

    title: Annotated[str, Field(min_length=1, max_length=100)]
    tiles: Annotated[list[Tile], Field(max_length=48)]


class NamedBoard(Board):
    """A board with its name."""

    name: str


class Health(Shape):
    """Liveness or readiness."""

    ready: bool
    reasons: list[str]
