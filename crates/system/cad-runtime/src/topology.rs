//! Properties of one part, face or edge.

use contract::execution::{InspectTopologyResponse, TopologyProperties};
use serde_json::json;

use crate::run::{Input, Job, Outcome};
use design::Geometry;

/// The target: `part`, `face` or `edge`, and its number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target<'id> {
    kind: &'id str,
    index: u32,
}

/// The target that an id such as `face_3` names, or a message about what is wrong with the request.
pub(crate) fn target(target_id: &str) -> Result<Target<'_>, String> {
    let parsed = target_id
        .split_once('_')
        .filter(|(kind, _)| matches!(*kind, "part" | "face" | "edge"))
        .and_then(|(kind, number)| number.parse::<u32>().ok().map(|index| (kind, index)));
    match parsed {
        Some((kind, index)) => Ok(Target { kind, index }),
        None => Err(format!("'{target_id}' is not a target; use part_<n>, face_<n> or edge_<n>, counted from 0.")),
    }
}

/// The job that measures a target in what a script handed over.
pub(crate) fn job(geometry: Geometry, script_path: &str, target: Target<'_>) -> Job {
    let Target { kind, index } = target;
    let script_name = script_path.trim_start_matches('/');
    Job {
        mode: "topology",
        input: Input::Geometry(geometry),
        extra: json!({ "target_kind": kind, "target_index": index, "script_name": script_name }),
    }
}

/// The answer for an outcome.
pub(crate) fn response(outcome: &Outcome) -> InspectTopologyResponse {
    if let Some(fault) = &outcome.fault {
        return failure(fault.message.clone());
    }
    if let Some(message) = outcome.result.get("missing").and_then(|message| message.as_str()) {
        return failure(message.to_owned());
    }
    let properties = outcome.result.get("properties").cloned().unwrap_or_default();
    match serde_json::from_value::<TopologyProperties>(properties) {
        Ok(properties) => InspectTopologyResponse { success: true, properties: Some(properties), message: None },
        Err(error) => failure(format!("The run left no readable properties ({error}).")),
    }
}

/// An answer that found nothing.
pub(crate) fn failure(message: String) -> InspectTopologyResponse {
    InspectTopologyResponse { success: false, properties: None, message: Some(message) }
}
