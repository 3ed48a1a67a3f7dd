"""The pages in docs/kpis: one per KPI, generated from the catalogue and texts/*.toml by ``make docs``."""
