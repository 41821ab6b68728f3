"""``python relay.py FIREFOX ARGUMENTS``: Firefox, reached through a relay of WebDriver BiDi.

Playwright sets what a page is told of media and the network, by commands that Firefox learns from version to
version and that no test here needs: those that it does not know are answered as if they were done. All else
passes.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve

_LISTENS = re.compile(rb"WebDriver BiDi listening on (ws://\S+)")


async def main(command: list[str]) -> None:
    """Start Firefox and the relay; end with Firefox."""
    firefox = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
    assert firefox.stderr is not None
    async for line in firefox.stderr:
        if found := _LISTENS.search(line):
            break
    else:
        raise SystemExit(f"{command[0]} ended before it listened")

    async def relay(playwright: ServerConnection) -> None:
        address = f"{found[1].decode()}/session"
        async with connect(address, max_size=None, compression=None) as browser:
            emulated: set[int] = set()
            passing = [
                asyncio.create_task(_ask(playwright, browser, emulated)),
                asyncio.create_task(_answer(browser, playwright, emulated)),
            ]
            await asyncio.wait(passing, return_when=asyncio.FIRST_COMPLETED)

    async with serve(relay, "127.0.0.1", 0, max_size=None, compression=None) as server:
        port = server.sockets[0].getsockname()[1]
        print(f"WebDriver BiDi listening on ws://127.0.0.1:{port}", file=sys.stderr, flush=True)
        while await firefox.stderr.read(1 << 16):  # what else it says is not asked for
            pass


async def _ask(playwright: ServerConnection, browser: ClientConnection, emulated: set[int]) -> None:
    async for message in playwright:
        asked = json.loads(message)
        if asked["method"].startswith("emulation."):
            emulated.add(asked["id"])
        await browser.send(message)


async def _answer(browser: ClientConnection, playwright: ServerConnection, emulated: set[int]) -> None:
    async for message in browser:
        told = json.loads(message)
        unknown = told.get("id") in emulated and told.get("error") == "unknown command"
        done = {"type": "success", "id": told.get("id"), "result": {}}
        await playwright.send(json.dumps(done) if unknown else message)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
