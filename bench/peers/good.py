"""Scores one day as a good data scientist would by script: in chunks, by COPY, published in one transaction.

    python3 good.py --model linear.joblib --date 2024-01-01 --csv customers.csv --to-csv predictions.csv
    python3 good.py --model linear.joblib --date 2024-01-01 --csv customers.csv --to-url postgres://…
    python3 good.py --model linear.joblib --date 2024-01-01 --query "select …" --from-url … --to-url …
"""

import argparse
import io
import os
import tempfile
from contextlib import closing

import joblib
import pandas as pd

CHUNK_ROWS = 100_000
FLOATS = ["monthly_charge", "total_charges", "data_gb", "voice_minutes", "discount_pct", "satisfaction"]
INTEGERS = [
    "senior",
    "dependents",
    "tenure_months",
    "roaming_days",
    "support_calls",
    "late_payments",
    "device_age_months",
]
TYPES = {column: "float64" for column in FLOATS} | {column: "int64" for column in INTEGERS}
MISSING = {"total_charges": [" "], "data_gb": [""], "satisfaction": [""]}
TABLE = """
    create table if not exists predictions (
        as_of date not null,
        customer_id text not null,
        churn_probability real not null,
        churn text not null,
        model text not null,
        scored_at timestamptz not null,
        primary key (as_of, customer_id)
    )
"""
STAGING = "create temporary table staging (customer_id text, churn_probability real, churn text)"


def main():
    arguments = parse_arguments()
    model = joblib.load(arguments.model)
    columns = list(model.feature_names_in_)
    chunks = read_csv(arguments.csv, columns) if arguments.csv else read_query(arguments, columns)
    predictions = (score(model, columns, chunk) for chunk in chunks)
    if arguments.to_csv:
        rows = write_csv(predictions, arguments.to_csv)
    else:
        rows = write_postgres(predictions, arguments)
    print(rows)


def read_csv(path, columns):
    """Only the columns that are needed, their types given so that pandas need not guess them."""
    return pd.read_csv(
        path,
        usecols=["customer_id", *columns],
        dtype=TYPES,
        keep_default_na=False,
        na_values=MISSING,
        chunksize=CHUNK_ROWS,
    )


def read_query(arguments, columns):
    """COPY to a temporary file and pandas' own parser: faster than rows of Python objects from a cursor."""
    import psycopg2

    names = ", ".join(["customer_id", *columns])
    with tempfile.TemporaryFile() as file:
        with closing(psycopg2.connect(arguments.from_url)) as connection, connection.cursor() as cursor:
            query = f"select {names} from ({arguments.query}) as day"
            cursor.copy_expert(f"copy ({query}) to stdout (format csv, header)", file)
        file.seek(0)
        yield from pd.read_csv(
            file, dtype=TYPES, keep_default_na=False, na_values={column: [""] for column in FLOATS}, chunksize=CHUNK_ROWS
        )


def score(model, columns, chunk):
    probabilities = model.predict_proba(chunk[columns])
    return pd.DataFrame(
        {
            "customer_id": chunk["customer_id"],
            "churn_probability": probabilities[:, list(model.classes_).index("yes")].astype("float32"),
            "churn": model.classes_[probabilities.argmax(axis=1)],
        }
    )


def write_csv(predictions, path):
    """Beside the file, then in its place: nobody reads half of it."""
    rows = 0
    with open(f"{path}.tmp", "w", encoding="utf-8", newline="") as file:
        for chunk in predictions:
            chunk.to_csv(file, index=False, header=rows == 0)
            rows += len(chunk)
        file.flush()
        os.fsync(file.fileno())
    os.replace(f"{path}.tmp", path)
    return rows


def write_postgres(predictions, arguments):
    import psycopg2

    rows = 0
    with closing(psycopg2.connect(arguments.to_url)) as connection:
        with connection, connection.cursor() as cursor:
            cursor.execute(TABLE)
            cursor.execute(STAGING)
            for chunk in predictions:
                buffer = io.StringIO()
                chunk.to_csv(buffer, index=False, header=False)
                buffer.seek(0)
                cursor.copy_expert("copy staging from stdin (format csv)", buffer)
                rows += len(chunk)
            cursor.execute("delete from predictions where as_of = %s", [arguments.date])
            cursor.execute(
                "insert into predictions select %s, customer_id, churn_probability, churn, %s, now() from staging",
                [arguments.date, os.path.basename(arguments.model)],
            )
    return rows


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", required=True, help="a fitted pipeline, by joblib")
    parser.add_argument("--date", required=True, help="the day that is scored")
    parser.add_argument("--csv", help="read this file, or …")
    parser.add_argument("--query", help="… this query")
    parser.add_argument("--from-url", help="of this database")
    parser.add_argument("--to-csv", help="write this file, or …")
    parser.add_argument("--to-url", help="… the table predictions of this database")
    return parser.parse_args()


if __name__ == "__main__":
    main()
