"""Checks JSON documents against a schema of Schemas/, with the standard library only.

    check_schemas.py SCHEMA FILE...            each file is one document
    check_schemas.py --lines SCHEMA FILE...    each line is one

Only the keywords that the schemas use are known; any other is an error, lest one be passed over in silence.
"""

import json
import pathlib
import re
import sys

IGNORED = {"$schema", "$id", "$defs", "title", "description"}
TYPES = {"object": dict, "array": list, "string": str, "null": type(None), "boolean": bool}


def has_type(value, name):
    if name in ("integer", "number"):
        allowed = int if name == "integer" else (int, float)
        return isinstance(value, allowed) and not isinstance(value, bool)
    return isinstance(value, TYPES[name])


def check_object(value, schema, path):
    known = schema.get("properties", {})
    for name in schema.get("required", []):
        if name not in value:
            yield f"{path}: '{name}' is missing"
    for name, others in schema.get("dependentRequired", {}).items():
        for other in others:
            if name in value and other not in value:
                yield f"{path}: '{name}' is there, '{other}' is missing"
    for name, member in value.items():
        yield from check(member, known.get(name, schema.get("additionalProperties", True)), f"{path}.{name}")


def check_array(value, schema, path):
    first = schema.get("prefixItems", [])
    if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
        yield f"{path}: has {len(value)} elements"
    if schema.get("uniqueItems") and len({json.dumps(element) for element in value}) < len(value):
        yield f"{path}: an element is there twice"
    for index, element in enumerate(value):
        rule = first[index] if index < len(first) else schema.get("items", True)
        yield from check(element, rule, f"{path}[{index}]")


def check_number(value, schema, path):
    limits = {
        "minimum": lambda limit: value >= limit,
        "maximum": lambda limit: value <= limit,
        "exclusiveMinimum": lambda limit: value > limit,
        "exclusiveMaximum": lambda limit: value < limit,
    }
    for keyword, holds in limits.items():
        if keyword in schema and not holds(schema[keyword]):
            yield f"{path}: {value} is against {keyword} {schema[keyword]}"


KEYWORDS = {
    dict: ({"properties", "required", "additionalProperties", "dependentRequired"}, check_object),
    list: ({"items", "prefixItems", "minItems", "maxItems", "uniqueItems"}, check_array),
    int: ({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}, check_number),
}
KEYWORDS[float] = KEYWORDS[int]
KNOWN = IGNORED | {"type", "const", "enum", "pattern", "anyOf"}
KNOWN = KNOWN.union(*(names for names, _ in KEYWORDS.values()))


def check(value, schema, path="$"):
    """Problems of a value, one line each."""
    if isinstance(schema, bool):
        if not schema:
            yield f"{path}: is not in the schema"
        return
    unknown = set(schema) - KNOWN
    if unknown:
        raise SystemExit(f"{path}: this script does not know {', '.join(sorted(unknown))}")
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    if types and not any(has_type(value, name) for name in types):
        yield f"{path}: is not {' or '.join(types)}"
        return
    allowed = [schema["const"]] if "const" in schema else schema.get("enum", [value])
    if json.dumps(value) not in map(json.dumps, allowed):  # in Python, True equals 1
        yield f"{path}: is {value!r}"
    if "pattern" in schema and isinstance(value, str) and not re.search(schema["pattern"], value):
        yield f"{path}: does not match {schema['pattern']}"
    if "anyOf" in schema and all(any(check(value, choice, path)) for choice in schema["anyOf"]):
        yield f"{path}: is none of what the schema allows"
    if type(value) in KEYWORDS:
        yield from KEYWORDS[type(value)][1](value, schema, path)


def resolved(schema, root, path):
    """The schema with what its references name in their place: '#/$defs/NAME', or a file beside it."""
    if isinstance(schema, list):
        return [resolved(part, root, path) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        target = schema["$ref"]
        if not target.startswith("#/$defs/"):
            return load(path.parent / target)
        return resolved(root["$defs"][target.removeprefix("#/$defs/")], root, path)
    return {name: resolved(part, root, path) for name, part in schema.items()}


def load(path):
    """The schema of a file, without references."""
    schema = json.loads(path.read_text(encoding="utf-8"))
    return resolved(schema, schema, path)


def main(arguments):
    by_line = arguments[:1] == ["--lines"]
    schema_path, *files = arguments[1:] if by_line else arguments
    schema = load(pathlib.Path(schema_path))
    failures = 0
    for name in files:
        with open(name, encoding="utf-8") as file:
            texts = file.read().splitlines() if by_line else [file.read()]
        for number, text in enumerate(texts, 1):
            for problem in check(json.loads(text), schema):
                print(f"{name}{f':{number}' if by_line else ''}: {problem}")
                failures += 1
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
