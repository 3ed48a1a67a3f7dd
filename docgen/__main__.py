"""Write what is generated anew, pages of docs/, models/kpi_ids.py and models/kpi_texts.json: ``python -m docgen``."""

from pathlib import Path
from typing import Final

from docgen import guides, ids, index, kpi_texts, measures
from docgen.page import page
from docgen.texts import load_texts

FOLDER: Final = Path(__file__).parents[1] / "docs" / "kpis"


def main() -> None:
    """One file a KPI; files of KPIs that are no more go."""
    FOLDER.mkdir(exist_ok=True)
    texts = load_texts()
    for path in FOLDER.glob("*.md"):
        if path.stem not in texts:
            path.unlink()
    for name, text in texts.items():
        (FOLDER / f"{name}.md").write_text(page(name, text), encoding="utf-8")
    (FOLDER.parent / "kpis.md").write_text(index.page(), encoding="utf-8")
    (FOLDER.parents[1] / "models" / "kpi_ids.py").write_text(ids.module(), encoding="utf-8")
    (FOLDER.parents[1] / "models" / "kpi_texts.json").write_text(kpi_texts.content(), encoding="utf-8")
    (FOLDER.parent / "measures.md").write_text(measures.page(), encoding="utf-8")
    (FOLDER.parent / "guides.md").write_text(guides.page(), encoding="utf-8")


if __name__ == "__main__":
    main()
