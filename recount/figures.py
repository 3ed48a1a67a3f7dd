"""Formulas: from lists of facts to one number."""

from collections.abc import Callable, Sequence
from fractions import Fraction

from recount.deals import Deals
from recount.facts import Fact, Figure, ratio, tally, with_guests

Facts = Sequence[Fact]


def quantile(values: Sequence[int], at: Fraction) -> Fraction | None:
    """Type 7 (linear) quantile."""
    if not values:
        return None
    ordered = sorted(values)
    place = at * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])


def money_sum(values: Sequence[Fraction | None]) -> Figure:
    """The sum of priceable values."""
    priced = [value for value in values if value is not None]
    total = sum(priced, Fraction(0))
    return Figure(total, total, None, len(priced), len(values) - len(priced))


def closed_value(facts: Facts) -> Figure:
    """Amounts at the close."""
    return money_sum([fact.what.closed_value for fact in facts])


def open_value(facts: Facts) -> Figure:
    """Amounts of open deals."""
    return money_sum([fact.what.open_value for fact in facts])


def orders(kept: Facts, guests: Facts) -> Figure:
    """The number of orders, with that of guest orders."""
    return with_guests(tally(kept), guests)


def net(facts: Facts) -> Figure:
    """Net of orders."""
    return money_sum([fact.what for fact in facts])


def average(facts: Facts) -> Figure:
    """Mean net order value of priceable orders, free ones included."""
    money = money_sum([fact.what for fact in facts])
    found = ratio(Fraction(money.numerator or 0), money.n)
    return Figure(found.value, found.numerator, money.n, money.n, money.unpriced)


def win_rate(won: Facts, lost: Facts) -> Figure:
    """Won out of all closed."""
    return ratio(len(won), len(won) + len(lost))


def win_rate_incl_stale(won: Facts, lost: Facts, stale: Facts) -> Figure:
    """Won out of all closed and stale."""
    return ratio(len(won), len(won) + len(lost) + len(stale))


def win_rate_value(won: Facts, lost: Facts) -> Figure:
    """The same by amounts."""
    top, bottom = closed_value(won), closed_value([*won, *lost])
    whole = bottom.numerator if isinstance(bottom.numerator, Fraction) else Fraction(0)
    part = top.numerator if isinstance(top.numerator, Fraction) else Fraction(0)
    figure = ratio(part, whole, bottom.n)
    return Figure(figure.value, part, whole, bottom.n, bottom.unpriced)


class Cycle:
    """Days from creation to close."""

    def __init__(self, deals: Deals) -> None:
        self.deals = deals

    def days(self, facts: Facts) -> tuple[list[int], dict[str, int]]:
        """The valid durations, and the number left out."""
        known = [days for fact in facts if (days := self.deals.days(fact.what)) is not None]
        good = [days for days in known if days >= 0]
        return good, {"bad_interval": len(known) - len(good)}

    def at(self, place: Fraction) -> Callable[..., Figure]:
        """A quantile."""

        def figure(*lists: Facts) -> Figure:
            days, parts = self.days([fact for facts in lists for fact in facts])
            return Figure(quantile(days, place), None, None, len(days), parts=parts)

        return figure

    def mean(self, facts: Facts) -> Figure:
        """The mean."""
        days, parts = self.days(facts)
        return Figure(Fraction(sum(days), len(days)) if days else None, sum(days), len(days), len(days), parts=parts)

    def velocity(self, *basis: str) -> Callable[[Facts, Facts, Facts], Figure]:
        """Money per day: deals of the basis (open, closed) × average won amount × win rate / mean cycle."""

        def figure(opened: Facts, won: Facts, lost: Facts) -> Figure:
            counts = {"open": len(opened), "closed": len(won) + len(lost)}
            count = sum(counts[name] for name in basis)
            amounts, rate, mean = closed_value(won), win_rate(won, lost).value, self.mean(won).value
            average = amounts.value / amounts.n if isinstance(amounts.value, Fraction) and amounts.n else None
            top = None if average is None or rate is None else count * average * Fraction(rate)
            value = None if top is None or not mean else top / Fraction(mean)
            parts = {name: counts[name] for name in basis}
            parts |= {"avg_won_value": average, "win_rate": rate, "mean_cycle_days": mean}  # type: ignore[dict-item]
            return Figure(value, top, mean, len(won), amounts.unpriced, parts)

        return figure


