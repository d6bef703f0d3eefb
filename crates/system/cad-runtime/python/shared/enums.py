"""Enumerations of the contract. Each value is a string, so that it compares and serialises as its wire name."""

from enum import StrEnum


class ManufacturingMethod(StrEnum):
    """How a part is made."""

    CNC = "cnc"
    THREE_DP = "3dp"
    INJECTION_MOLDING = "im"


class JointType(StrEnum):
    """How a part moves against the world."""

    HINGE = "hinge"
    SLIDE = "slide"


class JointSupport(StrEnum):
    """What a moving part turns or slides on."""

    BEARING = "bearing"
    MOTOR = "motor"
    THROUGH_HOLE = "through_hole"


class SimulatorBackendType(StrEnum):
    """Physics backends."""

    MUJOCO = "mujoco"
    GENESIS = "genesis"


class MotorControlMode(StrEnum):
    """How a motor is driven over time."""

    CONSTANT = "constant"
    SINUSOIDAL = "sinusoidal"
    ON_OFF = "on_off"


class ElectronicComponentType(StrEnum):
    """Kinds of electrical components."""

    MOTOR = "motor"
    POWER_SUPPLY = "power_supply"
    RELAY = "relay"
    SWITCH = "switch"
    CONNECTOR = "connector"


class MovingPartType(StrEnum):
    """Whether a moving part has a drive of its own."""

    MOTOR = "motor"
    PASSIVE = "passive"


class FluidShapeType(StrEnum):
    """Shapes of an initial fluid volume."""

    CYLINDER = "cylinder"
    BOX = "box"
    SPHERE = "sphere"


class FluidObjectiveType(StrEnum):
    """What a fluid objective measures."""

    FLUID_CONTAINMENT = "fluid_containment"
    FLOW_RATE = "flow_rate"


class FluidEvalAt(StrEnum):
    """When a fluid objective is measured."""

    END = "end"
    CONTINUOUS = "continuous"


class FailureReason(StrEnum):
    """Why a simulation failed."""

    NONE = "none"
    TIMEOUT = "timeout"
    OUT_OF_BOUNDS = "out_of_bounds"
    FORBID_ZONE_HIT = "forbid_zone_hit"
    PART_BREAKAGE = "part_breakage"
    MOTOR_OVERLOAD = "motor_overload"
    STABILITY_ISSUE = "stability_issue"
    PHYSICS_INSTABILITY = "physics_instability"
    SHORT_CIRCUIT = "short_circuit"
    OVERCURRENT = "overcurrent"
    WIRE_TORN = "wire_torn"
    OPEN_CIRCUIT = "open_circuit"
    ASSET_GENERATION_FAILED = "asset_generation_failed"
    FLUID_OBJECTIVE_FAILED = "fluid_objective_failed"
    STRESS_OBJECTIVE_EXCEEDED = "stress_objective_exceeded"
    ELECTRONICS_FLUID_DAMAGE = "electronics_fluid_damage"
    VALIDATION_FAILED = "validation_failed"
    MANUFACTURABILITY_FAILED = "manufacturability_failed"


# Scripts of existing platforms know the enumeration by this name.
SimulationFailureMode = FailureReason


class ReviewDecision(StrEnum):
    """Outcomes of a review."""

    APPROVED = "approved"
    REJECTED = "rejected"
    REJECT_PLAN = "reject_plan"
    REJECT_CODE = "reject_code"
    CONFIRM_PLAN_REFUSAL = "confirm_plan_refusal"
    REJECT_PLAN_REFUSAL = "reject_plan_refusal"
