"""`python -m service` is the `sayso` command."""

from service.cli import main

main()
