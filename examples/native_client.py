"""A client of `/ws/v2/connect`, written from docs/PROTOCOL.md: it is told everything once, in order,
whatever happens to the connection, and what it says is said once. It needs `websockets` 15.

    python examples/native_client.py ws://127.0.0.1:8787 hub:demo test
"""
import asyncio, json, random, sys, uuid
from urllib.parse import urlencode
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

class Client:
    def __init__(self, url, room, token, hear):
        self.url, self.query, self.hear = url, {"room": room, "token": token}, hear
        self.epoch, self.offset, self.socket, self.tries, self.unanswered = "", 0, None, 0, {}

    async def take(self, socket, it):
        if it["type"] == "hello":
            if "reason" in it:
                self.hear({"type": "lost", "reason": it["reason"]})  # What was built is void (N26).
            self.epoch, self.offset, self.socket, self.tries = it["epoch"], it["from"], socket, 0
            for message, _ in list(self.unanswered.values()):
                await socket.send(json.dumps(message))  # With the same ids (N16).
        elif it["type"] == "event" and it.get("offset", self.offset + 1) > self.offset:
            self.offset = it.get("offset", self.offset)  # Before it is handed over (N22).
            self.hear(it)
        elif it["type"] == "position":
            self.offset = max(self.offset, it["offset"])
        elif it.get("id") in self.unanswered and it.get("retryable"):
            await asyncio.sleep(it.get("retry_after", 1))
            await socket.send(json.dumps(self.unanswered[it["id"]][0]))
        elif it.get("id") in self.unanswered:
            self.unanswered.pop(it["id"])[1].set_result(it)

    async def run(self):
        while True:
            resume = {"resume": f"{self.epoch}:{self.offset}"} if self.epoch else {}
            wait, self.tries = random.random() * min(20, 0.5 * 2**self.tries), self.tries + 1
            try:
                async with connect(f"{self.url}/ws/v2/connect?{urlencode(self.query | resume)}") as socket:
                    asyncio.get_running_loop().call_later(25, self.beat, socket)
                    async for frame in socket:
                        for it in json.loads(frame if frame[0] == "[" else f"[{frame}]"):
                            await self.take(socket, it)
                            if it["type"] == "closing" and it["reconnect"] == "never":
                                return
                            wait = it.get("after_ms", 1000 * wait) / 1000  # Where it says when.
            except (OSError, WebSocketException):
                pass  # It comes back.
            self.socket = None
            await asyncio.sleep(wait)

    def beat(self, socket):
        if socket is self.socket:
            asyncio.ensure_future(socket.send('{"type":"ping"}'))
            asyncio.get_running_loop().call_later(25, self.beat, socket)

    async def publish(self, event, data):
        message = {"type": "publish", "id": str(uuid.uuid4()), "event": event, "data": data}
        answer = asyncio.get_running_loop().create_future()
        self.unanswered[message["id"]] = message, answer
        if self.socket:
            await self.socket.send(json.dumps(message))
        return await answer

async def main(url, room, token):
    client = Client(url, room, token, lambda it: print(json.dumps(it), flush=True))
    running = asyncio.create_task(client.run())
    while line := await asyncio.to_thread(sys.stdin.readline):
        asyncio.create_task(client.publish("said", line.strip()))
    await running

if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4]))
