"""Answers queries over a data directory's catalog with DuckDB.

Usage: answers.py DATA_DIR QUERIES.json

Prints a JSON list with the rows of each query.
"""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[3] / "storage/tests/duckdb"))

from attach import connect


def main(data_dir, queries):
    connection = connect(data_dir)
    connection.execute("USE lake")
    with open(queries, encoding="utf-8") as file:
        answers = [connection.execute(query).fetchall() for query in json.load(file)]
    print(json.dumps(answers, default=str))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
