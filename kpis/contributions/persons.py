"""The contribution of a person: sign-up, survey answers, converted views of landing pages."""

from kpis.calendar.intervals import FOREVER
from kpis.cells.deltas import Delta, level_deltas
from kpis.cells.ledger import Contribution
from kpis.facts.nps import answer_deltas
from kpis.facts.responses import latest_answers
from kpis.facts.survey_scores import ScoreFact, scale_segment, score_deltas
from kpis.tenant.tenant import Tenant


def of_person(tenant: Tenant, key: str) -> Contribution:
    """A person's sign-up and survey answers."""
    people = tenant.people
    if people.person(key) != key:
        return
    raws = people.own_raws(key)
    segments = people.segments(key)
    yield from signup_of(tenant, raws, segments)
    answers = [answer for raw in raws for answer in tenant.answers.get(raw, ())]
    for delta in answer_deltas(answers, tenant.settings, tenant.zone):
        yield segments, delta
    for score in latest_answers([score for raw in raws for score in tenant.scores.get(raw, ())]):
        yield from of_score(tenant, segments, score)


def of_score(tenant: Tenant, segments: int, score: ScoreFact) -> Contribution:
    """An effort or satisfaction answer, in its person's segments and that of its scale."""
    on_scale = tenant.with_segment(segments, scale_segment(score.scale))
    return ((on_scale, delta) for delta in score_deltas(score))


def signup_of(tenant: Tenant, raws: list[str], segments: int) -> Contribution:
    """A person's earliest sign-up with any id, and the time until the first sign-in."""
    signed_up = [tenant.signups[raw] for raw in raws if raw in tenant.signups]
    if signed_up:
        yield segments, Delta("signups", min(signed_up), 1)
        signed_in = min((tenant.signins[raw] for raw in raws if raw in tenant.signins), default=FOREVER)
        for delta in level_deltas("never_in", [(min(signed_up), max(min(signed_up), signed_in))]):
            yield segments, delta


def of_landing(tenant: Tenant, key: str) -> Contribution:
    """A person's converted views of landing pages."""
    if tenant.people.person(key) == key:
        for delta in tenant.landings.deltas(key):
            yield tenant.sets.everything, delta
    else:
        tenant.landings.converted.pop(key, None)
