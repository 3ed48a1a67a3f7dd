"""What a survey answer does to a tenant's facts."""

from kpis.contributions.answers import one_more
from kpis.facts.nps import Answer
from kpis.facts.survey_scores import PLAIN, ends, scale_segment, scale_text, score_deltas, score_fact
from kpis.intake.unpicked import keeps
from kpis.tenant.tenant import Tenant
from models.record import Row


def take_survey(tenant: Tenant, kind: str, row: Row, raw: str, late: bool, bot: bool) -> None:
    """A survey answer."""
    data = row.data
    if kind != "answered" or not keeps(tenant, raw):
        return
    promoter = data["survey_type"] == "nps"
    low, high = ends(data)
    if low >= high or (promoter and data["score"] != int(data["score"])):
        return
    tenant.people.hold(raw)
    person = tenant.people.person(raw)
    out = tenant.ledger.is_open("person", person)
    segments = tenant.people.segments(person)
    if not promoter:
        score = score_fact(row.time, row.source, row.id, data)
        tenant.file("scores", raw, tenant.scores, score)
        for delta in () if out else score_deltas(score):
            tenant.ledger.add_delta(tenant.with_segment(segments, scale_segment(score.scale)), delta, 1)
        return
    scale = scale_text(data)
    own_scale = None if scale == PLAIN else scale
    answer = Answer(row.time, row.source, row.id, data["survey_id"], int(data["score"]), own_scale)
    for delta, sign in () if out else list(one_more(tenant, person, answer)):
        tenant.ledger.add_delta(segments, delta, sign)
    tenant.file("answers", raw, tenant.answers, answer)
