"""Scores one day as a first script would: everything in one frame, rows inserted into the table.

The same arguments as good.py.
"""

from contextlib import closing

import joblib
import pandas as pd

from good import MISSING, TABLE, parse_arguments


def main():
    arguments = parse_arguments()
    customers = read(arguments)
    model = joblib.load(arguments.model)
    features = customers[model.feature_names_in_]
    predictions = pd.DataFrame(
        {
            "customer_id": customers["customer_id"],
            "churn_probability": model.predict_proba(features)[:, list(model.classes_).index("yes")],
            "churn": model.predict(features),
        }
    )
    if arguments.to_csv:
        predictions.to_csv(arguments.to_csv, index=False)
    else:
        insert(predictions, arguments)
    print(len(predictions))


def read(arguments):
    if arguments.csv:
        return pd.read_csv(arguments.csv, keep_default_na=False, na_values=MISSING)
    import psycopg2
    import psycopg2.extensions

    to_float = psycopg2.extensions.DECIMAL.values
    psycopg2.extensions.register_type(
        psycopg2.extensions.new_type(to_float, "float", lambda text, _: None if text is None else float(text))
    )
    with closing(psycopg2.connect(arguments.from_url)) as connection:
        return pd.read_sql(arguments.query, connection)


def insert(predictions, arguments):
    import psycopg2
    from psycopg2.extras import execute_values

    rows = predictions.itertuples(index=False, name=None)
    with closing(psycopg2.connect(arguments.to_url)) as connection:
        with connection, connection.cursor() as cursor:
            cursor.execute(TABLE)
            cursor.execute("delete from predictions where as_of = %s", [arguments.date])
            # Many rows a statement: executemany, which sends one at a time, takes several times as long.
            execute_values(
                cursor,
                "insert into predictions values %s",
                rows,
                template=f"('{arguments.date}', %s, %s, %s, '{arguments.model}', now())",
                page_size=1000,
            )


if __name__ == "__main__":
    main()
