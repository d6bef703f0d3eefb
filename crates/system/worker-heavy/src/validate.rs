//! `validate`: is the geometry sound, and does it stay inside its build zone?

use cad_runtime::Design;
use chrono::Utc;
use contract::{
    benchmark::{BenchmarkRequest, BenchmarkResponse},
    events::{event, names},
    execution::BoundingBox,
    limits::MAX_SIZE_WITHOUT_BUILD_ZONE_MM,
    objectives::{Objectives, Zone},
    session::SessionId,
    simulation::FailureReason,
};
use serde_json::json;
use service::ServiceError;

use crate::{materials::Materials, scene::scene_of, simulate::refused, workbench::Workbench};

/// Axes by name, for messages.
const AXES: [char; 3] = ['X', 'Y', 'Z'];

/// Serves one validation; the call waits for its turn.
pub async fn validate(
    bench: &Workbench,
    session: &SessionId,
    request: &BenchmarkRequest,
) -> Result<BenchmarkResponse, ServiceError> {
    let turn = bench.queue.turn().await;
    let mut events = Vec::new();
    let built = match bench.build(session, &request.design, true, &mut events).await {
        Ok(built) => built,
        Err(error) => return refused(error, &turn, events),
    };

    let errors = findings(&built.design, built.objectives.as_ref(), &bench.materials);
    let success = errors.is_empty();
    events.push(event(names::SCENE_VALIDATION, Utc::now(), json!({ "result": success, "errors": errors })));
    let message = if success { "Validation successful".to_owned() } else { errors.join("; ") };
    let seconds = Utc::now().timestamp_micros() as f64 / 1e6;
    let record = json!({ "success": success, "message": message, "timestamp": seconds });
    bench.keep(session, vec![("validation_results.json".to_owned(), record.to_string().into_bytes())]).await?;
    Ok(BenchmarkResponse {
        success,
        message: format!("{message}{}", turn.note()),
        failure_reason: (!success).then_some(FailureReason::ValidationFailed),
        confidence: "high".into(),
        queue_position: turn.position(),
        result: None,
        artifacts: None,
        events,
    })
}

/// Everything that is wrong, one sentence each.
fn findings(design: &Design, objectives: Option<&Objectives>, materials: &Materials) -> Vec<String> {
    let mut errors = Vec::new();
    let parts: Vec<_> = design.parts.iter().filter(|part| !part.is_zone()).collect();
    for part in &parts {
        if !part.is_valid || !part.mesh.is_watertight {
            errors.push(format!("Geometry of part {:?} is not a closed, valid solid", part.label));
        }
    }
    for overlap in &design.interferences {
        errors.push(format!(
            "Geometric intersection detected (volume: {:.2} mm³) between {:?} and {:?}",
            overlap.volume_mm3, overlap.first, overlap.second
        ));
    }
    for part in &parts {
        match objectives {
            Some(objectives) => {
                errors.extend(outside(&part.label, &part.bounding_box, &objectives.objectives.build_zone));
            }
            None => errors.extend(too_large(&part.label, &part.bounding_box)),
        }
    }
    // The scene is made to see that materials and masses are known; it is not run.
    if let Err(sentence) = scene_of(design, objectives, materials, 0) {
        errors.push(sentence);
    }
    errors
}

fn outside(label: &str, bounds: &BoundingBox, zone: &Zone) -> Option<String> {
    let faults: Vec<_> = (0..3)
        .flat_map(|axis| {
            let name = AXES[axis];
            let low = (bounds.min[axis] < zone.min[axis] - 1e-6)
                .then(|| format!("{name} min ({:.3}) < build zone min ({:.3})", bounds.min[axis], zone.min[axis]));
            let high = (bounds.max[axis] > zone.max[axis] + 1e-6)
                .then(|| format!("{name} max ({:.3}) > build zone max ({:.3})", bounds.max[axis], zone.max[axis]));
            [low, high].into_iter().flatten()
        })
        .collect();
    (!faults.is_empty()).then(|| format!("Build zone violation: part {label:?}: {} (mm)", faults.join(", ")))
}

fn too_large(label: &str, bounds: &BoundingBox) -> Option<String> {
    let (axis, size) = (0..3)
        .map(|axis| (AXES[axis], bounds.max[axis] - bounds.min[axis]))
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .filter(|(_, size)| *size > MAX_SIZE_WITHOUT_BUILD_ZONE_MM)?;
    Some(format!(
        "Boundary constraint violation: part {label:?} measures {size:.1} mm along {axis}, \
         {MAX_SIZE_WITHOUT_BUILD_ZONE_MM} mm are allowed where no objectives give a build zone"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_zone_violation_names_axis_value_and_limit() {
        let zone = Zone { min: [0.0; 3], max: [10.0; 3] };
        let bounds = BoundingBox { min: [-1.0, 0.0, 0.0], max: [10.0, 12.5, 10.0] };
        let sentence = outside("arm", &bounds, &zone).expect("it sticks out");
        assert!(sentence.contains("X min (-1.000)") && sentence.contains("Y max (12.500)"), "{sentence}");
        assert!(!sentence.contains('Z'), "{sentence}");
        assert_eq!(outside("arm", &BoundingBox { min: [0.0; 3], max: [10.0; 3] }, &zone), None);
    }
}
