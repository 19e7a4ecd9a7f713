"""LINE's own specification, `tests/specs/messaging-api.yml`, as validators.

A plain OpenAPI validator never looks into the kinds of a message: it does not know which schema a `type` stands for.
Here every discriminator is rewritten into if/then, so a button in a box in a bubble is held against a button's schema.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from tests.conftest import ROOT

SPECIFICATION = ROOT / "tests" / "specs" / "messaging-api.yml"
_BASE = "Base of "

Json = dict[str, Any]


def faults_of(name: str, body: Mapping[str, Any]) -> list[str]:
    """What in the body breaks the schema of that name."""
    return [f"{error.json_path}: {error.message}"[:300] for error in _validator(name).iter_errors(body)]


@cache
def _validator(name: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": _definitions(SPECIFICATION)})


@cache
def _definitions(path: Path) -> Json:
    schemas: Json = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))["components"]["schemas"]
    parents = {name for name, schema in schemas.items() if "discriminator" in schema}
    found: Json = {}
    for name, schema in schemas.items():
        if name in parents:
            base = {key: value for key, value in schema.items() if key != "discriminator"}
            found[_BASE + name] = _rewritten(base, parents, inside="")
            found[name] = _by_kind(name, schema["discriminator"])
        else:
            found[name] = _rewritten(schema, parents, inside=name)
    return found


def _by_kind(name: str, discriminator: Json) -> Json:
    """The parent: its own fields, and those of the kind that its discriminating field names."""
    field, mapping = discriminator["propertyName"], discriminator["mapping"]
    kinds = [
        {"if": {"properties": {field: {"const": kind}}}, "then": {"$ref": _pointer(target)}}
        for kind, target in mapping.items()
    ]
    known = {"properties": {field: {"enum": list(mapping)}}, "required": [field]}
    return {"allOf": [{"$ref": f"#/$defs/{_BASE}{name}"}, known, *kinds]}


def _rewritten(value: Any, parents: set[str], *, inside: str) -> Any:
    """References to this document; a kind's reference to its own parent means the parent's fields alone."""
    if isinstance(value, list):
        return [_rewritten(each, parents, inside=inside) for each in value]
    if not isinstance(value, dict):
        return value
    if "allOf" in value and inside:
        parts = [_own_parent(each, parents) or _rewritten(each, parents, inside="") for each in value["allOf"]]
        rest = {key: _rewritten(each, parents, inside="") for key, each in value.items() if key != "allOf"}
        return rest | {"allOf": parts}
    kept = {key: each for key, each in value.items() if key not in {"example", "format"}}
    made = {key: _rewritten(each, parents, inside="") for key, each in kept.items()}
    if isinstance(made.get("$ref"), str):
        made["$ref"] = _pointer(made["$ref"])
    return made


def _own_parent(part: Json, parents: set[str]) -> Json | None:
    name = part.get("$ref", "").rpartition("/")[2]
    return {"$ref": f"#/$defs/{_BASE}{name}"} if name in parents else None


def _pointer(reference: str) -> str:
    return f"#/$defs/{reference.rpartition('/')[2]}"
