"""The worker: the Faust app, its agents, lanes, transactions and the table. The only package that imports faust."""
