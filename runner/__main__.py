"""`python -m runner` is the `labs` command."""

from runner.cli import main

main()
