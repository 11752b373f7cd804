"""Trains the benchmark's models as data-samples/train.py trains the sample's, and exports them by the same route.

    python3 bench/peers/train.py --training training.csv --output <folder>

Writes <model>.onnx, for predawn, and <model>.joblib, for the other scripts here: the very same fitted model.
"""

import argparse
import sys
from pathlib import Path

import joblib
from skl2onnx import convert_sklearn
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "data-samples"))
from train import CATEGORIES, FLOATS, INTEGERS, TARGET, UNUSED, build_model, onnx_type, read_customers  # noqa: E402


def main():
    arguments = parse_arguments()
    _, customers = read_customers(arguments.training)
    features = [column for column in customers.columns if column not in [*UNUSED, TARGET]]
    models = {
        "linear": build_model(),
        "boosted": tree_pipeline(HistGradientBoostingClassifier(max_iter=100, early_stopping=False, random_state=7)),
        "forest": tree_pipeline(
            RandomForestClassifier(n_estimators=500, min_samples_leaf=20, n_jobs=-1, random_state=7)
        ),
    }
    arguments.output.mkdir(parents=True, exist_ok=True)
    for name, model in models.items():
        model.fit(customers[features], customers[TARGET])
        joblib.dump(model, arguments.output / f"{name}.joblib")
        onnx_model = convert_sklearn(
            model,
            name=name,
            initial_types=[(column, onnx_type(column)) for column in features],
            target_opset=17,
        )
        (arguments.output / f"{name}.onnx").write_bytes(onnx_model.SerializeToString())


def tree_pipeline(classifier):
    numbers = Pipeline([("impute", SimpleImputer(strategy="median")), ("scale", StandardScaler())])
    columns = ColumnTransformer(
        [
            ("categories", OneHotEncoder(handle_unknown="ignore"), CATEGORIES),
            ("integers", StandardScaler(), INTEGERS),
            ("floats", numbers, FLOATS),
        ],
        sparse_threshold=0,  # boosting takes dense matrices only
    )
    return Pipeline([("columns", columns), ("classifier", classifier)])


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--training", type=Path, required=True, help="a CSV with the target column")
    parser.add_argument("--output", type=Path, required=True, help="the folder to write to")
    return parser.parse_args()


if __name__ == "__main__":
    main()
