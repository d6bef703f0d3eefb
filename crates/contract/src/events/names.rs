//! Names of the events that services of this stack emit by themselves.

/// A simulation was asked for.
pub const SIMULATION_REQUEST: &str = "simulation_request";
/// A simulation ended.
pub const SIMULATION_RESULT: &str = "simulation_result";
/// Which engine was chosen.
pub const SIMULATION_BACKEND_SELECTED: &str = "simulation_backend_selected";
/// A run was aborted as unstable.
pub const PHYSICS_INSTABILITY: &str = "physics_instability";
/// A design was validated.
pub const SCENE_VALIDATION: &str = "scene_validation";
/// A part was checked against its manufacturing method, and priced.
pub const MANUFACTURABILITY_CHECK: &str = "manufacturability_check";
/// A plan or another document broke its rules.
pub const LINT_FAILURE_DOCS: &str = "lint_failure_docs";
/// Objectives, assembly or environment broke a rule of logic.
pub const LOGIC_FAILURE: &str = "logic_failure";
/// A benchmark planner handed over.
pub const PLAN_SUBMISSION_BENCHMARK: &str = "plan_submission_benchmark";
/// An engineering planner handed over.
pub const PLAN_SUBMISSION_ENGINEER: &str = "plan_submission_engineer";
/// Finished work was submitted for review, or refused.
pub const SUBMISSION_VALIDATION: &str = "submission_validation";
/// The catalogue was searched.
pub const COTS_SEARCH: &str = "cots_search";
/// A reviewer decided.
pub const REVIEW_DECISION: &str = "review_decision";
/// A coder refused the plan.
pub const PLAN_REFUSAL: &str = "plan_refusal";
/// The linter found errors.
pub const LINT_FAILURE_CODE: &str = "lint_failure_code";
/// An episode changed its state.
pub const EPISODE_TRANSITION: &str = "episode_transition";
/// A script ran for an episode.
pub const RUN_COMMAND_TOOL: &str = "run_command_tool";
