"""Leads: forms, calls and mail until they become a deal, or not."""

from simulator import deal, mailing
from simulator.company import Company, Person, Story
from simulator.rhythm import DAY, HOUR, MINUTE

OUTCOMES = (("connected", 34), ("voicemail", 22), ("no_answer", 30), ("busy", 8), ("failed", 4), ("unknown", 2))


def enquiry(c: Company, person: Person, form: str) -> Story:
    """A submitted form creates a lead; its ids link the visitor's earlier activity."""
    click = {"click_id": person.click} if person.click else {}
    c.say("form.submitted", {**person.ids, "form_id": form, **click})
    yield c.seconds(1, 20)
    person.ids["lead_id"] = c.new("l")
    owner = c.owner()
    created = {**person.ids, "source": person.label, "owner_id": owner, "traits": {"country": person.country}}
    if person.campaign:
        created["campaign"] = person.campaign
    c.say("lead.created", created)
    if c.chance(0.3):
        del person.ids["anonymous_id"]  # the CRM does not know the cookie
    c.people.append(person)
    c.spawn(mailing.message(c, person, "welcome"), 5 * MINUTE)
    yield c.work(0.2)
    c.say("lead.assigned", {"lead_id": person.ids["lead_id"], "owner_id": c.owner() if c.chance(0.2) else owner})
    if c.chance(0.04):
        c.spawn(twin(c, person), 2 * DAY)
    yield from work(c, person, owner)


def work(c: Company, person: Person, owner: str) -> Story:
    """Calls until somebody answers, then a decision."""
    lead = {"lead_id": person.ids["lead_id"]}
    if c.chance(0.12):
        return  # never followed up
    for attempt in range(c.rng.randint(1, 4)):
        yield c.work(0.6 + attempt)
        if call(c, lead, owner) == "connected":
            break
    c.say("lead.contacted", {**lead, "owner_id": owner})
    if c.chance(0.1):
        c.say("webinar.attended", {**lead, "webinar": "introduction", "minutes": c.rng.randint(5, 60)})
    yield c.work(3)
    fate = c.rng.random()
    if fate < 0.3:
        c.say("lead.disqualified", {**lead, "reason": c.rng.choice(("budget", "timing", "no fit"))})
    elif fate < 0.85:
        c.say("lead.qualified", lead)
        if c.chance(0.75):
            yield c.work(2)
            yield from convert(c, person, owner)


def convert(c: Company, person: Person, owner: str) -> Story:
    """The lead becomes an opportunity, occasionally by mistake."""
    deal_id = c.new("d")
    lead = person.ids["lead_id"]
    c.say("lead.converted", {"lead_id": lead, "deal_id": deal_id, "owner_id": owner})
    if c.chance(0.04):
        yield c.work(1)
        c.say("lead.unconverted", {"lead_id": lead, "deal_id": deal_id})
        return
    yield c.seconds(1, 90)
    yield from deal.pipeline(c, person, deal_id, owner)


def call(c: Company, who: dict[str, str], owner: str, inbound: bool = False) -> str:
    """One telephone call; returns its outcome."""
    outcome = "connected" if inbound and c.chance(0.8) else c.rng.choices(*zip(*OUTCOMES, strict=True))[0]
    data = {**who, "direction": "inbound" if inbound else "outbound", "outcome": outcome, "owner_id": owner,
            "campaign": {"source": "callcentre", "name": c.rng.choice(("autumn", "win-back"))},
            "traits": {"country": c.rng.choice(c.profile.countries)}}  # fmt: skip
    if outcome == "connected":
        data["duration_s"] = c.rng.randint(30, 1500)
    c.say("call.ended", data)
    return str(outcome)


def twin(c: Company, person: Person) -> Story:
    """A duplicate entry of the same person; the two leads are merged, sometimes wrongly."""
    first, second = person.ids["lead_id"], c.new("l")
    c.say("lead.created", {"lead_id": second, "source": "import", "owner_id": c.owner()})
    yield c.work(2)
    pair = {"winner_id": first, "loser_ids": [second], "entity": "lead"}
    c.say("identity.merged", pair)
    if c.chance(0.15):
        yield DAY + HOUR
        c.say("identity.unmerged", pair)
