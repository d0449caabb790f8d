"""Reads what ockham-query --json prints, and holds it to its schema."""

import json
import os
from pathlib import Path

try:
    import jsonschema
except ImportError:
    jsonschema = None

SCHEMA = Path(__file__).parents[2] / "tools/query/schema.json"


def refuse(what):
    raise ValueError(what)


def unique(pairs):
    keys = [key for key, _ in pairs]
    return dict(pairs) if len(set(keys)) == len(keys) else refuse(f"a key twice: {keys}")


def read_document(output):
    """Of the bytes on the standard output: UTF-8, one document, no key twice, no NaN."""
    document = json.loads(output.decode("utf-8"), object_pairs_hook=unique, parse_constant=refuse)
    if jsonschema:
        schema = json.loads(SCHEMA.read_text())
        jsonschema.Draft202012Validator.check_schema(schema)
        jsonschema.Draft202012Validator(schema).validate(document)
    elif os.environ.get("CI") == "true":
        refuse("python3-jsonschema is not installed")
    return document
