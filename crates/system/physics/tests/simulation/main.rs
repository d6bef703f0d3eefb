//! The simulation against closed forms, against each outcome, and against the engine's own Python package.

mod closed_forms;
mod everyday;
mod inclines;
mod motors;
mod outcomes;
mod python;
mod scenes;
mod seeds;
mod shapes;
mod solids;
mod speeds;
mod stacks;
