"""Work inside the product: new records, tickets."""

from fractions import Fraction

from kpis.catalog.row import Kpi
from kpis.formulas import common as f
from kpis.formulas.activity import hours


def activity() -> tuple[Kpi, ...]:
    record, ticket = ("crm.record.",), ("crm.ticket.",)
    made, imported = f.flow("records"), f.flow("records_imported")
    kept, opened, resolved = f.minus(made, f.flow("records_gone")), f.flow("tickets_opened"), f.flow("tickets_resolved")
    took = hours("ticket_seconds", "bad_ticket", Fraction(1, 2))
    return (
        Kpi("new_records_created", "New records", "count", f.count(made), record, "subject"),
        Kpi("new_records_created_net", "New records, net", "count", f.count(kept), record, "subject"),
        Kpi("new_records_created_imported", "Imported records", "count", f.count(imported), record, "subject"),
        Kpi("tickets_opened", "Tickets opened", "count", f.count(opened), ticket, "subject", direction="down"),
        Kpi("tickets_resolved", "Tickets resolved", "count", f.count(resolved), ticket, "subject"),
        Kpi(
            "ticket_resolution_hours",
            "Ticket resolution time, median",
            "hours",
            took,
            ticket,
            "subject",
            direction="down",
        ),
    )
