"""A session as a DataFrame: seconds of a face by apparent expression, of the newest session or of the one that is named.

    pip install pandas pyarrow
    python examples/python/frame.py [SESSION]

MIEN (default http://localhost:4000) says where the server is, TOKEN who asks, where it wants to know.
"""
import os
import sys

import pandas as pd

server = os.environ.get("MIEN", "http://localhost:4000")
headers = {"Authorization": f"Bearer {os.environ['TOKEN']}"} if "TOKEN" in os.environ else None
sessions = pd.read_parquet(f"{server}/export/query/summary.parquet", storage_options=headers)
if sessions.empty:
    sys.exit("There is no session yet: register a stream first, and wait for its first moments.")
session = sys.argv[1] if len(sys.argv) > 1 else sessions["session"].iloc[-1]
rows = pd.read_parquet(f"{server}/export/sessions/{session}/readings.parquet", storage_options=headers)
print(rows.groupby("expression", dropna=False)["duration"].sum())