def churned(pairs: Facts) -> int:
    """The number active at the start but not at the end."""
    return sum(fact.what.at_start and not fact.what.at_end for fact in pairs)


def at_start(pairs: Facts) -> int:
    """The number active at the start."""
    return sum(fact.what.at_start for fact in pairs)


def churn_count(pairs: Facts) -> Figure:
    """Customers lost between start and end."""
    return Figure(churned(pairs), churned(pairs), None, churned(pairs))


def churn_rate(pairs: Facts) -> Figure:
    """Churned, out of those active at the start."""
    return ratio(churned(pairs), at_start(pairs))


def retention(pairs: Facts) -> Figure:
    """Active at both ends, out of those active at the start."""
    return ratio(sum(fact.what.at_start and fact.what.at_end for fact in pairs), at_start(pairs))


def churn_rate_baremetrics(leaves: Facts, pairs: Facts) -> Figure:
    """All departures, out of those active at the start."""
    return ratio(len(leaves), at_start(pairs))


def churn_rate_stripe(leaves: Facts, pairs: Facts, new: Facts) -> Figure:
    """All departures, out of those active at the start and new customers."""
    return ratio(len(leaves), at_start(pairs) + len(new))


def per_lead(visitors: Facts, leads: Facts) -> Figure:
    """Visitors per lead."""
    return ratio(len(visitors), len(leads))


def converted(facts: Facts) -> Figure:
    """The share of leads that got an opportunity."""
    return ratio(sum(fact.what is not None for fact in facts), len(facts))


def connected(calls: Facts) -> Figure:
    """The share of calls that connected."""
    return ratio(sum(fact.what for fact in calls), len(calls))


def people(facts: Facts) -> Figure:
    """Interactions; n is the number of persons."""
    count = sum(fact.what.counts for fact in facts)
    return Figure(count, count, None, len({fact.what.person for fact in facts} - {None}))


def interactions(facts: Facts) -> Figure:
    """Interactions; n is their number."""
    count = sum(fact.what.counts for fact in facts)
    return Figure(count, count, None, count)


def with_event(*verbs: str) -> Callable[[Facts], Figure]:
    """The share of messages with any of these events."""
    return lambda facts: ratio(sum(fact.what.has(*verbs) for fact in facts), len(facts))


def bounced(facts: Facts) -> Figure:
    """The share of messages that bounced permanently."""
    return ratio(sum(fact.what.bounced for fact in facts), len(facts))


def any_open(facts: Facts) -> Figure:
    """The share of messages opened by anyone, robots included."""
    return ratio(sum(fact.what.has("opened", "clicked") or fact.what.machine for fact in facts), len(facts))


def adjusted_open(facts: Facts) -> Figure:
    """The share opened by people, leaving out messages only a robot opened."""
    human = sum(fact.what.has("opened", "clicked") for fact in facts)
    robot = sum(fact.what.machine and not fact.what.has("opened", "clicked") for fact in facts)
    return ratio(human, len(facts) - robot)


def click_to_open(facts: Facts) -> Figure:
    """Clicked out of opened messages."""
    opened = sum(fact.what.has("opened", "clicked") for fact in facts)
    return ratio(sum(fact.what.has("clicked") for fact in facts), opened)


def open_period(opened: Facts, delivered: Facts) -> Figure:
    """First opens over deliveries in the same period."""
    figure = ratio(len(opened), len(delivered))
    orphan = sum(not fact.what.has("delivered") for fact in opened)
    return Figure(figure.value, figure.numerator, figure.denominator, figure.n, parts={"orphan": orphan})
