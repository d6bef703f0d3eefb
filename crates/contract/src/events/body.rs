//! What happened, by `event_type`: each body is described here and nowhere else.

use serde::Serialize;
use serde_json::{Map, Value};
use strum::{AsRefStr, EnumDiscriminants, IntoStaticStr, VariantArray};
use uuid::Uuid;

use crate::{
    backend::SimulatorBackend,
    catalog::CatalogAnswer,
    catalog_version::CatalogVersion,
    gate::Gate,
    lifecycle::{EpisodeStatus, NextAgent},
    part_metadata::ManufacturingMethod,
    reviews::{RefusalReason, ReviewDecision, ReviewEvidence},
    simulation::Instability,
    variation::StaticVariation,
    violations::Violation,
};

/// What happened. The name of a variant in lower case is the `event_type`.
#[derive(Debug, Clone, PartialEq, Serialize, EnumDiscriminants)]
#[serde(tag = "event_type", rename_all = "snake_case")]
#[strum_discriminants(
    name(EventType),
    doc = "The kinds of events that services emit by themselves.",
    derive(AsRefStr, IntoStaticStr, VariantArray),
    strum(serialize_all = "snake_case")
)]
pub enum EventBody {
    /// A simulation was asked for.
    SimulationRequest(SimulationRequested),
    /// Which engine was chosen.
    SimulationBackendSelected(BackendSelected),
    /// A run was aborted as unstable.
    PhysicsInstability(PhysicsInstability),
    /// A run of a simulation ended.
    SimulationResult(SimulationEnd),
    /// A design was validated.
    SceneValidation(SceneValidation),
    /// A part was checked against its manufacturing method, and priced.
    ManufacturabilityCheck(ManufacturabilityCheck),
    /// A plan or another document broke its rules.
    LintFailureDocs(LintFailure),
    /// Objectives, assembly or environment broke a rule of logic.
    LogicFailure(LogicFailure),
    /// A benchmark planner handed over.
    PlanSubmissionBenchmark(PlanSubmission),
    /// An engineering planner handed over.
    PlanSubmissionEngineer(PlanSubmission),
    /// Finished work was submitted for review, or refused.
    SubmissionValidation(SubmissionValidation),
    /// The catalogue was searched.
    CotsSearch(CotsSearch),
    /// A reviewer decided.
    ReviewDecision(ReviewDecisionEvent),
    /// A coder refused the plan.
    PlanRefusal(PlanRefusalEvent),
    /// An episode changed its state.
    EpisodeTransition(EpisodeTransitionEvent),
    /// A script ran for an episode.
    RunCommandTool(RunCommand),
    /// What a script calls it, with its own fields.
    #[serde(untagged)]
    Other(Map<String, Value>),
}

/// A simulation was asked for.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SimulationRequested {
    /// Script that builds the design.
    pub script_path: String,
    /// Variation of the benchmark.
    pub static_variation_id: Option<String>,
    /// Seed of the first run.
    pub runtime_seed: u64,
    /// Runs.
    pub num_seeds: u64,
}

/// Which engine was chosen.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BackendSelected {
    /// Backend that was asked for.
    pub backend: SimulatorBackend,
    /// What serves it.
    pub provider: &'static str,
    /// Engine and version that really run.
    pub engine: String,
    /// Whether stresses are computed.
    pub fem_enabled: bool,
    /// `auto`, `cpu` or `gpu`.
    pub compute_target: String,
}

/// A run was aborted as unstable.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PhysicsInstability {
    /// Kinetic energy at the end, J.
    pub kinetic_energy: f64,
    /// Most that is allowed, J.
    pub threshold: f64,
    /// Step at which it was aborted.
    pub step: u64,
    /// What became unstable.
    pub cause: Option<Instability>,
    /// Seed of the run.
    pub runtime_seed: u64,
}

/// A run of a simulation ended.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SimulationEnd {
    /// True when the goal was reached, or when there was none and the run stayed stable.
    pub success: bool,
    /// Why it failed, else `none`.
    pub failure_reason: String,
    /// Simulated time, s.
    pub time_elapsed_s: f64,
    /// Time that computing took, ms.
    pub compute_time_ms: f64,
    /// Facts about the run.
    pub metadata: RunFacts,
}

/// Facts about a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunFacts {
    /// Steps that were computed.
    pub num_steps: u64,
    /// Seed of the start jitter.
    pub runtime_seed: u64,
    /// Deviation of the start, mm.
    pub start_offset_mm: [f64; 3],
    /// Id of the variation.
    pub static_variation_id: Option<String>,
    /// What the variation drew.
    pub static_variation: Option<StaticVariation>,
    /// Motor that was at its limit for too long.
    pub overloaded_motor: Option<String>,
}

/// A design was validated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SceneValidation {
    /// True when it passed.
    pub result: bool,
    /// What is wrong, one sentence each.
    pub errors: Vec<String>,
}

