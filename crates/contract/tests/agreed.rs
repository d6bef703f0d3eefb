//! Names and numbers of the contract against a list that was written by hand.
//!
//! Stack and suite share this crate, so that a slip in it would be on both sides and no test over HTTP would see it.
//! The list holds what the seed and CONTRACT.md name; what this crate has beyond that is free to change.

use std::collections::BTreeSet;

use contract::{
    assembly,
    backend::SimulatorBackend,
    benchmark, episodes, events,
    events::EventType,
    execution, files,
    gate::Stage,
    health,
    lifecycle::{EpisodeStatus, NextAgent, Phase},
    limits, motion, objectives,
    part_metadata::{self, ManufacturingMethod},
    reviews::{self, RefusalReason, ReviewDecision},
    session,
    simulation::{self, FailureReason},
    wiring::{self, standard_ports as p, variables as v},
    workbench,
};
use schemars::{JsonSchema, schema_for};
use serde::Serialize;
use serde_json::{Value, json};
use strum::VariantArray;

fn agreed() -> Value {
    serde_json::from_str(include_str!("agreed.json")).expect("agreed.json is JSON")
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().expect("a list").iter().map(|text| text.as_str().expect("a text")).collect()
}

fn schema<T: JsonSchema>() -> Value {
    serde_json::to_value(schema_for!(T)).expect("a schema is JSON")
}

/// Names of an enumeration, whether its variants have descriptions of their own or not.
fn variants(schema: &Value) -> Vec<String> {
    let described = schema["oneOf"].as_array().into_iter().flatten();
    let lists = described.chain([schema]);
    let names = lists.flat_map(|list| match (&list["const"], &list["enum"]) {
        (Value::String(one), _) => vec![one.clone()],
        (_, Value::Array(some)) => some.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    });
    names.collect()
}

#[test]
fn headers_and_environment_are_as_agreed() {
    let agreed = agreed();
    let headers = json!({
        "session": session::SESSION_HEADER, "api_key": session::API_KEY_HEADER, "test_id": session::TEST_ID_HEADER
    });
    assert_eq!(headers, agreed["headers"]);
    let names = [
        v::CONTROLLER_URL,
        v::WORKER_LIGHT_URL,
        v::WORKER_HEAVY_URL,
        v::CONTROLLER_API_KEY,
        v::POSTGRES_URL,
        v::S3_ENDPOINT,
        v::S3_ACCESS_KEY,
        v::S3_SECRET_KEY,
        v::ASSET_S3_BUCKET,
        v::IS_INTEGRATION_TEST,
    ];
    let environment = json!({
        "names": names,
        "ports": [p::CONTROLLER, p::WORKER_LIGHT, p::WORKER_HEAVY, p::POSTGRES, p::S3, p::TEMPORAL],
        "mounts": wiring::READ_ONLY_MOUNTS,
        "heavy_queue": wiring::HEAVY_QUEUE,
        "episode_queue": wiring::EPISODE_QUEUE,
        "events_file": events::EVENTS_FILE,
    });
    assert_eq!(environment, agreed["environment"]);
}

#[test]
fn events_have_the_agreed_names() {
    let ours: BTreeSet<_> = EventType::VARIANTS.iter().map(|event| event.name()).collect();
    let agreed = agreed();
    let named: BTreeSet<_> = [&agreed["events"], &agreed["own"]["events"]].into_iter().flat_map(texts).collect();
    let unnamed: Vec<_> = ours.difference(&named).collect();
    assert_eq!(unnamed, [&EventType::Other.name()], "a script gives its events other names");
    let missing: Vec<_> = named.difference(&ours).collect();
    assert_eq!(missing, [&"lint_failure_code"], "no service emits this one yet");
}

#[test]
fn enumerations_hold_the_agreed_names() {
    let known = [
        ("EpisodeStatus", schema::<EpisodeStatus>()),
        ("SimulatorBackend", schema::<SimulatorBackend>()),
        ("FailureReason", schema::<FailureReason>()),
        ("ReviewDecision", schema::<ReviewDecision>()),
        ("RefusalReason", schema::<RefusalReason>()),
        ("ManufacturingMethod", schema::<ManufacturingMethod>()),
        ("JointType", schema::<part_metadata::JointType>()),
        ("ControlMode", schema::<motion::ControlMode>()),
        ("HealthStatus", schema::<health::HealthStatus>()),
    ];
    assert_holds(&agreed()["enumerations"], &known, variants);
}

