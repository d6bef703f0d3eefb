"""Shortcuts under the name that existing scripts use; modules of the read-only ``/utils`` folder join in."""

from shared.agent_tools import search_cots_catalog, validate_costing_and_price
from shared.fasteners import fastener_hole
from shared.models.schemas import CompoundMetadata, HolePair, JointMetadata, PartMetadata, RigidConnection
from shared.observability.events import emit_event

__all__ = [
    "CompoundMetadata",
    "HolePair",
    "JointMetadata",
    "PartMetadata",
    "RigidConnection",
    "emit_event",
    "fastener_hole",
    "search_cots_catalog",
    "validate_costing_and_price",
]

# `utils.controllers` is then `/utils/controllers.py`.
__path__.append("/utils")
