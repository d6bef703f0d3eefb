"""Checks of field values, and the base of the data types that use them.

The package must import within milliseconds and without further dependencies, so these are dataclasses with
explicit checks. They answer to the two calls that scripts make on such types, ``model_dump`` and
``model_validate``.
"""

from __future__ import annotations

import math
from dataclasses import fields
from enum import Enum
from typing import Any, TypeVar

Member = TypeVar("Member", bound=Enum)


class MetadataError(ValueError):
    """A value that does not fit the schema. The message names the type, the field, the value and the rule."""


def text_or_none(owner: str, field: str, value: Any) -> str | None:
    """A non-empty string, or None."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise MetadataError(f"{owner}.{field} must be a string, not {value!r}")
    if not value.strip():
        raise MetadataError(f"{owner}.{field} is empty; give an id or leave it out")
    return value


def text(owner: str, field: str, value: Any) -> str:
    """A non-empty string."""
    found = text_or_none(owner, field, value)
    if found is None:
        raise MetadataError(f"{owner}.{field} is missing; it must be a string")
    return found


def truth(owner: str, field: str, value: Any) -> bool:
    """True or False; numbers and strings do not pass for one."""
    if not isinstance(value, bool):
        raise MetadataError(f"{owner}.{field} must be True or False, not {value!r}")
    return value


def member(owner: str, field: str, kind: type[Member], value: Any) -> Member:
    """A member of an enumeration, given as such or by its value."""
    try:
        return kind(value)
    except ValueError:
        allowed = ", ".join(repr(item.value) for item in kind)
        raise MetadataError(f"{owner}.{field} must be one of {allowed}, not {value!r}") from None


def finite_numbers(owner: str, field: str, value: Any, count: int) -> tuple[float, ...]:
    """Exactly ``count`` finite numbers."""
    try:
        numbers = tuple(value)
    except TypeError:
        raise MetadataError(f"{owner}.{field} must be {count} numbers, not {value!r}") from None
    if len(numbers) != count:
        raise MetadataError(f"{owner}.{field} must be {count} numbers, found {len(numbers)} in {value!r}")
    result = []
    for number in numbers:
        if isinstance(number, (bool, str, bytes)):
            raise MetadataError(f"{owner}.{field} must hold numbers, found {number!r}")
        try:
            converted = float(number)
        except (TypeError, ValueError):
            raise MetadataError(f"{owner}.{field} must hold numbers, found {number!r}") from None
        if not math.isfinite(converted):
            raise MetadataError(f"{owner}.{field} must hold finite numbers, found {number!r}")
        result.append(converted)
    return tuple(result)


def _plain(value: Any) -> Any:
    """The JSON form of a field value."""
    if isinstance(value, Record):
        return value.model_dump()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def _refuse_unknown(kind: type, values: dict[str, Any]) -> None:
    known = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    unknown = sorted(str(key) for key in values if key not in known)
    if unknown:
        raise MetadataError(f"{kind.__name__} has no field {', '.join(unknown)}; it has {', '.join(known)}")


class Record:
    """Base of the data types: refuses unknown fields, converts to and from plain dictionaries."""

    def __new__(cls, *_positional: Any, **named: Any):
        # Without this, a misspelt field would end in Python's own TypeError, which names no remedy.
        _refuse_unknown(cls, named)
        return super().__new__(cls)

    def model_dump(self) -> dict[str, Any]:
        """All fields as JSON-ready values."""
        return {field.name: _plain(getattr(self, field.name)) for field in fields(self) if field.repr}  # type: ignore[arg-type]

    @classmethod
    def model_validate(cls, values: Any):
        """Builds one from a dictionary (or passes an instance through); unknown keys are refused."""
        if isinstance(values, cls):
            return values
        if not isinstance(values, dict):
            raise MetadataError(f"{cls.__name__} needs a dictionary, not {values!r}")
        _refuse_unknown(cls, values)
        return cls(**values)
