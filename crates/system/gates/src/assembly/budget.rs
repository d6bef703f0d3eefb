//! Rules for the benchmark's caps, the planner's targets, and the totals.

use contract::{
    assembly::{AssemblyDefinition, CostingEstimate},
    limits::MAX_TOTALS_DEVIATION,
    objectives::Objectives,
};

use crate::{
    numbers,
    report::{Report, broken},
    wording::figure,
    yaml::Field,
};

/// Caps are copied, perhaps through another unit; a rounding difference does not count.
const COPY_TOLERANCE: f64 = 1e-9;

/// One of the two capped quantities, with its keys.
struct Quantity {
    name: &'static str,
    unit: &'static str,
    cap: &'static str,
    target: &'static str,
    total: &'static str,
}

const COST: Quantity = Quantity {
    name: "cost",
    unit: "USD",
    cap: "benchmark_max_unit_cost_usd",
    target: "planner_target_max_unit_cost_usd",
    total: "estimated_unit_cost_usd",
};

const WEIGHT: Quantity = Quantity {
    name: "weight",
    unit: "g",
    cap: "benchmark_max_weight_g",
    target: "planner_target_max_weight_g",
    total: "estimated_weight_g",
};

/// Checks `constraints` for consistency and against the objectives.
pub(super) fn check_caps(report: &mut Report, constraints: &Field, objectives: Option<&Objectives>) {
    let caps = objectives.map(|objectives| &objectives.constraints);
    for (quantity, customer_cap) in
        [(COST, caps.map(|caps| caps.max_unit_cost)), (WEIGHT, caps.map(|caps| caps.max_weight_g))]
    {
        let cap = constraints.at(quantity.cap);
        let target = constraints.at(quantity.target);
        numbers::positive(report, &cap, quantity.unit);
        numbers::positive(report, &target, quantity.unit);
        let cap_differs = customer_cap.zip(cap.number()).filter(|(customer, own)| !is_copy(*customer, *own));
        if let Some((customer, own)) = cap_differs {
            let message = format!(
                "{} is {} {unit} and the benchmark's objectives.yaml has {} {unit}; copy the cap from there",
                quantity.cap,
                figure(own),
                figure(customer),
                unit = quantity.unit
            );
            report.add(broken("cap_differs", message).at(cap.place()).measured(own).limit(customer));
        }
        check_target(report, &quantity, &target, cap.number(), "");
        if cap_differs.is_some() || cap.number().is_none() {
            check_target(report, &quantity, &target, customer_cap, " of objectives.yaml");
        }
    }
}

fn is_copy(one: f64, other: f64) -> bool {
    (one - other).abs() <= COPY_TOLERANCE * one.abs().max(other.abs())
}

fn check_target(report: &mut Report, quantity: &Quantity, target: &Field, cap: Option<f64>, whose: &str) {
    let Some((found, cap)) = target.number().zip(cap).filter(|(found, cap)| found > cap) else { return };
    let name = quantity.name;
    let message = format!(
        "Planner target {name} ({}) must be less than or equal to benchmark max {name} ({}){whose}",
        figure(found),
        figure(cap)
    );
    report.add(broken("planner_above_cap", message).at(target.place()).measured(found).limit(cap));
}

/// Checks `totals` against the planner's targets.
pub(super) fn check_declared_totals(report: &mut Report, root: &Field) {
    for quantity in [COST, WEIGHT] {
        let total = root.at("totals").at(quantity.total);
        numbers::not_negative(report, &total, quantity.unit);
        let target = root.at("constraints").at(quantity.target).number();
        if let Some((found, target)) = total.number().zip(target) {
            report_over_target(report, &quantity, "Estimated", found, target);
        }
    }
}

/// Checks the declared totals against the recomputed ones, and these against the planner's targets.
pub(super) fn check_recomputed_totals(
    report: &mut Report,
    definition: &AssemblyDefinition,
    estimate: &CostingEstimate,
) {
    let (totals, targets) = (&definition.totals, &definition.constraints);
    for (quantity, declared, recomputed, target) in [
        (
            COST,
            totals.estimated_unit_cost_usd,
            estimate.estimated_unit_cost_usd,
            targets.planner_target_max_unit_cost_usd,
        ),
        (WEIGHT, totals.estimated_weight_g, estimate.estimated_weight_g, targets.planner_target_max_weight_g),
    ] {
        // Written so that NaN deviates.
        let is_near = (declared - recomputed).abs() <= MAX_TOTALS_DEVIATION * recomputed.abs();
        if !is_near {
            let message = format!(
                "the declared {name} of {} {unit} deviates by more than {} % from the {} {unit} that the parts add \
                 up to; write the computed total",
                figure(declared),
                figure(MAX_TOTALS_DEVIATION * 100.0),
                figure(recomputed),
                name = quantity.name,
                unit = quantity.unit
            );
            let place = format!("totals.{}", quantity.total);
            report.add(broken("totals_deviate", message).at(place).measured(declared).limit(recomputed));
        }
        report_over_target(report, &quantity, "Recomputed", recomputed, target);
    }
}

fn report_over_target(report: &mut Report, quantity: &Quantity, whose: &str, found: f64, target: f64) {
    if found > target {
        let message = format!(
            "{whose} {} ({} {unit}) exceeds target limit ({} {unit})",
            quantity.name,
            figure(found),
            figure(target),
            unit = quantity.unit
        );
        let place = format!("totals.{}", quantity.total);
        report.add(broken("over_target", message).at(place).measured(found).limit(target));
    }
}
