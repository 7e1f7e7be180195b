"""The JSON Schema of rules.yaml, made from the models: an editor that reads it offers the keys, explains them and marks what is wrong.

Pure. For editors with the YAML language server, so draft 7 and without references, which older ones do not follow everywhere. The
reader remains the judge: it knows the names of this very file, and reads yes, 7 and 17:30 as words.
"""

from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from dinnerbell.rulesfile.models import RulesFile
from dinnerbell.rulesfile.shown import Schema, sentence

DRAFT = "http://json-schema.org/draft-07/schema#"


def rules_schema() -> Schema:
    """Return the schema as a value that json can write."""
    made = RulesFile.model_json_schema(schema_generator=_Generator)
    schema = _whole(made, made.pop("$defs", {}))
    for key, section in schema["properties"].items():
        if section.get("type") == "array" or (section.get("type") == "object" and key not in schema["required"]):
            section["type"] = [section["type"], "null"]  # a section with nothing in it is empty
    about = "What devices may reach and when, and who is told: the rules of one setting. `dinnerbell check` says what they mean."
    return {"$schema": DRAFT, "title": "Dinnerbell's rules.yaml", **schema, "description": about}


class _Generator(GenerateJsonSchema):
    """Leaves out what is pydantic's own business: `null` for what need not be written, and defaults that are no text."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        made = self.generate_inner(schema["schema"])
        default = schema.get("default")
        return {**made, "default": str(default)} if isinstance(default, str) and default else made

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002
        return False


def _whole(part: Any, definitions: dict[str, Schema]) -> Any:
    """Return a part of the schema with references written out, and with sentences for descriptions."""
    if isinstance(part, list):
        return [_whole(item, definitions) for item in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        definition = definitions[part["$ref"].rpartition("/")[2]]
        part = {key: value for key, value in definition.items() if key != "description"} | {
            key: value for key, value in part.items() if key != "$ref"
        }
    whole = {key: _whole(value, definitions) for key, value in part.items() if not (key == "title" and isinstance(value, str))}
    if "anyOf" in whole:
        whole["anyOf"] = [choice for part in whole["anyOf"] for choice in (part["anyOf"] if list(part) == ["anyOf"] else [part])]
    if isinstance(whole.get("description"), str):
        whole["description"] = sentence(whole["description"])
    if whole.get("type") == "object" and "properties" in whole and "required" not in whole:
        whole["type"] = ["object", "null"]
    return whole
