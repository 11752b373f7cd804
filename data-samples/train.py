"""Trains the churn model on a training file and exports it, with rows that show what it should answer.

    python3 data-samples/train.py --training <folder>/training.csv --output data-samples/churn
"""

import argparse
import csv
from pathlib import Path

import pandas as pd
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType, Int64TensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

KEY = "customer_id"
TARGET = "churned"
UNUSED = [KEY, "customer_name", "signup_date"]
CATEGORIES = ["city", "region", "plan", "contract", "payment_method", "has_fibre", "has_tv", "paperless"]
INTEGERS = [
    "senior",
    "dependents",
    "tenure_months",
    "roaming_days",
    "support_calls",
    "late_payments",
    "device_age_months",
]
FLOATS = ["monthly_charge", "total_charges", "data_gb", "voice_minutes", "discount_pct", "satisfaction"]
MISSING = {"total_charges": [" "], "data_gb": [""], "satisfaction": [""]}
GOLDEN_ROWS = 100
GOLDEN_ROWS_PER_MISSING_COLUMN = 8


def main():
    arguments = parse_arguments()
    text, customers = read_customers(arguments.training)
    features = [column for column in customers.columns if column not in [*UNUSED, TARGET]]
    train, test = train_test_split(customers, test_size=0.25, random_state=7, stratify=customers[TARGET])

    model = build_model()
    model.fit(train[features], train[TARGET])
    probability_yes = model.predict_proba(test[features])[:, list(model.classes_).index("yes")]
    print(f"rows: {len(train)} to train, {len(test)} held out; churn rate {(test[TARGET] == 'yes').mean():.3f}")
    print(f"held-out accuracy: {accuracy_score(test[TARGET], model.predict(test[features])):.4f}")
    print(f"held-out ROC AUC:  {roc_auc_score(test[TARGET] == 'yes', probability_yes):.4f}")

    arguments.output.mkdir(parents=True, exist_ok=True)
    onnx_model = convert_sklearn(
        model,
        name="churn",
        initial_types=[(column, onnx_type(column)) for column in features],
        target_opset=17,
    )
    (arguments.output / "model.onnx").write_bytes(onnx_model.SerializeToString())

    golden = choose_golden(test)
    write_rows(arguments.output / "golden.csv", text.loc[golden.index].drop(columns=TARGET))
    write_expected(arguments.output / "expected.csv", model, golden, features)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--training", type=Path, required=True, help="a CSV with the target column")
    parser.add_argument("--output", type=Path, required=True, help="the folder to write to")
    return parser.parse_args()


def read_customers(path):
    """The file twice: as text, to copy rows unchanged, and as values, to compute with."""
    text = pd.read_csv(path, dtype=str, keep_default_na=False)
    customers = pd.read_csv(
        path,
        keep_default_na=False,
        na_values=MISSING,
        dtype={column: "float64" for column in FLOATS} | {column: "int64" for column in INTEGERS},
    )
    return text, customers


def build_model():
    # Integers and floats are scaled apart: the exported graph cannot join their types before scaling.
    numbers = Pipeline([("impute", SimpleImputer(strategy="median")), ("scale", StandardScaler())])
    columns = ColumnTransformer(
        [
            ("categories", OneHotEncoder(handle_unknown="ignore"), CATEGORIES),
            ("integers", StandardScaler(), INTEGERS),
            ("floats", numbers, FLOATS),
        ]
    )
    return Pipeline([("columns", columns), ("classifier", LogisticRegression(max_iter=1000))])


def onnx_type(column):
    """One input per column, so that whoever scores binds columns by name and not by position."""
    if column in CATEGORIES:
        return StringTensorType([None, 1])
    if column in INTEGERS:
        return Int64TensorType([None, 1])
    return FloatTensorType([None, 1])


def choose_golden(test):
    """Held-out rows, among them some with each value that can be missing."""
    missing = [test[test[column].isna()].head(GOLDEN_ROWS_PER_MISSING_COLUMN) for column in MISSING]
    chosen = pd.concat([*missing, test.head(GOLDEN_ROWS)])
    chosen = chosen[~chosen.index.duplicated()].head(GOLDEN_ROWS)
    return chosen.sort_values(KEY)


def write_rows(path, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(rows.columns)
        writer.writerows(rows.itertuples(index=False))


def write_expected(path, model, golden, features):
    """What scikit-learn itself predicts, in as many digits as a double holds."""
    labels = model.predict(golden[features])
    probabilities = model.predict_proba(golden[features])
    columns = {KEY: golden[KEY], "label": labels}
    for position, name in enumerate(model.classes_):
        columns[f"probability_{name}"] = [f"{value:.17g}" for value in probabilities[:, position]]
    write_rows(path, pd.DataFrame(columns))


if __name__ == "__main__":
    main()
