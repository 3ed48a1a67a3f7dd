"""models/kpi_texts.json: of the texts of docs/kpis what the installed product shows, too."""

import json

from docgen.index import GROUPS
from docgen.texts import load_texts
from kpis.catalog import CATALOG


def content() -> str:
    """KPI -> the page it is on, its family, definition and formula; ``variant``: what differs from that page."""
    texts, family, found = load_texts(), "", {}
    homes = {name: bare for bare, text in texts.items() for name in (bare, *text.variants)}
    for kpi in CATALOG:
        family = GROUPS.get(kpi.id, family)
        text = texts[homes[kpi.id]]
        found[kpi.id] = {
            "page": homes[kpi.id],
            "family": family,
            "definition": text.definition,
            "formula": text.formula,
            "variant": text.variants.get(kpi.id, ""),
        }
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"
