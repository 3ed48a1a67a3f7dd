"""Visitors: they arrive, look around, and some become known."""

from typing import Final

from simulator import customer, lead, subscription
from simulator.company import Company, Data, Person, Story
from simulator.rhythm import DAY, MINUTE, SECOND, busy, moment, some

SOURCES: Final[tuple[tuple[float, str, Data | None, str | None], ...]] = (
    (30, "google", {"source": "google", "medium": "cpc", "name": "brand"}, None),
    (12, "google", {"source": "google", "medium": "cpc", "name": "autumn"}, None),
    (18, "organic", None, "https://www.google.com/"),
    (14, "newsletter", {"source": "newsletter", "medium": "email", "name": "weekly"}, None),
    (10, "linkedin", {"source": "linkedin", "medium": "social", "name": "launch"}, "https://www.linkedin.com/"),
    (6, "partner", {"source": "partner", "medium": "referral", "name": "alliance"}, "https://partner.example/"),
    (10, "direct", None, None),
)
_WEIGHTS: Final = [weight for weight, *_ in SOURCES]
PAGES: Final = ("/", "/", "/pricing", "/product", "/product/new", "/blog/how-we-work", "/about", "/contact", "/cases")
BROWSER: Final = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36"
CRAWLER: Final = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


def traffic(c: Company) -> Story:
    """Every day new people arrive at random times."""
    while True:
        midnight = (c.now + c.offset) // DAY * DAY - c.offset
        for _ in range(some(c.profile.visits * c.scale * busy(c.now, c.offset), c.rng)):
            c.spawn(stranger(c), max(0, midnight + moment(c.rng) - c.now))
        yield DAY


def stranger(c: Company) -> Story:
    """A new visitor: a visit, perhaps a conversion, perhaps another visit later."""
    _, label, campaign, referrer = c.rng.choices(SOURCES, _WEIGHTS)[0]
    person = Person({"anonymous_id": c.new("v")}, c.rng.choice(c.profile.countries), label, campaign=campaign)
    if c.chance(0.03):
        yield from robot(c, person)
        return
    while True:
        yield from visit(c, person, referrer)
        if become(c, person) or not c.chance(0.35):
            return
        yield c.days(3)


def visit(c: Company, person: Person, referrer: str | None = None) -> Story:
    """Some pages in one session; the campaign is on the first one."""
    session = c.new("s")
    for n in range(1 + int(c.rng.expovariate(0.6))):
        path = c.rng.choice(PAGES)
        data: Data = {**person.ids, "session_id": session, "url": f"https://{c.profile.tenant}.example{path}"}
        data["path"] = path
        data["user_agent"] = BROWSER
        if n == 0:
            data["traits"] = {"country": person.country}
            if person.campaign:
                data["campaign"] = person.campaign
            if referrer:
                data["referrer"] = referrer
        c.say("page.viewed", data)
        yield c.seconds(8, 140)
        if c.chance(0.08):
            person.click = c.new("k")
            c.say("link.clicked", {**person.ids, "session_id": session, "link_url": data["url"] + "#more",
                                   "click_id": person.click})  # fmt: skip


def robot(c: Company, person: Person) -> Story:
    """A crawler that reads many pages and identifies itself."""
    for path in PAGES:
        url = f"https://{c.profile.tenant}.example{path}"
        c.say("page.viewed", {**person.ids, "url": url, "path": path, "user_agent": CRAWLER})
        yield SECOND


def become(c: Company, person: Person) -> bool:
    """Whether the visitor becomes a known person; starts the story that follows."""
    kind = c.profile.kind
    if kind == "shop" and c.chance(0.055):
        c.spawn(customer.shopper(c, person), 2 * MINUTE)
        return True
    if kind == "saas" and c.chance(0.06):
        c.spawn(subscription.trial(c, person), MINUTE)
        return True
    if not c.chance(0.15 if kind == "b2b" else 0.02):
        return False
    form = c.rng.choice(("contact", "demo", "whitepaper"))
    c.say("form.started", {**person.ids, "form_id": form})
    if c.chance(0.4):
        return False
    c.spawn(lead.enquiry(c, person, form), c.seconds(30, 300))
    return True
