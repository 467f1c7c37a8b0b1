"""Commands from type hints, and their help in a table."""
import enum

import typer

cli = typer.Typer()


class Colour(str, enum.Enum):
    red = "red"
    blue = "blue"


@cli.command()
def paint(what: str, colour: Colour = Colour.red, times: int = 1):
    """Paint something."""
    typer.echo(" ".join([f"{what} in {colour.value}"] * times))


def main():
    cli(["a wall", "--colour", "blue", "--times", "2"])
