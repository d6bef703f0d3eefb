"""The import name that scripts use for fastener holes."""

from shared.fasteners import FastenerJoint, fastener_hole

__all__ = ["FastenerJoint", "fastener_hole"]
