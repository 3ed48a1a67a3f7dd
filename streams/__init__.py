"""When it happens: the Faust app, its agents, lanes, transactions and the table. The only place that imports faust."""
