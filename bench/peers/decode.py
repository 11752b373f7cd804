"""Reads a CSV file with pandas' C parser, in chunks, types given: once for every line on stdin.

    python3 decode.py --csv customers.csv --types '{"customer_id": "str"}' --missing '{"data_gb": [""]}'

Prints the seconds and the rows each time.
"""

import argparse
import json
import sys
from time import perf_counter

import pandas as pd

from good import CHUNK_ROWS


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--csv", required=True, help="the file")
    parser.add_argument("--types", type=json.loads, required=True, help="a JSON object: column to pandas type")
    parser.add_argument("--missing", type=json.loads, required=True, help="a JSON object: column to missing tokens")
    arguments = parser.parse_args()
    for _ in sys.stdin:
        start = perf_counter()
        rows = read(arguments)
        print(perf_counter() - start, rows, flush=True)


def read(arguments):
    chunks = pd.read_csv(
        arguments.csv,
        engine="c",
        dtype=arguments.types,
        keep_default_na=False,
        na_values=arguments.missing,
        chunksize=CHUNK_ROWS,
    )
    return sum(len(chunk) for chunk in chunks)


if __name__ == "__main__":
    main()
