"""Shortcuts under the name that existing scripts use; modules of the read-only ``/utils`` folder join in."""

from shared.models.schemas import CompoundMetadata, JointMetadata, PartMetadata
from shared.observability.events import emit_event

__all__ = ["CompoundMetadata", "JointMetadata", "PartMetadata", "emit_event"]

# `utils.fasteners` is then `/utils/fasteners.py`.
__path__.append("/utils")
