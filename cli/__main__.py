"""`python -m cli` is `crmkpi`."""

from cli.main import main

main()
