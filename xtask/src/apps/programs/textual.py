"""A terminal program is driven by keys, with a style sheet and the parser of its own language."""
import asyncio

from textual.app import App
from textual.widgets import Input, Label


class Greeter(App):
    CSS = "Label { color: red; width: 100%; }"

    def compose(self):
        yield Input()
        yield Label("nobody")

    def on_input_submitted(self, event):
        self.query_one(Label).update("Hello " + event.value)


async def talk():
    greeter = Greeter()
    async with greeter.run_test() as pilot:
        await pilot.press(*"you", "enter")
        await pilot.pause()
        print(greeter.query_one(Label).render())


def main():
    asyncio.run(talk())
