"""Subscriptions: trials, sign-ins, upgrades, pauses and cancellations."""

from typing import Final

from simulator import customer
from simulator.company import Company, Person, Story
from simulator.rhythm import DAY, HOUR

FEE: Final = 0.04  # monthly service fee, as a share of a typical order


def trial(c: Company, person: Person) -> Story:
    """A sign-up, a two-week trial and perhaps a subscription."""
    person.ids["user_id"] = c.new("u")
    c.say("user.signed_up", {**person.ids, "method": c.rng.choice(("password", "sso")),
                             "traits": {"country": person.country}})  # fmt: skip
    c.people.append(person)
    if c.chance(0.2):
        return  # never logged in
    c.spawn(usage(c, person), HOUR)
    yield 14 * DAY + c.seconds(0, 40_000)
    if c.chance(0.35):
        person.ids["customer_id"] = c.new("c")
        c.say("customer.created", {**person.ids, "source": person.label, "owner_id": c.owner()})
        yield c.seconds(10, 600)
        yield from contract(c, person, c.currency())
    else:
        person.gone = True


def veteran(c: Company, person: Person, begin: int) -> Story:
    """A subscriber from before ``begin`` (ms UTC); sign-ins are known from then on."""
    c.people.append(person)
    person.ids.update(user_id=c.new("u"), customer_id=c.new("c"))
    c.say("customer.created", {**person.ids, "source": person.label, "owner_id": c.owner()})
    c.spawn(usage(c, person), begin - c.now + c.days(3))
    yield c.seconds(1, 3600)
    yield from contract(c, person, c.profile.currency)  # exchange rates of that time are unknown


def service(c: Company, person: Person, wait: int = HOUR) -> Story:
    """A buyer's service contract: use of the customer portal from ``wait`` ms on, and a monthly fee."""
    person.ids["user_id"] = c.new("u")
    c.say("user.signed_up", {**person.ids, "method": "sso", "traits": {"country": person.country}})
    c.spawn(usage(c, person), wait)
    yield c.seconds(60, 3600)
    yield from contract(c, person, c.profile.currency, FEE)


def contract(c: Company, person: Person, currency: str, share: float = 1.0) -> Story:
    """A subscription, month by month, at a ``share`` of the company's usual price."""
    about = {"subscription_id": c.new("sub"), "customer_id": person.ids["customer_id"]}
    price = {"mrr": c.price(share), "currency": currency}
    c.say("subscription.started", {**about, **person.ids, **price, "interval": "month"}, {"effective_at": 0})
    c.spawn(renewals(c, person, price), HOUR)
    while True:
        yield 30 * DAY + c.seconds(-7200, 7200)
        short = {"subscription_id": about["subscription_id"]}
        c.say("payment.received" if c.chance(0.97) else "payment.failed",
              {**about, "amount": price["mrr"], "currency": price["currency"]})  # fmt: skip
        fate = c.rng.random()
        if fate < 0.08:
            price["mrr"] = c.price(1.3 * share)
            c.say("subscription.changed", {**about, **price}, {"effective_at": 0})
        elif fate < 0.11:
            c.say("subscription.paused", short)
            yield c.days(20)
            c.say("subscription.resumed", short)
        elif fate < 0.145:
            c.say("subscription.cancel_scheduled", {**short, "reason": "price"}, {"effective_at": 14 * DAY})
            yield 7 * DAY
            c.say("subscription.cancelled", {**short, "reason": "price"}, {"effective_at": 7 * DAY})
            person.gone = True
            return
        elif fate < 0.16:
            c.say("subscription.cancelled", {**about, "reason": c.rng.choice(("unused", "competitor"))})
            person.gone = True
            return


def renewals(c: Company, person: Person, price: dict[str, str]) -> Story:
    """Every two months the contract is due; those who stay renew a little early or late, some at a higher price."""
    about = {"contract_id": c.new("k"), "customer_id": person.ids["customer_id"]}
    while not person.gone:
        target = price["mrr"]
        c.say("renewal.due", {**about, "amount": target, "currency": price["currency"]}, {"due_at": 60 * DAY})
        yield 60 * DAY + c.seconds(-5 * 86_400, 5 * 86_400)
        if person.gone or c.chance(0.04):
            c.say("renewal.lost", {**about, "reason": c.rng.choice(("price", "unused"))})
            return
        if c.chance(0.95):
            amount = f"{float(target) * c.rng.choice((1, 1, 1, 1.1, 0.9)):.2f}"
            c.say("renewal.completed", {**about, "amount": amount, "currency": price["currency"]})


def usage(c: Company, person: Person) -> Story:
    """Sign-ins, records, and occasionally a ticket or a survey."""
    user = {"user_id": person.ids["user_id"]}
    pace = c.rng.choice((0.7, 1.5, 4, 9))
    while not person.gone:
        c.say("user.signed_in", {**user, "method": "password"})
        for _ in range(c.rng.randint(0, 2)):
            yield c.seconds(20, 900)
            about = {"object": c.rng.choice(("task", "note", "invoice")), "record_id": c.new("rec")}
            c.say("record.created", {**user, **about, "origin": "import" if c.chance(0.05) else "ui"})
            if c.chance(0.1):
                yield c.seconds(20, 900)
                c.say(c.rng.choice(("record.merged", "record.deleted")), about)
        yield c.seconds(300, 7200)
        c.say("user.signed_out", user)
        if "customer_id" in person.ids and c.chance(0.03):
            c.spawn(customer.ticket(c, person), HOUR)
        if c.chance(0.04):
            c.spawn(customer.survey(c, person), HOUR)
        yield c.days(pace)
