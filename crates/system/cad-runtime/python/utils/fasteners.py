"""The import name that scripts use for fastener holes."""

from shared.fasteners import FastenerJoint, HoleType, fastener_hole

__all__ = ["FastenerJoint", "HoleType", "fastener_hole"]