/// A part was checked against its manufacturing method, and priced.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ManufacturabilityCheck {
    /// Label of the part.
    pub part_id: String,
    /// How it is made; absent for a bought part.
    pub method: Option<ManufacturingMethod>,
    /// True when it can be made.
    pub result: bool,
    /// Price of a piece, USD.
    pub price: f64,
    /// Weight of a piece, g.
    pub weight_g: f64,
    /// Facts about the part.
    pub metadata: ManufacturabilityFacts,
}

/// Facts about a part that was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ManufacturabilityFacts {
    /// Catalogue id of a bought part.
    pub cots_id: Option<String>,
    /// What is wrong, one sentence each.
    pub violations: Vec<String>,
}

/// A document broke its rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LintFailure {
    /// The document.
    pub file_path: String,
    /// What is wrong, one sentence each.
    pub errors: Vec<String>,
}

/// A rule of logic was broken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogicFailure {
    /// The file that breaks it.
    pub file_path: String,
    /// The rule.
    pub constraint_name: String,
    /// One sentence.
    pub error_message: String,
}

impl From<&Violation> for LogicFailure {
    fn from(violation: &Violation) -> Self {
        Self {
            file_path: violation.file.clone(),
            constraint_name: violation.rule.clone(),
            error_message: violation.to_string(),
        }
    }
}

/// A planner handed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlanSubmission {
    /// The plan.
    pub plan_path: String,
    /// True when it was accepted.
    pub accepted: bool,
    /// Documents that are there.
    pub artifacts_present: Vec<String>,
}

/// Finished work was submitted for review, or refused.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SubmissionValidation {
    /// Documents that are there.
    pub artifacts_present: Vec<String>,
    /// True when it was handed over.
    pub verification_passed: bool,
    /// Why not.
    pub errors: Vec<String>,
    /// The first gate that refused.
    pub rejected_by: Option<Gate>,
    /// SHA-256 of the content that passed, hexadecimal.
    pub content_sha256: Option<String>,
    /// Catalogue that it was priced with.
    pub catalog: Option<CatalogVersion>,
}

/// The catalogue was searched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CotsSearch {
    /// The question.
    pub query: String,
    /// How many parts fit.
    pub results_count: usize,
    /// Which ones, best first.
    pub part_ids: Vec<String>,
    /// What answered.
    #[serde(flatten)]
    pub version: CatalogVersion,
}

impl From<&CatalogAnswer> for CotsSearch {
    fn from(answer: &CatalogAnswer) -> Self {
        let part_ids: Vec<_> = answer.candidates.iter().map(|found| found.part_id.clone()).collect();
        // Postgres keeps no NUL character, and a question may hold one.
        let query = answer.query.replace('\0', "\u{fffd}");
        Self { query, results_count: part_ids.len(), part_ids, version: answer.version.clone() }
    }
}

/// A reviewer decided.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReviewDecisionEvent {
    /// Episode.
    pub episode_id: Uuid,
    /// 1-based sequence number of the review.
    pub round: u32,
    /// The decision.
    pub decision: ReviewDecision,
    /// The first comment.
    pub reason: Option<String>,
    /// All comments.
    pub comments: Vec<String>,
    /// The agent that acts next.
    pub next_agent: Option<NextAgent>,
    /// The refusal that it answers.
    pub refusal_number: Option<u32>,
    /// What the reviewer looked at.
    pub evidence: ReviewEvidence,
    /// The same in numbers.
    pub evidence_stats: EvidenceStats,
}

/// What a reviewer looked at, in numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EvidenceStats {
    /// Whether the result of a simulation was checked.
    pub has_sim_report: bool,
    /// Whether the result of a validation was checked.
    pub has_mfg_report: bool,
    /// Pictures that were viewed.
    pub num_renders: Option<u32>,
    /// Simulations that ran in the episode.
    pub simulations_run: i64,
}

/// A coder refused the plan.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlanRefusalEvent {
    /// Episode.
    pub episode_id: Uuid,
    /// 1-based sequence number of the refusal.
    pub number: u32,
    /// Why, in words.
    pub reason: String,
    /// Reason codes.
    pub reasons: Vec<RefusalReason>,
    /// Proof.
    pub evidence: Vec<String>,
    /// The agent that acts next.
    pub next_agent: NextAgent,
}

/// An episode changed its state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EpisodeTransitionEvent {
    /// Episode.
    pub episode_id: Uuid,
    /// The new state.
    pub status: EpisodeStatus,
    /// The state before.
    pub previous_status: Option<EpisodeStatus>,
    /// Workflow in which it happened.
    pub workflow_id: Option<String>,
    /// Why, where there is a reason.
    pub reason: Option<String>,
}

/// A script ran for an episode.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunCommand {
    /// Episode.
    pub episode_id: Uuid,
    /// Session.
    pub session_id: String,
    /// What ran.
    pub command: String,
    /// How it ended; absent when nothing ran.
    pub exit_code: Option<i32>,
}