/// Two macros make the names: one for what is sent, one for what `name()` says.
#[test]
fn names_in_texts_are_those_on_the_wire() {
    fn assert_equal<T: Copy + Serialize>(all: &[T], name: impl Fn(T) -> &'static str) {
        for one in all {
            assert_eq!(json!(one), name(*one));
        }
    }
    assert_equal(EpisodeStatus::VARIANTS, EpisodeStatus::name);
    assert_equal(NextAgent::VARIANTS, NextAgent::name);
    assert_equal(Phase::VARIANTS, Phase::name);
    assert_equal(SimulatorBackend::VARIANTS, SimulatorBackend::name);
    assert_equal(Stage::VARIANTS, Stage::name);
    assert_equal(FailureReason::VARIANTS, FailureReason::name);
    assert_equal(RefusalReason::VARIANTS, RefusalReason::name);
    assert_equal(ReviewDecision::ALL, ReviewDecision::name);
    assert_equal(ManufacturingMethod::ALL, ManufacturingMethod::name);
}

#[test]
fn types_hold_the_agreed_fields() {
    let known = [
        ("BenchmarkRequest", schema::<benchmark::BenchmarkRequest>()),
        ("BenchmarkResponse", schema::<benchmark::BenchmarkResponse>()),
        ("MultiRunResult", schema::<simulation::MultiRunResult>()),
        ("WorkbenchResult", schema::<workbench::WorkbenchResult>()),
        ("ReviewEvidence", schema::<reviews::ReviewEvidence>()),
        ("ReviewFrontmatter", schema::<reviews::ReviewFrontmatter>()),
        ("WriteFileRequest", schema::<files::WriteFileRequest>()),
        ("ExecuteRequest", schema::<execution::ExecuteRequest>()),
        ("ExecuteResponse", schema::<execution::ExecuteResponse>()),
        ("AgentRunRequest", schema::<episodes::AgentRunRequest>()),
        ("AgentRunResponse", schema::<episodes::AgentRunResponse>()),
        ("Zones", schema::<objectives::Zones>()),
        ("MovedObject", schema::<objectives::MovedObject>()),
        ("PlannerConstraints", schema::<assembly::PlannerConstraints>()),
        ("Totals", schema::<assembly::Totals>()),
        ("PartMetadata", schema::<part_metadata::PartMetadata>()),
    ];
    let fields =
        |schema: &Value| schema["properties"].as_object().into_iter().flat_map(|map| map.keys().cloned()).collect();
    assert_holds(&agreed()["fields"], &known, fields);
}

/// Each list of `agreed` must belong to a type of `known` that has all of its names.
fn assert_holds(agreed: &Value, known: &[(&str, Value)], names: impl Fn(&Value) -> Vec<String>) {
    let agreed = agreed.as_object().expect("lists by name of the type");
    assert_eq!(agreed.len(), known.len(), "every type of one list is in the other");
    for (name, schema) in known {
        let ours = names(schema);
        let lost: Vec<_> =
            texts(&agreed[*name]).into_iter().filter(|text| !ours.iter().any(|our| our == text)).collect();
        assert!(lost.is_empty(), "{name} has no {lost:?} any more; it has {ours:?}");
    }
}

#[test]
fn limits_are_as_agreed() {
    let ours = json!({
        "default_execute_timeout_s": limits::DEFAULT_EXECUTE_TIMEOUT_S,
        "simulation_step_s": limits::SIMULATION_STEP_S,
        "max_simulation_steps": limits::MAX_SIMULATION_STEPS,
        "max_kinetic_energy_j": limits::MAX_KINETIC_ENERGY_J,
        "max_speed_m_s": limits::MAX_SPEED_M_S,
        "overload_s": limits::OVERLOAD_S,
        "max_totals_deviation": limits::MAX_TOTALS_DEVIATION,
        "dof_warning_from": limits::DOF_WARNING_FROM,
        "min_fasteners": limits::MIN_FASTENERS,
        "max_rejections": limits::MAX_REJECTIONS,
    });
    let agreed = agreed();
    let agreed = agreed["limits"].as_object().expect("numbers by name");
    assert_eq!(agreed.len(), ours.as_object().map_or(0, serde_json::Map::len));
    for (name, number) in agreed {
        assert_eq!(ours[name].as_f64(), number.as_f64(), "{name}");
    }
}
