"""What Python's clients, and DuckDB in it, make of a running server: `python python.py http://127.0.0.1:4000`."""

import asyncio
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from gql import Client, gql
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.exceptions import TransportQueryError
from gql.transport.websockets import WebsocketsTransport


async def with_gql(server: str) -> None:
    url = f"{server}/graphql"
    # The schema is fetched, and queries are held against it before they are sent.
    async with Client(transport=AIOHTTPTransport(url=url), fetch_schema_from_transport=True) as session:
        stream = await first_stream(session)
        print("gql: a query is answered:", stream["name"])
        try:
            await session.execute(gql("{ streams(first: -1) { nodes { id } } }"))
            raise SystemExit("gql: a mistake was not told")
        except TransportQueryError as error:
            print("gql: a mistake is told:", error.errors[0]["extensions"]["code"])

    live = gql("subscription ($id: ID) { frameEmotions(streamId: $id) { seq faces { track expression } } }")
    live.variable_values = {"id": stream["id"]}
    async with Client(transport=WebsocketsTransport(url=url.replace("http", "ws"))) as session:
        seqs = []
        async for result in session.subscribe(live):
            seqs.append(result["frameEmotions"]["seq"])
            if len(seqs) == 3:
                break
        assert seqs == list(range(seqs[0], seqs[0] + 3)), seqs
        print("gql: moments come over a WebSocket:", seqs)


async def first_stream(session) -> dict:
    """The demo is registered soon after the server has begun to serve."""
    for _ in range(120):
        answer = await session.execute(gql("{ streams(first: 1) { nodes { id name } } }"))
        if answer["streams"]["nodes"]:
            return answer["streams"]["nodes"][0]
        await asyncio.sleep(1)
    raise SystemExit("gql: there is no stream")


def with_sgqlc(server: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        schema, module = Path(folder, "schema.json"), Path(folder, "mien_schema.py")
        run("sgqlc.introspection", f"{server}/graphql", str(schema))
        kinds = json.loads(schema.read_text())["data"]["__schema"]["types"]
        run("sgqlc.codegen", "schema", str(schema), str(module))
        sys.path.insert(0, folder)
        import mien_schema
        from sgqlc.endpoint.http import HTTPEndpoint
        from sgqlc.operation import Operation

        operation = Operation(mien_schema.Query)
        operation.streams(first=1).nodes().name()
        answer = HTTPEndpoint(f"{server}/graphql")(operation)
        [stream] = (operation + answer).streams.nodes
        print(f"sgqlc: {len(kinds)} types are introspected, and a query of them is answered: {stream.name}")


def with_duckdb(server: str) -> None:
    """As the README has it. What reads addresses comes as a package here, for want of DuckDB's own place, and is signed by DuckDB."""
    import duckdb
    import duckdb_extension_httpfs

    [extension] = Path(duckdb_extension_httpfs.__file__).parent.rglob("httpfs.duckdb_extension")
    database = duckdb.connect()
    database.execute(f"LOAD '{extension}'")
    database.execute("SET force_download=true")
    rows = database.sql(
        f"""SELECT streamName, expression, round(sum(duration), 2) AS seconds
        FROM read_parquet('{server}/export/query/readings.parquet') GROUP BY ALL ORDER BY seconds DESC"""
    ).fetchall()
    assert any(expression is not None and seconds > 0 for _, expression, seconds in rows), rows
    print("DuckDB: seconds of a face by expression:", rows)


def run(module: str, *arguments: str) -> None:
    subprocess.run([sys.executable, "-m", module, *arguments], check=True)


if __name__ == "__main__":
    asyncio.run(with_gql(sys.argv[1]))
    with_sgqlc(sys.argv[1])
    with_duckdb(sys.argv[1])
