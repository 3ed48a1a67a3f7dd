"""One tenant: its facts (`facts`), who owns them (`people`), and indexes over them, which `tenant` builds."""
