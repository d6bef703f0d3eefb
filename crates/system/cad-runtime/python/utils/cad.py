"""The CAD helpers under a name of their own."""

from shared.fasteners import FastenerJoint, HoleType, fastener_hole

__all__ = ["FastenerJoint", "HoleType", "fastener_hole"]
