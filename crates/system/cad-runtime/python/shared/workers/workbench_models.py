"""Manufacturing methods, and the shapes in which the workbench reports cost, weight and findings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from shared.enums import ManufacturingMethod
from shared.models.validation import Record

__all__ = ["CostBreakdown", "DOFSummary", "ManufacturingMethod", "WorkbenchMetadata", "WorkbenchResult"]


@dataclass
class CostBreakdown(Record):
    """Where the money goes. All amounts in USD for the whole quantity, ``unit_cost`` for one piece."""

    process: str
    total_cost: float
    unit_cost: float
    material_cost_per_unit: float
    setup_cost: float = 0.0
    is_reused: bool = False
    details: dict[str, Any] = field(default_factory=dict)
    pricing_explanation: str = ""


@dataclass
class DOFSummary(Record):
    """How many parts are free to move, and a warning when they are many."""

    count: int = 0
    warning: str | None = None


@dataclass
class WorkbenchMetadata(Record):
    """What a check found out beside its verdict."""

    cost_breakdown: CostBreakdown | None = None
    dof: DOFSummary | None = None
    additional_info: dict[str, Any] = field(default_factory=dict)


@dataclass
class WorkbenchResult(Record):
    """Verdict on one part: can it be made, what does a piece cost (USD) and weigh (g), and what is wrong."""

    is_manufacturable: bool
    unit_cost: float = 0.0
    weight_g: float = 0.0
    violations: list[str] = field(default_factory=list)
    metadata: WorkbenchMetadata = field(default_factory=WorkbenchMetadata)
