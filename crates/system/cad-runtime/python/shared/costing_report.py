"""What the pricing scripts of the skill ``manufacturing-knowledge`` print."""

from __future__ import annotations

import sys
from typing import Any

from shared.agent_tools import AgentToolError, validate_costing_and_price

_DEFAULT_FILE = "assembly_definition.yaml"


def main(arguments: list[str]) -> int:
    """Prices the assembly definition that the first argument names, and prints the result. Returns the exit code: 0
    when no rule is broken, else 1 with the violations on standard error."""
    path = arguments[0] if arguments else _DEFAULT_FILE
    try:
        answer = validate_costing_and_price(path)
    except FileNotFoundError as error:
        print(f"{error.filename} does not exist.", file=sys.stderr)
        return 1
    except AgentToolError as error:
        print(f"{path} cannot be priced: {error}", file=sys.stderr)
        return 1
    if answer["estimate"] is not None:
        _print_estimate(answer["estimate"])
    for violation in answer["violations"]:
        print(_sentence(violation), file=sys.stderr)
    if answer["success"]:
        print(f"{path} keeps all its limits.")
    return 0 if answer["success"] else 1


def _print_estimate(estimate: dict[str, Any]) -> None:
    for title, prices in (
        ("Made", estimate["manufactured_unit_cost_usd"]),
        ("Bought", estimate["cots_unit_cost_usd"]),
    ):
        for part_id, price in prices.items():
            print(f"{title}: {part_id}: {price:.2f} USD each")
    print(f"Unit cost: {estimate['estimated_unit_cost_usd']:.2f} USD")
    print(f"Weight: {estimate['estimated_weight_g']:.1f} g")
    catalog = estimate["catalog"]
    print(
        f"Catalogue: {catalog['catalog_version']} (bd_warehouse {catalog['bd_warehouse_commit']}, "
        f"{catalog['generated_at']})"
    )


def _sentence(violation: dict[str, Any]) -> str:
    places = [place for place in (violation["file"], violation["place"]) if place]
    return f"{': '.join(places)}: {violation['message']} [{violation['rule']}]"
