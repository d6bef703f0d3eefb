"""Mode ``build``: a script becomes shapes and declarations, which another process measures."""

from __future__ import annotations

from typing import Any

from runtime import handover
from runtime.script import Source, build_shape


def run(job: dict[str, Any], source: Source) -> None:
    """Builds, and leaves the handed-over files in the run folder."""
    root = build_shape(source, job["session_root"])
    handover.write(root, job["run_dir"], job["with_metadata"])
