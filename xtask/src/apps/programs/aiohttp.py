"""A server and a client in one event loop, with compiled parsers."""
import asyncio

import aiohttp
from aiohttp import web


async def talk():
    async def hello(request):
        return web.json_response({"hello": request.match_info["name"]})

    server = web.Application()
    server.add_routes([web.get("/{name}", hello)])
    runner = web.AppRunner(server)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 18433)
    await site.start()
    async with aiohttp.ClientSession() as session:
        async with session.get("http://127.0.0.1:18433/world") as answer:
            print(await answer.json(), aiohttp.http_parser.HttpRequestParser.__module__)
    await runner.cleanup()


def main():
    asyncio.run(talk())
