"""Greets, and tells what a packaged program sees of its surroundings."""

import os
import platform
import sys

import click
from rich.console import Console
from rich.table import Table


@click.group()
@click.version_option("1.0.0", prog_name="hello-cli")
def main() -> None:
    """A small application that is packed into one file."""


@main.command()
@click.argument("name")
@click.option("--table", is_flag=True, help="Greet in a table.")
@click.option("--exit-code", default=0, show_default=True, help="End with this exit code.")
def hello(name: str, table: bool, exit_code: int) -> None:
    """Greet NAME."""
    if table:
        greeting = Table("greeting", "name")
        greeting.add_row("Hello", name)
        Console().print(greeting)
    else:
        click.echo(f"Hello, {name}!")
    sys.exit(exit_code)


@main.command()
def env() -> None:
    """Show arguments, interpreter and environment."""
    click.echo(f"sys.argv: {sys.argv}")
    click.echo(f"python: {platform.python_version()}")
    click.echo(f"sys.executable: {sys.executable}")
    click.echo(f"sys.prefix: {sys.prefix}")
    click.echo(f"working directory: {os.getcwd()}")
    for name in sorted(os.environ):
        click.echo(f"{name}={os.environ[name]}")


if __name__ == "__main__":
    main()
