"""E-mail: newsletters and single messages, read by people, robots or nobody."""

from simulator import visitor
from simulator.company import Company, Data, Person, Story
from simulator.rhythm import DAY, HOUR, MINUTE, SECOND, weekday

FIRST_ID = ("customer_id", "lead_id", "user_id")


def newsletters(c: Company) -> Story:
    """Every Tuesday and Thursday morning a part of the list gets a newsletter."""
    while True:
        midnight = (c.now + c.offset) // DAY * DAY - c.offset
        yield midnight + DAY + 9 * HOUR - c.now
        if weekday(c.now, c.offset) in (1, 3):
            name = c.rng.choice(("weekly", "weekly", "autumn", "win-back"))
            for person in readers(c):
                c.spawn(message(c, person, name, bulk=True), c.seconds(0, 1800))


def readers(c: Company) -> list[Person]:
    """A random part of the subscribers; people who have left are removed."""
    if len(c.people) > 4000:
        c.people = [p for p in c.people if p.subscribed and not p.gone]
    number = min(len(c.people), int(c.profile.visits * c.scale * 2))
    return [p for p in c.rng.sample(c.people, number) if p.subscribed]


def message(c: Company, person: Person, name: str, bulk: bool = False) -> Story:
    """The life of one message. Later events often carry only the message's id."""
    about: Data = {"message_id": c.new("m"), "campaign_id": name,
                   "campaign": {"source": "newsletter" if bulk else "crm", "medium": "email", "name": name},
                   "traits": {"country": person.country}}  # fmt: skip
    who = {k: person.ids[k] for k in FIRST_ID if k in person.ids} if c.chance(0.5) else {}
    who = who or {k: v for k, v in person.ids.items() if k != "anonymous_id"}
    c.say("email.sent", {**about, **who, "bulk": bulk})
    yield c.seconds(1, 30)
    if c.chance(0.02):
        c.say("email.bounced", about)
        return
    if c.chance(0.01):
        c.say("email.deferred", about)
        yield 20 * MINUTE
    c.say("email.delivered", {**about, **who})
    if c.chance(0.22):
        yield c.seconds(1, 9)
        c.say("email.opened", {**about, "machine": True})
        if c.chance(0.2):
            c.say("email.clicked", {**about, "machine": True, "link_url": "https://links.example/a"})
    if c.chance(0.4):
        yield from reading(c, person, about)


def reading(c: Company, person: Person, about: Data) -> Story:
    """A person opens the message, perhaps twice, perhaps clicks, perhaps unsubscribes."""
    yield c.days(0.3)
    shown = c.chance(0.95)  # images off: no open is registered, but a click may follow
    if shown:
        c.say("email.opened", about if c.chance(0.7) else {**about, **person.ids})
    if c.chance(0.2):
        yield c.days(0.5)
        c.say("email.opened", about)
    if c.chance(0.16) or not shown:
        yield 20 * SECOND
        offer = f"https://{c.profile.tenant}.example/offer"
        c.say("email.clicked", {**about, "link_url": offer, "click_id": c.new("k")})
        yield from visitor.visit(c, person)
    elif c.chance(0.012):
        c.say("email.clicked", {**about, "link_url": "https://links.example/unsubscribe?x=1"})
        c.say("email.unsubscribed", about)
        person.subscribed = False
    elif c.chance(0.002):
        c.say("email.complained", about)
        person.subscribed = False
