"""One tenant: its facts (`facts`), who they are of (`people`), and indexes beside them, which `tenant` builds once."""
