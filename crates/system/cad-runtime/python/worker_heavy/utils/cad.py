"""The CAD helpers of ``utils`` under the name that scripts of the original platform use."""

from shared.fasteners import FastenerJoint, HoleType, fastener_hole

__all__ = ["FastenerJoint", "HoleType", "fastener_hole"]
