//! Motors: the drives in the assembly definition and the objectives, as actuators of the scene.

use contract::{
    assembly::AssemblyNode,
    limits::DEFAULT_FREQUENCY_HZ,
    motion::{ControlMode, Motion, MotorControl},
    part_metadata::{JointSupport, JointType},
};
use design::{Part, PartRole};
use materials::Servo;
use physics::{Actuator, Controller, Waypoint};

use crate::{SceneSources, freedoms};

/// A servo's stiffness is its torque over this angle, rad.
const SERVO_FULL_EFFORT_RAD: f64 = 0.2;
/// A servo's damping as a share of its stiffness, s.
const SERVO_DAMPING_S: f64 = 0.1;

/// Every driven part. A part of the solution is named in the assembly definition, one of the environment in the
/// objectives.
pub(crate) fn motors_of(sources: &SceneSources) -> Result<Vec<Actuator>, String> {
    let planned = sources.assembly.into_iter().flat_map(|assembly| assembly.final_assembly.iter());
    let planned = planned.flat_map(|node| match node {
        AssemblyNode::Subassembly(subassembly) => subassembly.parts.iter(),
        AssemblyNode::Part(part) => std::slice::from_ref(part).iter(),
    });
    let planned = planned.map(|part| (freedoms::PLANNED, part.name.as_str(), &part.config));
    let of_environment = sources.objectives.into_iter().flat_map(|objectives| objectives.moving_parts.iter());
    let of_environment = of_environment.map(|part| (freedoms::OF_ENVIRONMENT, part.part_name.as_str(), &part.motion));
    let moving = planned.chain(of_environment);
    moving.filter_map(|(field, name, motion)| motor(sources, field, name, motion).transpose()).collect()
}

fn motor(sources: &SceneSources, field: &str, name: &str, motion: &Motion) -> Result<Option<Actuator>, String> {
    let part = sources.design.parts.iter().find(|part| !part.is_zone() && part.label == name);
    if let Some(sentence) = part.and_then(|part| freedoms::contradiction(field, part, &motion.dofs)) {
        return Err(sentence);
    }
    let Some(control) = &motion.control else { return Ok(None) };
    let Some(part) = part else {
        return Err(format!("{name:?} is to be driven, but the design has no part of that label"));
    };
    if part.is_fixed() {
        return Err(format!(
            "part {name:?} is to be driven, but is fixed; take fixed=True away from it, or take the control out"
        ));
    }
    if part.joint().is_none() {
        return Err(format!(
            "part {name:?} is to be driven, but has no joint; give its metadata a hinge or a slide, or take the control out"
        ));
    }
    let mut motor = Actuator::new(name, controller(control));
    let servo = servo_of(sources, part);
    let torque = servo.map(|servo| servo.torque_nm);
    motor.speed_limit = servo.and_then(|servo| servo.speed_rad_s);
    if let Some(torque) = torque {
        if let Some(limit) = control.force_limit.filter(|limit| *limit > torque) {
            return Err(format!(
                "part {name:?} is to be driven with a force_limit of {limit} N·m, but its servo has a torque of {torque} \
                 N·m; lower the limit, leave it out, or take a stronger servo"
            ));
        }
        motor.kp = torque / SERVO_FULL_EFFORT_RAD;
        motor.kv = SERVO_DAMPING_S * motor.kp;
    }
    motor.force_limit = control.force_limit.or(torque);
    motor.power = sources.motor_power.get(name).copied().unwrap_or(1.0);
    Ok(Some(motor))
}

/// The servo that a part with a hinge is or turns on; `None` for a slide, which a torque cannot drive.
fn servo_of(sources: &SceneSources, part: &Part) -> Option<Servo> {
    let joint = part.joint().filter(|joint| joint.kind == JointType::Hinge)?;
    let turns_on = joint.to.as_ref().filter(|_| joint.via == Some(JointSupport::Motor));
    let other = turns_on.and_then(|to| sources.design.parts.iter().find(|other| other.label == *to));
    [Some(part), other].into_iter().flatten().find_map(|candidate| match &candidate.role {
        PartRole::Part(metadata) => sources.materials.servo(metadata.cots_id.as_deref()?),
        PartRole::Compound(_) | PartRole::Zone(_) => None,
    })
}

fn controller(control: &MotorControl) -> Controller {
    let frequency_hz = control.frequency.unwrap_or(DEFAULT_FREQUENCY_HZ);
    let amplitude = control.speed;
    match control.mode {
        ControlMode::Constant => Controller::Constant { value: control.speed },
        ControlMode::Sinusoidal => Controller::Sinusoidal { amplitude, frequency_hz },
        ControlMode::Square => Controller::Square { amplitude, frequency_hz },
        ControlMode::Trapezoidal => Controller::Trapezoidal { amplitude, frequency_hz },
        ControlMode::OnOff => Controller::OnOff { value: control.speed, frequency_hz },
        ControlMode::Position => Controller::Position { target: control.speed },
        ControlMode::Hold => Controller::Hold,
        ControlMode::Oscillate => {
            Controller::Oscillate { center: control.center.unwrap_or(0.0), amplitude, frequency_hz, phase_rad: 0.0 }
        }
        ControlMode::Waypoint => Controller::Waypoints(
            control.waypoints.iter().map(|[time_s, value]| Waypoint { time_s: *time_s, value: *value }).collect(),
        ),
    }
}
