"""Tools of the platform that scripts call as functions. They answer the same over HTTP: one engine computes both.

The engine is a native library that the warm parent loads before it forks. A script cannot load it by itself.
"""

from __future__ import annotations

import ctypes
import json
import os
from typing import Any

from shared.observability.events import emit_event

__all__ = ["AgentToolError", "search_cots_catalog", "validate_costing_and_price"]

CONFIG_FILE = "/config/manufacturing_config.yaml"
CATALOG_FILE = "/config/parts.db"
OBJECTIVES_FILE = "objectives.yaml"


class AgentToolError(RuntimeError):
    """A tool could not answer; the message says why."""


class _Library:
    """The native library: ``char *agent_tool(const char *name, const char *input_json)``, and its own ``free``."""

    def __init__(self, path: str) -> None:
        library = ctypes.CDLL(path)
        self._call = library.agent_tool
        self._call.argtypes = [ctypes.c_char_p, ctypes.c_char_p]
        # Not c_char_p: that would be turned into a Python string, and the address to free would be lost.
        self._call.restype = ctypes.c_void_p
        self._free = library.agent_tool_free
        self._free.argtypes = [ctypes.c_void_p]
        self._free.restype = None

    def answer(self, name: str, values: dict[str, Any]) -> str:
        address = self._call(name.encode(), json.dumps(values, allow_nan=False).encode())
        if not address:
            raise AgentToolError(f"the tool {name} gave no answer")
        try:
            return ctypes.string_at(address).decode()
        finally:
            self._free(address)


_library: _Library | None = None


def attach(path: str) -> None:
    """Loads the library for this process and those that it forks."""
    global _library
    _library = _Library(path)


def ask(name: str, values: dict[str, Any]) -> dict[str, Any]:
    """Calls a tool, and emits the events that come with its answer."""
    if _library is None:
        raise RuntimeError(f"{name} is not available: this worker has no agent tools")
    answer = json.loads(_library.answer(name, values))
    if "error" in answer:
        raise AgentToolError(answer["error"])
    found = answer["ok"]
    for event in found.pop("events", []):
        emit_event(event)
    return found


def validate_costing_and_price(path: str = "assembly_definition.yaml") -> dict[str, Any]:
    """Checks and prices the plan of an assembly, and fills in the file what can be computed.

    Reads ``path``, ``objectives.yaml`` of the session where there is one, and the materials and prices in
    ``/config``. Writes computed sizes, prices and totals back into ``path``.

    Returns:
        ``success``: whether no rule is broken. ``violations``: one for each broken rule, with ``file``, ``place``,
        ``rule``, ``message``, ``measured`` and ``limit``. ``estimate``: prices (USD) and weight (g), or None.

    Raises:
        FileNotFoundError: ``path`` does not exist.
        AgentToolError: the plan cannot be priced at all.
    """
    answer = ask(
        "validate_costing_and_price",
        {
            "assembly_yaml": _text(path),
            "objectives_yaml": text_of(OBJECTIVES_FILE),
            "config_yaml": _text(CONFIG_FILE),
            "catalog_path": CATALOG_FILE,
        },
    )
    rewritten = answer.pop("assembly_yaml", None)
    if rewritten is not None:
        with open(path, "w", encoding="utf-8") as file:
            file.write(rewritten)
    return answer


def search_cots_catalog(
    query: str,
    max_weight_g: float | None = None,
    max_cost: float | None = None,
    category: str | None = None,
    limit: int = 5,
) -> dict[str, Any]:
    """Searches the catalogue of parts that can be bought.

    Args:
        query: what is wanted, in words: ``M3x10 screw``, ``24 V 5 A supply``.
        max_weight_g: only parts up to this weight (g).
        max_cost: only parts up to this price (USD).
        category: only parts of this category.
        limit: at most this many candidates.

    Returns:
        ``candidates``, best first, each with ``part_id``, ``price``, ``weight_g``, ``specs`` and ``fit_rationale``.
        Without any, ``no_match_rationale`` says why, and ``too_strict`` names the constraints that left nothing over.
    """
    constraints = {"max_weight_g": max_weight_g, "max_cost": max_cost, "category": category}
    return ask(
        "search_cots_catalog",
        {
            "catalog_path": CATALOG_FILE,
            "q": query,
            "limit": limit,
            **{name: value for name, value in constraints.items() if value is not None},
        },
    )


def text_of(path: str) -> str | None:
    """The text of a file; None where there is none."""
    return _text(path) if os.path.exists(path) else None


def _text(path: str) -> str:
    with open(path, encoding="utf-8") as file:
        return file.read()
