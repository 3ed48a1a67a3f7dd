"""A company's daily routine: costs, exchange rates, social media."""

from simulator.company import Company, Story
from simulator.rhythm import DAY, HOUR, MINUTE, moment, some

RATES = {"SEK": 0.087, "USD": 0.92, "CHF": 1.06, "EUR": 1.0, "KES": 0.0071, "UAH": 0.022, "INR": 0.0109}  # to EUR
CHANNELS = (  # the terms by which touches are classified
    ("paid search", "brand", 0.35),
    ("paid search", "autumn", 0.15),
    ("organic social", "launch", 0.3),
    ("email", "weekly", 0.2),
)


def books(c: Company) -> Story:
    """Shortly after midnight: the day's exchange rate and the costs of the channels."""
    while True:
        own, foreign = c.profile.currency, c.profile.foreign
        if foreign:
            rate = RATES[foreign] / RATES[own] * c.rng.gauss(1, 0.004)
            c.say("fx.rate_set", {"base": foreign, "quote": own, "rate": f"{rate:.6f}"}, dates={"date": 0})
        for channel, campaign, share in CHANNELS:
            spent = c.profile.visits * c.scale * share * c.profile.price**0.5 * c.rng.uniform(0.2, 0.4)
            c.say("cost.recorded", {"cost_id": c.new("cost"), "amount": f"{spent:.2f}", "currency": own,
                                    "purpose": "acquisition", "category": "marketing", "channel": channel,
                                    "campaign": campaign},
                  dates={"period_start": 0, "period_end": 0})  # fmt: skip
        if c.chance(0.08):
            month(c)
        yield DAY


def month(c: Company) -> None:
    """Costs that cover weeks, sometimes in foreign currency or corrected: the sales team, and customer care."""
    spent = c.profile.visits * c.scale * c.profile.price**0.5 * 4
    for purpose, category in (("acquisition", "sales"), ("retention", "other")):
        name, currency = c.new("cost"), c.currency()
        for _ in range(2 if c.chance(0.3) else 1):
            c.say("cost.recorded", {"cost_id": name, "amount": f"{spent * c.rng.uniform(0.5, 1):.2f}",
                                    "currency": currency, "purpose": purpose, "category": category},
                  dates={"period_start": -6, "period_end": 21})  # fmt: skip


def posts(c: Company) -> Story:
    """Some days there is a post, and people react to it."""
    while True:
        if c.chance(0.7):
            post = c.new("post")
            network = c.rng.choice(("linkedin", "instagram", "mastodon"))
            for _ in range(some(c.profile.visits * c.scale * 0.4, c.rng)):
                c.spawn(reaction(c, post, network), moment(c.rng))
        yield DAY


def reaction(c: Company, post: str, network: str) -> Story:
    """An impression, then a single reaction; few come from known people."""
    about: dict[str, object] = {"network": network, "post_id": post}
    c.say("social.impression", about)
    if not c.chance(0.4):
        return
    yield c.seconds(2, 60)
    kind = c.rng.choices(("liked", "commented", "shared", "followed", "mentioned", "messaged"), (60, 15, 8, 7, 6, 4))[0]
    if c.people and c.chance(0.3):
        about = {**about, **c.rng.choice(c.people).ids}
    elif c.chance(0.5):
        about = {**about, "contact_id": c.new("fan")}
    if kind in ("commented", "mentioned", "messaged") and c.chance(0.8):
        about["sentiment"] = c.rng.choices(("positive", "neutral", "negative"), (50, 30, 20))[0]
        if c.chance(0.2):
            about |= {"sentiment": round(c.rng.uniform(-1, 1), 2), "model": c.rng.choice(("tone-1", "tone-2"))}
    c.say(f"social.{kind}", about)
    if kind == "messaged":
        yield 10 * MINUTE + c.seconds(0, 2 * HOUR / 1000)
        c.say("chat.messaged", {**about, "direction": "outbound"})
