"""A library that build123d imports for one function, imported when that function is called.

Clustering takes a quarter of the start of a warm parent, and a quarter of the mappings that every fork copies. Only
``detect_primitives``, which makes surfaces of triangles, asks for it.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_CLUSTERING = "sklearn.cluster"


@contextmanager
def clustering_on_demand() -> Iterator[None]:
    """What is imported inside finds a stand-in for the class; afterwards the library is imported as ever."""
    # What a locked-in process cannot do: joblib asks for semaphores, the controller looks for libraries in /proc.
    import joblib  # noqa: F401
    from threadpoolctl import ThreadpoolController

    controller = ThreadpoolController()

    def clustering(*arguments: Any, **named: Any) -> Any:
        from sklearn.cluster import DBSCAN
        from sklearn.utils import parallel

        parallel._threadpool_controller = controller
        return DBSCAN(*arguments, **named)

    stand_in = types.ModuleType(_CLUSTERING)
    stand_in.DBSCAN = clustering  # type: ignore[attr-defined]
    sys.modules[_CLUSTERING] = stand_in
    try:
        yield
    finally:
        del sys.modules[_CLUSTERING]
