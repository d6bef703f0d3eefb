//! Prices of built designs, by the workbench: what is asked, and what it says.

use std::{sync::atomic::AtomicBool, time::Duration};

use contract::{backend::SimulatorBackend, objectives::Objectives, workbench::PriceRequest};
use design::Design;
use handover::Built;
use materials::Materials;
use workbench::{DesignPart, PricedDesign};

use crate::{queue::Task, tools::size_of};

/// Longest time of checking and pricing what a script built.
const PRICING_LIMIT: Duration = Duration::from_mins(1);

/// The task of looking at parts by one method or by their own.
pub fn task(design: &Design) -> Task {
    Task { name: "pricing", limit: PRICING_LIMIT, size: size_of(design) }
}

/// What a price is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// Units that are made.
    quantity: u32,
    /// Whether stress analysis follows, which needs to know more about materials.
    fem_required: bool,
}

impl Terms {
    /// As the request says, else the objectives.
    pub fn of(request: &PriceRequest, objectives: Option<&Objectives>) -> Self {
        let own_quantity = objectives.map_or(1, |objectives| objectives.constraints.quantity());
        let fem_required = objectives.is_some_and(|objectives| {
            let backend = request.backend.or(objectives.physics.backend).unwrap_or_default();
            objectives.physics.fem_enabled && backend == SimulatorBackend::Genesis
        });
        Self { quantity: request.quantity.unwrap_or(own_quantity), fem_required }
    }
}

/// Checks and prices every part that is made or bought; nothing when it was cancelled.
pub fn price(built: &Built, terms: Terms, materials: &Materials, cancel: &AtomicBool) -> Option<PricedDesign> {
    let limits = limits_of(built.objectives.as_ref(), terms.fem_required);
    let parts = built.design.parts.iter().filter(|part| !part.is_zone());
    let parts: Vec<_> = parts
        .map(|part| DesignPart {
            label: &part.label,
            metadata: part.metadata(),
            is_fixed: part.is_fixed(),
            is_environment: built.is_environment(part),
            solid: part.into(),
        })
        .collect();
    let bought = |id: &str| materials.bought(id);
    workbench::price_design_unless(&materials.config, &bought, &parts, &limits, terms.quantity, cancel)
}

/// Caps and quantity of the objectives, as pricing wants them.
fn limits_of(objectives: Option<&Objectives>, fem_required: bool) -> workbench::Limits {
    workbench::Limits {
        build_zone: objectives.map(|objectives| objectives.objectives.build_zone),
        max_unit_cost: objectives.map(|objectives| objectives.constraints.max_unit_cost),
        max_weight_g: objectives.map(|objectives| objectives.constraints.max_weight_g),
        fem_required,
    }
}
