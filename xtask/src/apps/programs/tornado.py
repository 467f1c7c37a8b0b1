"""A web socket between a server and a client."""
import asyncio

from tornado import web, websocket


class Echo(websocket.WebSocketHandler):
    def on_message(self, message):
        self.write_message("echo " + message)


async def talk():
    web.Application([("/", Echo)]).listen(18434, "127.0.0.1")
    connection = await websocket.websocket_connect("ws://127.0.0.1:18434/")
    await connection.write_message("hello")
    print(await connection.read_message())


def main():
    asyncio.run(talk())
