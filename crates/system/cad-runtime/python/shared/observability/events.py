"""Appends observability events to the session's event file; the service picks them up after the run."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from enum import Enum
from typing import Any


def emit_event(event: Any, **fields: Any) -> dict[str, Any]:
    """Appends one event and returns it.

    ``event`` is the event's name (a string or enumeration member), a dictionary with ``event_type``, or an object
    with ``model_dump()`` or plain attributes that has one. ``fields`` are added at the same level. The envelope
    (``timestamp``, ``unix_timestamp``, ``agent_id``) is filled in where it is missing.
    """
    body = {**_as_dictionary(event), **fields}
    event_type = body.pop("event_type", None)
    if isinstance(event_type, Enum):
        event_type = event_type.value
    if not isinstance(event_type, str) or not event_type:
        raise ValueError(f"an event needs a non-empty event_type, found {event_type!r}")
    now = datetime.now(UTC)
    record = {
        "event_type": event_type,
        "timestamp": body.pop("timestamp", None) or now.isoformat(),
        "unix_timestamp": body.pop("unix_timestamp", None) or now.timestamp(),
        "agent_id": body.pop("agent_id", None) or os.environ.get("AGENT_ID"),
        **body,
    }
    line = json.dumps(record, default=_json_form, allow_nan=False) + "\n"
    # One write per line: lines of scripts that run at the same time do not mix.
    with open(os.environ.get("EVENTS_FILE", "events.jsonl"), "a", encoding="utf-8") as file:
        file.write(line)
    return record


def _as_dictionary(event: Any) -> dict[str, Any]:
    if isinstance(event, (str, Enum)):
        return {"event_type": event}
    if isinstance(event, dict):
        return dict(event)
    if hasattr(event, "model_dump"):
        return dict(event.model_dump())
    if hasattr(event, "__dict__"):
        return dict(vars(event))
    raise TypeError(f"an event is a name, a dictionary or a model, not {event!r}")


def _json_form(value: Any) -> Any:
    """Values that JSON does not know: enumerations, models, times, arrays; everything else as text."""
    if isinstance(value, Enum):
        return value.value
    if hasattr(value, "model_dump"):
        return value.model_dump()
    if isinstance(value, datetime):
        return value.isoformat()
    if hasattr(value, "tolist"):
        return value.tolist()
    return str(value)
