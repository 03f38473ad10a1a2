"""Every moment as it is scored, of all streams or of the one that is named.

    pip install "gql[websockets]"
    python examples/python/live.py [STREAM]

MIEN (default http://localhost:4000) says where the server is, TOKEN who asks, MOMENTS after how many it ends.
"""
import asyncio
import os
import sys
from itertools import count

from gql import Client, gql
from gql.transport.websockets import WebsocketsTransport

moments = gql("""subscription ($streamId: ID) {
  frameEmotions(streamId: $streamId) { cursor mediaTime faces { track expression confidence } }
}""")


async def main() -> None:
    url = os.environ.get("MIEN", "http://localhost:4000").replace("http", "ws", 1) + "/graphql"
    payload = {"Authorization": f"Bearer {os.environ['TOKEN']}"} if "TOKEN" in os.environ else {}
    transport = WebsocketsTransport(url=url, init_payload=payload, subprotocols=["graphql-transport-ws"])
    moments.variable_values = {"streamId": sys.argv[1] if len(sys.argv) > 1 else None}
    async with Client(transport=transport) as client:
        seen = count(1)
        async for event in client.subscribe(moments):
            print(event["frameEmotions"], flush=True)
            if next(seen) == int(os.environ.get("MOMENTS", 0)):
                return


asyncio.run(main())
