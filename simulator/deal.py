"""Deals: stages with versions, an outcome, and what happens afterwards."""

from simulator import customer, lead, subscription
from simulator.company import Company, Data, Person, Story
from simulator.rhythm import DAY, HOUR

STAGES = ("qualification", "proposal", "negotiation", "contract")
REASONS = ("price", "competitor", "no decision", "timing")


class Record:
    """The CRM's record of one deal; every change is sent with the next version."""

    def __init__(self, c: Company, deal_id: str, owner: str) -> None:
        self.c, self.id, self.owner = c, deal_id, owner
        self.version = 0
        self.amount = c.price()
        self.currency = c.currency()

    def say(self, change: str, data: Data, stamps: dict[str, int] | None = None) -> None:
        """Emit one event of this deal."""
        body: Data = {"deal_id": self.id, **data}
        if self.c.profile.versions:
            self.version += 1
            body["version"] = self.version
        self.c.say(f"deal.{change}", body, stamps)

    def money(self) -> Data:
        """Amount and currency; sloppy companies sometimes omit the latter."""
        if self.c.profile.sloppy and self.c.chance(0.02):
            return {"amount": self.amount}
        return {"amount": self.amount, "currency": self.currency}


def pipeline(c: Company, person: Person, deal_id: str, owner: str) -> Story:
    """From the first stage to an outcome, with calls and meetings on the way."""
    deal = Record(c, deal_id, owner)
    account = person.ids.setdefault("customer_id", c.new("c"))
    created = {**person.ids, "stage": STAGES[0], "pipeline": c.rng.choice(("new", "new", "partner")), "owner_id": owner,
               "source": person.label, "traits": {"country": person.country, "series": c.rng.choice("ABC")},
               **deal.money()}  # fmt: skip
    if person.campaign:
        created["campaign"] = person.campaign
    deal.say("created", created)
    c.deals.append(deal_id)
    stage = STAGES[0]
    for following in STAGES[1 : 1 + c.rng.randint(1, 3)]:
        yield c.work(3)
        touch(c, account, deal)
        yield c.work(4)
        deal.say("stage_changed", {"from_stage": stage, "to_stage": following, "stage_order": STAGES.index(following)})
        stage = following
        if c.chance(0.25):
            deal.amount = c.price()
            deal.say("updated", deal.money())
    yield c.work(5)
    yield from ending(c, person, deal)


def touch(c: Company, account: str, deal: Record) -> None:
    """A call or a meeting about the deal."""
    who = {"deal_id": deal.id} if c.chance(0.3) else {"customer_id": account, "deal_id": deal.id}
    if c.chance(0.5):
        lead.call(c, who, deal.owner)
    elif c.chance(0.6):
        c.say("meeting.held", {**who, "duration_s": c.rng.randint(900, 5400)})
    else:
        c.say("chat.messaged", {**who, "direction": c.rng.choice(("inbound", "outbound"))})


def ending(c: Company, person: Person, deal: Record) -> Story:
    """Won, lost, forgotten, merged or deleted; some lost ones are reopened."""
    fate = c.rng.random()
    if fate < 0.29:
        yield from won(c, person, deal)
    elif fate < 0.84:
        deal.say("lost", {"reason": c.rng.choice(REASONS)}, {"closed_at": -c.seconds(0, 7200)})
        if c.chance(0.08):
            yield c.work(9)
            deal.say("reopened", {})
            yield c.work(6)
            yield from won(c, person, deal)
    elif fate < 0.87 and len(c.deals) > 1:
        deal.say("merged", {"into_deal_id": c.rng.choice(c.deals[-20:])})
    elif fate < 0.88:
        deal.say("deleted", {})


def won(c: Company, person: Person, deal: Record) -> Story:
    """The deal is won: a customer is created, and what was sold is delivered."""
    account = person.ids["customer_id"]
    deal.say("won", {**deal.money(), "customer_id": account}, {"closed_at": 0} if c.chance(0.8) else None)
    if c.chance(0.03):
        yield 3 * HOUR
        deal.say("reopened", {})
        yield c.work(2)
        deal.say("won", deal.money())
    if c.chance(0.7):
        yield c.seconds(5, 600)
        c.say("customer.created", {"customer_id": account, "source": person.label, "owner_id": deal.owner,
                                   "traits": {"country": person.country}})  # fmt: skip
    if c.profile.kind == "saas":
        c.spawn(subscription.contract(c, person, c.profile.currency), DAY)
    else:
        c.spawn(customer.buying(c, person), DAY)
        if c.profile.service and c.chance(c.profile.service):
            c.spawn(subscription.service(c, person), DAY)
