"""What the warm parent does once, so that no child has to: a rehearsal, and tidying its memory.

A child that is the first to use a class, a symbol of a library or a cache pays for it, and so does every child after
it, since none hears of the others. And a child copies each page that it is the first to write into, if only to count a
reference.
"""

from __future__ import annotations

import ctypes
import gc
import linecache
import os
import sys
import uuid

from runtime import build_design, measure
from runtime.script import Source

# What most scripts use, and nothing that leaves a trace. Exports number their products; booleans start the threads of
# the CAD kernel, which no fork would have.
_DESIGN = '''
from build123d import *
from shared.models.schemas import CompoundMetadata, PartMetadata


def build():
    with BuildPart() as builder:
        Box(40, 30, 10)
        fillet(builder.edges().filter_by(Axis.Z), 2)
    base = builder.part
    base.label = "base"
    base.metadata = PartMetadata(material_id="aluminum_6061", fixed=True)
    pin = Pos(0, 0, 20) * Rot(0, 90, 0) * Cylinder(3, 12)
    pin.label = "pin"
    pin.metadata = PartMetadata(material_id="hdpe")
    rib = Pos(0, 0, 40) * extrude(Rectangle(8, 4), 3)
    rib.label = "rib"
    pair = Compound(label="pair", children=[rib])
    pair.metadata = CompoundMetadata()
    goal = Pos(0, 0, 60) * Box(5, 5, 5)
    goal.label = "zone_goal"
    return Compound(label="rehearsal", children=[base, pin, pair, goal])
'''
# So often Python watches a function until it has specialised it.
_REHEARSALS = 10
_MEASURING = {"tolerance_mm": 0.1, "angle_rad": 0.1, "interference_threshold_mm3": None}

_MADV_COLLAPSE = 25
_LARGE_PAGE_BYTES = 2 << 20


def rehearse(runs_dir: str) -> None:
    """Builds and measures one design as children do, in a folder of its own. A CAD library that cannot do it is found
    out here."""
    # A new name, since a parent that was killed in here has left its folder behind.
    run_dir = os.path.join(runs_dir, str(uuid.uuid4()))
    os.mkdir(run_dir, 0o700)
    source = Source("<rehearsal>", _DESIGN)
    for _ in range(_REHEARSALS):
        build_design.run({"session_root": run_dir, "run_dir": run_dir, "with_metadata": True}, source)
        measure.run({"run_dir": run_dir, **_MEASURING})
        del sys.modules["script"]
    linecache.clearcache()
    for name in os.listdir(run_dir):
        os.unlink(os.path.join(run_dir, name))
    os.rmdir(run_dir)


def tidy_memory() -> None:
    """Leaves what was made so far to nobody's collector, so that its pages stay shared, and gathers it in large pages:
    a fork copies one entry for each page."""
    gc.collect()
    gc.freeze()
    advise = ctypes.CDLL(None).madvise
    advise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    with open("/proc/self/maps", encoding="ascii", errors="replace") as file:
        mappings = [line.split() for line in file]
    for place, access, _, _, inode, *_ in mappings:
        start, end = (int(address, 16) for address in place.split("-"))
        if access == "rw-p" and inode == "0" and end - start >= _LARGE_PAGE_BYTES:
            # Kernels before 6.1 do not know it, and go on with small pages.
            advise(start, end - start, _MADV_COLLAPSE)
