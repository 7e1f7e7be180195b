"""Sentences: "did you mean", lists in words, and what pydantic found, said to a preschool's manager.

Pure.
"""

import difflib
from collections.abc import Iterable
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from dinnerbell.config import Remark
from dinnerbell.rulesfile.fields import NOTHING, Nothing
from dinnerbell.rulesfile.nodes import Path, Tree

_CURLY = "\u201c\u201d\u201e\u2018\u2019"
"""Quotes that a word processor makes; YAML knows " and ' only."""


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that `word` was probably meant to be, or None."""
    by_lower = {candidate.lower(): candidate for candidate in known}
    close = difflib.get_close_matches(word.strip().lower()[:100], by_lower, n=1, cutoff=0.6)
    return by_lower[close[0]] if close else None


def did_you_mean(word: str, known: Iterable[str], *, else_list: int = 8) -> str:
    """Return "; did you mean `x`?", or the few words there are to choose from, or nothing."""
    known = list(known)
    if (close := nearest(word, known)) is not None:
        return f"; did you mean `{close}`?"
    return f"; there are {words_in_a_row(known)}" if 0 < len(known) <= else_list else ""


def words_in_a_row(words: Iterable[str], joiner: str = "and") -> str:
    """Return `a`, `b` and `c`."""
    marked = [f"`{word}`" for word in words]
    return marked[0] if len(marked) == 1 else f"{', '.join(marked[:-1])} {joiner} {marked[-1]}" if marked else ""


def remarks_of(error: ValidationError, tree: Tree, path: Path, model: Any) -> list[Remark]:
    """Return what is wrong with the item at `path`, each at its place in the file."""
    remarks = []
    problems = error.errors(include_url=False)
    slips = [problem["loc"] for problem in problems if problem["type"] == "extra_forbidden"]
    for problem in problems:
        whole = (*path, *problem["loc"])
        if tree.found(whole) in tree.unread or (problem["type"] == "missing" and _is_misspelt(problem["loc"], slips)):
            continue
        is_about_key = problem["type"] in ("extra_forbidden", "missing")
        place = tree.key_place(whole) if is_about_key else tree.place(whole)
        remarks.append(place.remark(_sentence(problem, tree, path, model)))
    return remarks


def _is_misspelt(missing: Path, slips: list[Path]) -> bool:
    """Tell whether the missing key is there under a name that is nearly right: one slip makes one error."""
    return any(slip[:-1] == missing[:-1] and nearest(str(slip[-1]), [str(missing[-1])]) is not None for slip in slips)


def _sentence(problem: Any, tree: Tree, path: Path, model: Any) -> str:
    loc: Path = problem["loc"]
    kind: str = problem["type"]
    if kind in ("extra_forbidden", "missing"):
        inner = _model_at(model, loc[:-1])
        owner = _owner(tree.found((*path, *loc[:-1])))
        if kind == "missing":
            return f"{owner} needs `{loc[-1]}`{_description(inner, str(loc[-1]))}"
        return f"`{loc[-1]}` is not a key of {owner}{did_you_mean(str(loc[-1]), keys_of(inner) if inner else (), else_list=20)}"
    where = _key(tree.found((*path, *loc)))
    given = problem["input"]
    curly = f"; {given[0]} is a letter here: use straight quotes" if isinstance(given, str) and given[:1] in tuple(_CURLY) else ""
    return (f"{where}: {_fault(problem)}" if where else _fault(problem)) + curly


def _fault(problem: Any) -> str:
    kind: str = problem["type"]
    if isinstance(problem["input"], Nothing):
        return NOTHING
    if kind == "value_error":
        return str(problem["ctx"]["error"])
    if kind in ("literal_error", "enum"):
        return _choice(problem["input"], [word.strip("'") for word in problem["ctx"]["expected"].replace(" or ", ", ").split(", ")])
    if kind in ("model_type", "model_attributes_type", "dict_type"):
        return "keys and values were expected here (`key: value` with a space after the colon, one a line, indented by two spaces)"
    if kind in ("list_type", "tuple_type"):
        return "a list was expected here: [one, two]"
    return str(problem["msg"])


def _choice(given: object, expected: list[str]) -> str:
    if not isinstance(given, str):
        return f"one of {words_in_a_row(expected, 'or')} was expected here"
    if len(expected) == 1:
        return f"{given!r} is not known here: only `{expected[0]}` can be written"
    close = nearest(given, expected)
    return f"{given!r} is not one of {words_in_a_row(expected, 'or')}" + (f"; did you mean `{close}`?" if close else "")


def keys_of(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def _model_at(model: Any, loc: Path) -> type[BaseModel] | None:
    """Follow `loc` through the fields of a model to the model that the place is written by."""
    current = model if isinstance(model, type) and issubclass(model, BaseModel) else None
    for step in loc:
        if current is not None and isinstance(step, str):
            field = next((field for name, field in current.model_fields.items() if (field.alias or name) == step), None)
            if field is not None:
                current = _model_in(field.annotation)
    return current


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for inner in get_args(annotation) if (found := _model_in(inner)) is not None), None)


def _description(model: type[BaseModel] | None, key: str) -> str:
    for name, field in (model.model_fields if model else {}).items():
        if (field.alias or name) == key and field.description:
            return f": {field.description}"
    return ""


def _key(path: Path) -> str:
    """Return the word that a place is known by."""
    words = [step for step in path if isinstance(step, str)]
    return f"`{words[-1]}`" if words else ""


def _owner(path: Path) -> str:
    """Return what a place is, in words: rule 3, `office-laptop`, `setting`."""
    if len(path) == 2 and isinstance(path[1], int):
        return f"rule {path[1] + 1}" if path[0] == "rules" else "this line of `expect`"
    return _key(path) or "the file"
