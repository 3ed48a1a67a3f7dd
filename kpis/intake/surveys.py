"""Handler for survey answers."""

from kpis.contributions.answers import is_resent, one_more
from kpis.facts.nps import Answer
from kpis.facts.survey_scores import PLAIN, ScoreFact, ends, scale_segment, scale_text, score_deltas, score_fact
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
    fact = _answer(row) if promoter else score_fact(row.time, row.source, row.id, data)
    if not tenant.ledger.is_open("person", person):
        if is_resent(tenant, person, fact):
            tenant.ledger.open("person", person)
        else:
            _add(tenant, person, fact)
    if isinstance(fact, Answer):
        tenant.file("answers", raw, tenant.answers, fact)
    else:
        tenant.file("scores", raw, tenant.scores, fact)


def _answer(row: Row) -> Answer:
    data, scale, response = row.data, scale_text(row.data), row.data.get("response_id")
    own_scale = None if scale == PLAIN else scale
    return Answer(row.time, row.source, row.id, data["survey_id"], int(data["score"]), own_scale, response)


def _add(tenant: Tenant, person: str, fact: Answer | ScoreFact) -> None:
    """Emit the deltas of a person's further answer, before it is stored."""
    segments = tenant.people.segments(person)
    if isinstance(fact, Answer):
        for delta, sign in one_more(tenant, person, fact):
            tenant.ledger.add_delta(segments, delta, sign)
        return
    for delta in score_deltas(fact):
        tenant.ledger.add_delta(tenant.with_segment(segments, scale_segment(fact.scale)), delta, 1)
