"""Customers: they order, return goods, answer surveys, drift away and come back."""

from simulator import lead, subscription, visitor
from simulator.company import Company, Data, Person, Story
from simulator.rhythm import DAY, HOUR, MINUTE


def shopper(c: Company, person: Person) -> Story:
    """A visitor registers (usually) and buys for the first time."""
    if c.chance(0.7):
        person.ids["user_id"] = c.new("u")
        c.say("user.signed_up", {**person.ids, "method": c.rng.choice(("password", "google"))})
        yield c.seconds(60, 900)
    person.ids["customer_id"] = c.new("c")
    if c.chance(0.5):
        c.say("identity.identified", dict(person.ids))
    if c.chance(0.6):
        c.say("customer.created", {**person.ids, "source": person.label, "traits": {"country": person.country}})
    yield c.seconds(20, 600)
    order(c, person)
    c.people.append(person)
    if c.chance(0.02):
        c.spawn(twin(c, person), 3 * DAY)
    yield from buying(c, person)


def veteran(c: Company, person: Person, begin: int) -> Story:
    """A customer from before ``begin`` (ms UTC), with a last order; then they continue as others do."""
    c.people.append(person)
    person.ids["customer_id"] = c.new("c")
    c.say("customer.created", {**person.ids, "source": person.label, "traits": {"country": person.country}})
    yield c.rng.randrange(MINUTE, max(2 * MINUTE, begin - c.now))
    if c.chance(0.8):
        order(c, person)
    if c.profile.service and c.chance(c.profile.service):
        c.spawn(subscription.service(c, person, max(HOUR, begin - c.now + c.days(3))))
    yield max(0, begin - c.now) + c.days(30)
    yield from buying(c, person)


def buying(c: Company, person: Person) -> Story:
    """Orders at a personal pace until they stop; some announce it, some come back."""
    pace = c.rng.choice((12, 25, 45, 80))
    while not person.gone:  # with a service contract, ending it ends the orders, too
        yield c.days(pace)
        if c.chance(0.6):
            yield from visitor.visit(c, person)
        order(c, person)
        if not c.chance(0.06):
            continue
        if c.chance(0.6):
            yield c.work(5)
            c.say("customer.churned", {"customer_id": person.ids["customer_id"],
                                       "reason": c.rng.choice(("price", "moved", "service"))})  # fmt: skip
        if not c.chance(0.4):
            person.gone = True
            return
        yield c.days(20)
        c.say("customer.reactivated", {"customer_id": person.ids["customer_id"]})


def order(c: Company, person: Person) -> None:
    """One order and its usual consequences."""
    order_id = c.new("o")
    amount, currency = c.price(), c.currency()
    data = {**person.ids, "order_id": order_id, "amount": amount, "currency": currency, "items": basket(c)}
    if c.chance(0.8):
        data["tax"] = f"{float(amount) * 0.2:.2f}"
    c.say("order.completed", data)
    if c.chance(0.09):
        c.spawn(regret(c, order_id, amount, currency), c.days(4))
    if c.chance(0.3):
        c.spawn(survey(c, person), c.days(2))
    if c.chance(0.06):
        c.spawn(ticket(c, person), c.days(3))


def basket(c: Company) -> list[dict[str, str | int]]:
    """The items bought: one to three lines."""
    return [{"sku": f"sku-{c.rng.randint(1, 80)}", "quantity": c.rng.randint(1, 4)} for _ in range(c.rng.randint(1, 3))]


def regret(c: Company, order_id: str, amount: str, currency: str) -> Story:
    """A full or partial refund, or a cancelled order; only the order's id is known by then."""
    if c.chance(0.25):
        c.say("order.cancelled", {"order_id": order_id})
        return
    share = c.rng.choice((1.0, 1.0, 0.5, 0.25))
    c.say("order.refunded", {"order_id": order_id, "amount": f"{float(amount) * share:.2f}", "currency": currency})
    yield from ()


def survey(c: Company, person: Person) -> Story:
    """A survey is sent; a third answer it, some repeatedly."""
    kind, survey_id = c.rng.choice((("nps", "nps-2026"), ("nps", "nps-2026"), ("effort", "ces"), ("csat", "csat")))
    about: Data = {**person.ids, "survey_id": survey_id, "survey_type": kind}
    if kind == "effort" and c.profile.sloppy:
        about["polarity"] = "effort"
    if kind == "csat" and c.chance(0.1):
        about |= {"scale_min": 0, "scale_max": 10}
    c.say("survey.sent", about)
    yield c.days(0.7)
    if c.chance(0.15):
        c.say("survey.dismissed", about)
    if not c.chance(0.45):
        return
    c.say("survey.answered", {**about, "score": score(c, kind), "response_id": c.new("r")})
    if c.chance(0.07):
        yield 5 * MINUTE  # a change of mind
        c.say("survey.answered", {**about, "score": score(c, kind), "response_id": c.new("r")})


def score(c: Company, kind: str) -> int:
    """An answer on the survey's own scale: NPS near +35, most others content."""
    if kind == "nps":
        return c.rng.choices(range(11), (1, 1, 1, 2, 2, 4, 5, 13, 18, 27, 26))[0]
    return c.rng.choices(range(1, 8), (2, 3, 6, 12, 22, 30, 25))[0] if kind == "effort" else c.rng.randint(2, 5)


def ticket(c: Company, person: Person) -> Story:
    """A request for help, by chat or telephone."""
    ticket_id = c.new("t")
    c.say("ticket.opened", {**person.ids, "ticket_id": ticket_id})
    yield c.seconds(60, 7200)
    if c.chance(0.5):
        c.say("chat.messaged", {"ticket_id": ticket_id, "direction": "inbound"})
    else:
        lead.call(c, {"customer_id": person.ids["customer_id"]}, c.owner(), inbound=True)
    yield c.work(0.8)
    stated = {"resolution_s": c.rng.randint(600, 200_000)} if c.chance(0.7) else {}
    c.say("ticket.resolved", {"ticket_id": ticket_id, **stated})


def twin(c: Company, person: Person) -> Story:
    """The same customer under two numbers, merged later."""
    second = c.new("c")
    c.say("customer.created", {"customer_id": second, "source": "import"})
    yield c.work(3)
    c.say("identity.merged", {"winner_id": person.ids["customer_id"], "loser_ids": [second], "entity": "customer"})
    if c.chance(0.1):
        yield DAY + HOUR
        c.say("identity.unmerged", {"winner_id": person.ids["customer_id"], "loser_ids": [second],
                                    "entity": "customer"})  # fmt: skip
