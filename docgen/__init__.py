"""The pages of docs/kpis: one a KPI, made from the catalogue and from texts/*.toml. ``make docs`` writes them."""
