"""Validate against LINE's OpenAPI specification, `tests/specs/messaging-api.yml`.

A plain JSON Schema validator ignores discriminators, so it does not check the subtypes of a message. Here every
discriminator is rewritten into if/then, so that a button in a box in a bubble is validated as a button.
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
    """Violations of the schema `name`."""
    return [f"{error.json_path}: {error.message}"[:300] for error in _validator(name).iter_errors(body)]


@cache
def _validator(name: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": _definitions(SPECIFICATION)})


@cache
def _definitions(path: Path) -> Json:
    schemas: Json = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))["components"]["schemas"]
    parents = {name for name, schema in schemas.items() if "discriminator" in schema}
    definitions: Json = {}
    for name, schema in schemas.items():
        if name in parents:
            base = {key: value for key, value in schema.items() if key != "discriminator"}
            definitions[_BASE + name] = _rewritten(base, parents, inside="")
            definitions[name] = _by_kind(name, schema["discriminator"])
        else:
            definitions[name] = _rewritten(schema, parents, inside=name)
    return definitions


def _by_kind(name: str, discriminator: Json) -> Json:
    """The parent schema: its own fields, and those of the subtype named by the discriminator."""
    field, mapping = discriminator["propertyName"], discriminator["mapping"]
    kinds = [
        {"if": {"properties": {field: {"const": kind}}}, "then": {"$ref": _pointer(target)}}
        for kind, target in mapping.items()
    ]
    known = {"properties": {field: {"enum": list(mapping)}}, "required": [field]}
    return {"allOf": [{"$ref": f"#/$defs/{_BASE}{name}"}, known, *kinds]}


def _rewritten(value: Any, parents: set[str], *, inside: str) -> Any:
    """Rewrite references to this document. A subtype's reference to its parent means the parent's own fields only."""
    if isinstance(value, list):
        return [_rewritten(item, parents, inside=inside) for item in value]
    if not isinstance(value, dict):
        return value
    if "allOf" in value and inside:
        parts = [_own_parent(part, parents) or _rewritten(part, parents, inside="") for part in value["allOf"]]
        rest = {key: _rewritten(item, parents, inside="") for key, item in value.items() if key != "allOf"}
        return rest | {"allOf": parts}
    validated = {key: item for key, item in value.items() if key not in {"example", "format"}}
    rewritten = {key: _rewritten(item, parents, inside="") for key, item in validated.items()}
    if isinstance(rewritten.get("$ref"), str):
        rewritten["$ref"] = _pointer(rewritten["$ref"])
    return rewritten


def _own_parent(part: Json, parents: set[str]) -> Json | None:
    name = part.get("$ref", "").rpartition("/")[2]
    return {"$ref": f"#/$defs/{_BASE}{name}"} if name in parents else None


def _pointer(reference: str) -> str:
    return f"#/$defs/{reference.rpartition('/')[2]}"
