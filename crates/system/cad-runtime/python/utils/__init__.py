"""Shortcuts under the name that existing scripts use; modules of the read-only ``/utils`` folder join in."""

from shared.agent_tools import search_cots_catalog, validate_costing_and_price
from shared.fasteners import HoleType, fastener_hole
from shared.models.schemas import CompoundMetadata, HolePair, JointMetadata, PartMetadata, RigidConnection
from shared.observability.events import emit_event
from shared.platform_calls import refuse_plan, simulate, submit_for_review, validate_and_price

__all__ = [
    "CompoundMetadata",
    "HolePair",
    "HoleType",
    "JointMetadata",
    "PartMetadata",
    "RigidConnection",
    "emit_event",
    "fastener_hole",
    "refuse_plan",
    "search_cots_catalog",
    "simulate",
    "submit_for_review",
    "validate_and_price",
    "validate_costing_and_price",
]

# `utils.grippers` is then `/utils/grippers.py`.
__path__.append("/utils")
