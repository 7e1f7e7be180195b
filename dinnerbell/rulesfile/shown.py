"""What an editor is told about a value: the JSON Schema beside the readers. It may be looser than they are, never stricter.

Pure. The words stand here and in the models' descriptions; `schema.py` puts them together. `patternErrorMessage` is what editors
with the YAML language server show in place of the pattern.
"""

from typing import Any

from pydantic import GetJsonSchemaHandler, WithJsonSchema

Schema = dict[str, Any]


def text(pattern: str = "", advice: str = "", examples: tuple[str, ...] = ()) -> WithJsonSchema:
    """Return the schema of a word of this pattern; spaces around it never matter."""
    return WithJsonSchema(text_schema(pattern, advice, examples))


def text_schema(pattern: str = "", advice: str = "", examples: tuple[str, ...] = ()) -> Schema:
    schema: Schema = {"type": "string"}
    if pattern:
        schema |= {"pattern": rf"^\s*(?:{pattern})\s*$", "patternErrorMessage": sentence(advice)}
    return schema | ({"examples": list(examples)} if examples else {})


def known_or_text(known: tuple[str, ...], examples: tuple[str, ...]) -> WithJsonSchema:
    """Return the schema of a word that an editor can offer, or another that it cannot know."""
    return WithJsonSchema({"anyOf": [{"type": "string", "enum": list(known)}, text_schema(examples=examples)]})


ANY_WORD = WithJsonSchema({"type": ["string", "number", "boolean"]})
"""Editors turn 7 or yes into a number or a truth value; the reader does not."""


class OneOrMany:
    """Beside a list of which one item may stand alone."""

    def __init__(self, *, may_be_empty: bool = False) -> None:
        self.may_be_empty = may_be_empty

    def __get_pydantic_json_schema__(self, core_schema: Any, handler: GetJsonSchemaHandler) -> Schema:
        many = handler(core_schema)
        if self.may_be_empty:
            return {"anyOf": [many["items"], many, {"type": "null"}]}
        return {"anyOf": [many["items"], {**many, "minItems": 1}]}


class Also:
    """Beside a type that can be written in another way too."""

    def __init__(self, *schemas: Schema) -> None:
        self.schemas = schemas

    def __get_pydantic_json_schema__(self, core_schema: Any, handler: GetJsonSchemaHandler) -> Schema:
        return {"anyOf": [handler(core_schema), *self.schemas]}


def sentence(words: str) -> str:
    """Return a description, which ends another sentence in an error, as one of its own."""
    return words[:1].upper() + words[1:] + ("" if words.endswith((".", "?")) or not words else ".")
