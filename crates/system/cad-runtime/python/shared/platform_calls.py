"""What scripts of the original platform call as functions: checked and priced here, or named where it is done.

A script runs without network, so it cannot reach a route. Checking and pricing need none: the same engine computes
them, and no more than the answer comes of it - gates ask for the route, which records what passed. Simulating and
handing over are work of the platform, and a function that only seemed to do them would mislead.
"""

from __future__ import annotations

from typing import Any, NoReturn

from build123d import BuildPart
from build123d.topology import Shape
from runtime import geometry
from runtime.faults import Fault
from runtime.features import find_features
from runtime.parts import Part, described_parts

from shared import agent_tools
from shared.agent_tools import AgentToolError
from shared.enums import ManufacturingMethod
from shared.models.validation import member
from shared.workers.workbench_models import DOFSummary, WorkbenchMetadata, WorkbenchResult

__all__ = ["refuse_plan", "simulate", "submit_for_review", "validate_and_price"]

_SESSION_CONFIG = "manufacturing_config.yaml"
# As fine as the platform's own build.
_TOLERANCE_MM = 0.1
_ANGLE_RAD = 0.1


def validate_and_price(
    component: Any,
    manufacturing_method: ManufacturingMethod | str | None = None,
    *,
    quantity: int | None = None,
) -> WorkbenchResult:
    """Checks whether a part or an assembly can be made, and what it costs and weighs.

    Prices by the session's own ``manufacturing_config.yaml`` where there is one, else by ``/config``, against the build
    zone and the caps of the session's ``objectives.yaml``. The answer is the script's own: ``simulate`` and submission
    ask for ``POST /benchmark/validate_and_price``.

    Args:
        component: a part or a ``Compound`` of parts with metadata.
        manufacturing_method: method for every part that is not bought, whatever its metadata says.
        quantity: units that are made; that of the objectives when left out.

    Raises:
        AgentToolError: the component cannot be read; the message says why.
    """
    if isinstance(component, BuildPart):
        component = component.part
    if not isinstance(component, Shape):
        raise AgentToolError(f"validate_and_price needs a part or a Compound, not {type(component).__name__}")
    method = manufacturing_method
    if method is not None:
        method = member("validate_and_price", "manufacturing_method", ManufacturingMethod, method)
    try:
        parts = [_described(part, method) for part in described_parts(component) if not part.is_zone]
    except Fault as fault:
        raise AgentToolError(fault.message) from None
    answer = agent_tools.ask(
        "validate_and_price",
        {
            "parts": parts,
            "objectives_yaml": agent_tools.text_of(agent_tools.OBJECTIVES_FILE),
            "config_yaml": agent_tools.text_of(agent_tools.CONFIG_FILE),
            "session_config_yaml": agent_tools.text_of(_SESSION_CONFIG),
            "catalog_path": agent_tools.CATALOG_FILE,
            "quantity": quantity,
        },
    )
    report = answer["report"]
    return WorkbenchResult(
        is_manufacturable=answer["success"],
        unit_cost=report["unit_cost"],
        weight_g=report["weight_g"],
        violations=[violation["message"] for violation in answer["violations"]],
        metadata=WorkbenchMetadata(
            dof=DOFSummary(count=report["dof_count"], warning=next(iter(answer["warnings"]), None)),
            additional_info={"parts": report["parts"], "warnings": answer["warnings"]},
        ),
    )


def _described(part: Part, method: ManufacturingMethod | None) -> dict[str, Any]:
    shape, _ = geometry.turned_outward(part.shape)
    faces = geometry.face_measures(shape)
    mass = geometry.mass_properties(shape)
    mesh = geometry.tessellate(shape, _TOLERANCE_MM, _ANGLE_RAD)
    metadata = None if part.role == "compound" or part.metadata is None else part.metadata.model_dump()
    if metadata is not None and method is not None and metadata["cots_id"] is None:
        metadata["manufacturing_method"] = method.value
    return {
        "label": part.label,
        "metadata": metadata,
        "is_fixed": bool(getattr(part.metadata, "is_fixed", False)),
        "volume_mm3": mass.volume_mm3,
        "area_mm2": sum(face["area_mm2"] for face in faces),
        "bounding_box": geometry.bounds(shape),
        "solid_count": geometry.count_solids(shape),
        "is_valid": geometry.is_valid(shape),
        "is_watertight": mesh.is_watertight,
        "vertices_mm": mesh.vertices_mm.tolist(),
        "triangles": mesh.triangles.tolist(),
        "normals": mesh.normals.tolist(),
        "faces": faces,
        "internal_corners": find_features(shape).internal_corners,
    }


def simulate(*_arguments: Any, **_named: Any) -> NoReturn:
    """Raises: a script cannot simulate; the message names the tool that does."""
    _elsewhere("simulate", "POST /benchmark/simulate", "put the design into build() of a script of the session")


def submit_for_review(*_arguments: Any, **_named: Any) -> NoReturn:
    """Raises: a script cannot hand work over; the message names the tool that does."""
    _elsewhere("submit_for_review", "POST /benchmark/submit", "finish plan.md, todo.md and the design in the session")


def refuse_plan(*_arguments: Any, **_named: Any) -> NoReturn:
    """Raises: a script cannot refuse a plan; the message names the tool that does."""
    _elsewhere("refuse_plan", "POST /episodes/{id}/refuse-plan", "give the reason and the evidence there")


def _elsewhere(function: str, route: str, before: str) -> NoReturn:
    raise AgentToolError(
        f"{function} did nothing: scripts run without network and cannot call the platform. {before[0].upper()}"
        f"{before[1:]}, and call {route} (the tool {function}) from outside the script."
    )
