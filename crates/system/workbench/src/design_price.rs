//! The price of a whole design, and everything that keeps it from being made.

use std::sync::atomic::{AtomicBool, Ordering};

use contract::{
    gate::{Finding, Gate},
    limits::DOF_WARNING_FROM,
    objectives::Zone,
    part_metadata::{ManufacturingMethod, PartMetadata},
    workbench::{PriceReport, PricedPart, WorkbenchMetadata, WorkbenchResult},
};
use materials::{BoughtPart, ManufacturingConfig, Material};

use crate::{
    analysis::{verdict, warnings},
    build_zone::build_zone_violation,
    flaw::{Flaw, design_violation, part_violation},
    same_shape::is_same_shape,
    solid::Solid,
};

/// A part of a design. Zones are not parts; the caller leaves them out.
#[derive(Debug, Clone, Copy)]
pub struct DesignPart<'a> {
    /// Label.
    pub label: &'a str,
    /// Metadata; `None` for a compound, whose metadata has neither material nor method.
    pub metadata: Option<&'a PartMetadata>,
    /// True when it is held in place.
    pub is_fixed: bool,
    /// True when it already exists: it is neither priced nor checked.
    pub is_environment: bool,
    /// Geometry.
    pub solid: Solid<'a>,
}

/// Limits of a design.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Limits {
    /// Where the engineer may build; without one, parts are limited in size.
    pub build_zone: Option<Zone>,
    /// Cap on the price of a unit, USD.
    pub max_unit_cost: Option<f64>,
    /// Cap on the weight of a unit, g.
    pub max_weight_g: Option<f64>,
    /// Whether stress analysis follows, which needs more material data.
    pub fem_required: bool,
}

/// Result of pricing a design.
#[derive(Debug, Clone, PartialEq)]
pub struct PricedDesign {
    /// Prices and weights.
    pub report: PriceReport,
    /// All violations, in the order of the gates, then of the parts.
    pub findings: Vec<Finding>,
    /// Warnings: allowed, but worth checking.
    pub warnings: Vec<String>,
    /// Labels of the parts that name no method: they can be simulated, and are neither priced nor weighed.
    pub unpriced: Vec<String>,
}

fn unpriced_warning(label: &String) -> String {
    format!(
        "part {label:?} names no manufacturing_method: it is simulated, but neither its price nor its weight counts; set \
         it to cnc, 3dp or im before the design is submitted"
    )
}

/// Prices `quantity` units of a design and reports its violations.
///
/// Of equal parts (same shape, method and material) all but the first need only a share of set-up or mould.
pub fn price_design(
    config: &ManufacturingConfig,
    bought: &dyn Fn(&str) -> Option<BoughtPart>,
    parts: &[DesignPart],
    limits: &Limits,
    quantity: u32,
) -> PricedDesign {
    price_design_unless(config, bought, parts, limits, quantity, &AtomicBool::new(false)).expect("nobody cancels")
}

/// The same, but ends early when the flag is set; then there is no price.
pub fn price_design_unless(
    config: &ManufacturingConfig,
    bought: &dyn Fn(&str) -> Option<BoughtPart>,
    parts: &[DesignPart],
    limits: &Limits,
    quantity: u32,
    cancel: &AtomicBool,
) -> Option<PricedDesign> {
    let mut bench = Bench {
        cancel,
        config,
        bought,
        limits,
        quantity: quantity.max(1),
        made: Vec::new(),
        priced: Vec::new(),
        findings: Vec::new(),
        unpriced: Vec::new(),
    };
    for part in parts {
        bench.take(part);
        if cancel.load(Ordering::Relaxed) {
            return None;
        }
    }
    let unit_cost = total(bench.priced.iter().map(|part| part.result.unit_cost));
    let weight_g = total(bench.priced.iter().map(|part| part.result.weight_g));
    let mut findings = bench.findings;
    findings.extend(cap_findings(unit_cost, weight_g, limits));
    findings.sort_by_key(|finding| finding.gate);

    let of_part =
        |part: &PricedPart| warnings(&part.result).map(|it| format!("part {:?}: {it}", part.label)).collect::<Vec<_>>();
    let of_parts: Vec<_> = bench.priced.iter().flat_map(of_part).collect();
    let dof_count = dof_count(parts.iter().map(|part| part.is_fixed));
    Some(PricedDesign {
        report: PriceReport {
            quantity: quantity.max(1),
            unit_cost,
            weight_g,
            max_unit_cost: limits.max_unit_cost,
            max_weight_g: limits.max_weight_g,
            dof_count,
            parts: bench.priced,
        },
        findings,
        warnings: dof_warning(dof_count)
            .into_iter()
            .chain(bench.unpriced.iter().map(unpriced_warning))
            .chain(of_parts)
            .collect(),
        unpriced: bench.unpriced,
    })
}

/// The sum; that of nothing is 0, not -0 as in the standard library.
fn total(summands: impl Iterator<Item = f64>) -> f64 {
    summands.fold(0.0, |sum, summand| sum + summand)
}

/// The state of pricing one design.
struct Bench<'a> {
    cancel: &'a AtomicBool,
    config: &'a ManufacturingConfig,
    bought: &'a dyn Fn(&str) -> Option<BoughtPart>,
    limits: &'a Limits,
    quantity: u32,
    /// Shapes that already have a set-up or a mould.
    made: Vec<Made<'a>>,
    priced: Vec<PricedPart>,
    findings: Vec<Finding>,
    /// Labels of the parts without a method.
    unpriced: Vec<String>,
}

/// A shape that was made of a material by a method.
struct Made<'a> {
    method: ManufacturingMethod,
    material: &'a str,
    solid: Solid<'a>,
}

impl<'a> Bench<'a> {
    fn take(&mut self, part: &DesignPart<'a>) {
        if part.is_environment {
            return;
        }
        let method = part.metadata.and_then(|metadata| metadata.manufacturing_method);
        let cots_id = part.metadata.and_then(|metadata| metadata.cots_id.as_deref());
        match (part.metadata, cots_id, method) {
            (Some(_), Some(id), _) => self.buy(part, id),
            (Some(metadata), None, Some(method)) => self.make(part, metadata, method),
            (Some(_), None, None) if part.is_fixed => self.refuse(
                part,
                Flaw::new(
                    "part.fixed_without_method",
                    "it is fixed and has no manufacturing_method, but the environment is what was handed over and \
                     nothing else; set manufacturing_method to cnc, 3dp or im, or give a cots_id when the part is \
                     bought, and do not fix what you build",
                ),
            ),
            (Some(metadata), None, None) => self.leave_unpriced(part, metadata),
            (None, ..) => self.refuse(
                part,
                Flaw::new(
                    "part.compound",
                    "a compound cannot be priced, because it names neither material nor method; make each of its \
                     pieces a part of its own with PartMetadata; in a benchmark, fix the compound when it belongs to \
                     the environment",
                ),
            ),
        }
        let outside = build_zone_violation(part.label, &part.solid.bounding_box, self.limits.build_zone.as_ref());
        self.findings.extend(outside.map(|violation| Gate::BuildZone.finding(violation)));
    }

    /// A part without a method is simulated, but has no price. Its material must still be known.
    fn leave_unpriced(&mut self, part: &DesignPart<'a>, metadata: &PartMetadata) {
        let config: &'a ManufacturingConfig = self.config;
        match metadata.material_id.as_deref().map(|id| config.listed(id)) {
            Some(Err(unknown)) => {
                let known = unknown.known.clone();
                let finding = Flaw::new("part.unknown_material", unknown.to_string());
                self.refuse(part, finding.against(metadata.material_id.clone(), known));
            }
            Some(Ok((id, material))) => {
                let finding = self.fem_finding(id, material);
                self.findings.extend(finding.map(|flaw| Gate::Manufacturability.finding(flaw.on(part.label))));
            }
            None => {}
        }
        self.unpriced.push(part.label.to_owned());
    }

    /// Material data that stress analysis lacks, where it follows.
    fn fem_finding(&self, id: &str, material: &Material) -> Option<Flaw> {
        let missing = material.missing_fem_fields();
        (self.limits.fem_required && !missing.is_empty()).then(|| {
            let message =
                format!("FEM Validation Error: Material '{id}' missing required FEM fields: {}", missing.join(", "));
            Flaw { measured: Some(missing.into()), ..Flaw::new("part.fem_fields", message) }
        })
    }

    fn refuse(&mut self, part: &DesignPart, finding: Flaw) {
        self.findings.push(Gate::Manufacturability.finding(finding.on(part.label)));
    }

    fn buy(&mut self, part: &DesignPart, id: &str) {
        let found = (self.bought)(id);
        let mut violations = Vec::new();
        let mut metadata = WorkbenchMetadata::default();
        let (unit_cost, weight_g) = if let Some(found) = found {
            metadata.additional_info.insert("category".to_owned(), found.category.into());
            (found.unit_cost, found.weight_g)
        } else {
            let message =
                format!("the catalogue has no part {id:?}; search it and set cots_id to a part_id from its answer");
            violations.push(message.clone());
            let violation = part_violation(part.label, "part.unknown_cots", message).measured(id);
            self.findings.push(Gate::Manufacturability.finding(violation));
            (0.0, 0.0)
        };
        let is_manufacturable = violations.is_empty();
        self.priced.push(PricedPart {
            label: part.label.to_owned(),
            method: None,
            material_id: None,
            cots_id: Some(id.to_owned()),
            result: WorkbenchResult { is_manufacturable, unit_cost, weight_g, violations, metadata },
        });
    }

    fn make(&mut self, part: &DesignPart<'a>, metadata: &PartMetadata, method: ManufacturingMethod) {
        let config: &'a ManufacturingConfig = self.config;
        let material_id = metadata.material_id.as_deref();
        let listed = material_id.and_then(|id| config.listed(id).ok());
        let is_reused = listed.is_some_and(|(material, _)| {
            let is_twin = |made: &Made| {
                made.method == method && made.material == material && is_same_shape(&made.solid, &part.solid)
            };
            let has_twin = self.made.iter().any(is_twin);
            if !has_twin {
                self.made.push(Made { method, material, solid: part.solid });
            }
            has_twin
        });
        let (mut result, mut findings) =
            verdict(config, &part.solid, method, material_id, self.quantity, is_reused, self.cancel);
        if let Some(finding) = listed.and_then(|(id, material)| self.fem_finding(id, material)) {
            result.is_manufacturable = false;
            result.violations.push(finding.message.clone());
            findings.push(finding);
        }
        for finding in findings {
            self.refuse(part, finding);
        }
        self.priced.push(PricedPart {
            label: part.label.to_owned(),
            method: Some(method),
            material_id: metadata.material_id.clone(),
            cots_id: None,
            result,
        });
    }
}

/// Caps that the sums exceed.
fn cap_findings(unit_cost: f64, weight_g: f64, limits: &Limits) -> Vec<Finding> {
    let over = |value: f64, cap: Option<f64>| cap.filter(|cap| value > *cap);
    let cost = over(unit_cost, limits.max_unit_cost).map(|cap| {
        let places = distinguishing_places(unit_cost, cap, 2);
        let message = format!("Unit cost ${unit_cost:.places$} exceeds limit ${cap:.places$}");
        Gate::Cost.finding(design_violation("design.unit_cost", message).measured(unit_cost).limit(cap))
    });
    let weight = over(weight_g, limits.max_weight_g).map(|cap| {
        let places = distinguishing_places(weight_g, cap, 1);
        let message = format!("Weight {weight_g:.places$}g exceeds limit {cap:.places$}g");
        Gate::Weight.finding(design_violation("design.weight", message).measured(weight_g).limit(cap))
    });
    cost.into_iter().chain(weight).collect()
}

/// The number of decimals that shows that two numbers differ: at least `fewest`.
fn distinguishing_places(one: f64, two: f64, fewest: usize) -> usize {
    (fewest..12).find(|places| format!("{one:.places$}") != format!("{two:.places$}")).unwrap_or(fewest)
}

/// Number of parts that are free to move. A single part has nothing to move against.
pub fn dof_count(are_fixed: impl ExactSizeIterator<Item = bool>) -> u32 {
    if are_fixed.len() > 1 { are_fixed.filter(|is_fixed| !is_fixed).count() as u32 } else { 0 }
}

/// A warning about many parts that are free to move against each other.
pub fn dof_warning(loose: u32) -> Option<String> {
    (loose >= DOF_WARNING_FROM).then(|| {
        format!(
            "{loose} parts are free to move, and from {DOF_WARNING_FROM} on a mechanism is hard to predict; fix or join \
             those that need not move"
        )
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::{sample_config::shipped, sample_solids::SampleSolid};

    fn metadata(yaml: &str) -> PartMetadata {
        serde_yaml::from_str(yaml).expect("it fits")
    }

    fn catalogue(id: &str) -> Option<BoughtPart> {
        (id == "screw").then(|| BoughtPart {
            part_id: id.into(),
            category: "fastener".into(),
            unit_cost: 0.15,
            weight_g: 1.2,
        })
    }

    const MILLED: &str = "{material_id: aluminum_6061, manufacturing_method: cnc}";

    /// Whether a part is fixed, and whether it belongs to the environment.
    #[derive(Debug, Clone, Copy, PartialEq)]
    enum Stands {
        Loose,
        Fixed,
        InTheEnvironment,
    }
    use Stands::{Fixed, InTheEnvironment, Loose};

    /// Prices a cube of 10 mm with each of these metadata, 20 mm apart; a compound where there are none.
    fn priced(parts: &[(Option<&str>, Stands)], limits: &Limits) -> PricedDesign {
        let cubes: Vec<_> =
            (0..parts.len()).map(|at| SampleSolid::cuboid([10.0; 3]).moved([20.0 * at as f64, 0.0, 0.0])).collect();
        let metadata: Vec<_> = parts.iter().map(|(yaml, _)| yaml.map(metadata)).collect();
        let labels: Vec<_> = (0..parts.len()).map(|at| format!("p{at}")).collect();
        let parts: Vec<_> = (0..parts.len())
            .map(|at| DesignPart {
                label: &labels[at],
                metadata: metadata[at].as_ref(),
                is_fixed: parts[at].1 == Fixed,
                is_environment: parts[at].1 == InTheEnvironment,
                solid: cubes[at].view(),
            })
            .collect();
        price_design(&shipped(), &catalogue, &parts, limits, 1)
    }

    #[test]
    fn total_covers_made_and_bought_parts_only() {
        let screw = "{cots_id: screw}";
        let design = priced(
            &[
                (Some("{material_id: abs}"), InTheEnvironment),
                (None, InTheEnvironment),
                (Some(MILLED), InTheEnvironment),
                (Some(screw), InTheEnvironment),
                (Some(MILLED), Loose),
                (Some(MILLED), Fixed),
                (Some(screw), Loose),
            ],
            &Limits::default(),
        );
        assert_eq!(design.findings, Vec::new());
        // 103.2162 for the first cube, 53.2162 for its twin at half the set-up, and a screw for 0.15.
        assert!((design.report.unit_cost - 156.5824).abs() < 1e-9, "{}", design.report.unit_cost);
        // Twice 2.7 g of aluminium and a screw.
        assert!((design.report.weight_g - 6.6).abs() < 1e-9);
        let labels: Vec<_> = design.report.parts.iter().map(|part| part.label.as_str()).collect();
        assert_eq!(labels, ["p4", "p5", "p6"]);
        let reused =
            |at: usize| design.report.parts[at].result.metadata.cost_breakdown.as_ref().expect("made").is_reused;
        assert!(!reused(0) && reused(1));
    }

    #[test]
    fn bare_environment_costs_and_weighs_nothing() {
        let report = priced(&[(None, InTheEnvironment)], &Limits::default()).report;
        assert_eq!(format!("{:.2} {:.1}", report.unit_cost, report.weight_g), "0.00 0.0");
    }

    #[test]
    fn another_material_or_method_needs_its_own_setup() {
        let printed = "{material_id: abs, manufacturing_method: 3dp}";
        let moulded = "{material_id: abs, manufacturing_method: im}";
        let kebab = "{material_id: aluminum-6061, manufacturing_method: cnc}";
        let all = [MILLED, printed, moulded, kebab, printed].map(|yaml| (Some(yaml), Loose));
        let reused: Vec<_> = priced(&all, &Limits::default())
            .report
            .parts
            .iter()
            .map(|part| part.result.metadata.cost_breakdown.as_ref().expect("made").is_reused)
            .collect();
        assert_eq!(reused, [false, false, false, true, true]);
    }

    #[rstest]
    #[case::no_method_and_unknown_material(
        Loose,
        Some("{material_id: unobtainium}"),
        "part.unknown_material",
        "/config/manufacturing_config.yaml"
    )]
    #[case::fixed(Fixed, Some("{material_id: abs}"), "part.fixed_without_method", "handed over")]
    #[case::no_material(Loose, Some("{manufacturing_method: cnc}"), "part.material_missing", "aluminum_6061")]
    #[case::unknown(
        Loose,
        Some("{material_id: unobtainium, manufacturing_method: cnc}"),
        "part.unknown_material",
        "unobtainium"
    )]
    #[case::wrong_method(
        Loose,
        Some("{material_id: abs, manufacturing_method: cnc}"),
        "part.material_method",
        "\"abs\" cannot be worked by cnc"
    )]
    #[case::compound(Loose, None, "part.compound", "pieces")]
    #[case::fixed_compound(Fixed, None, "part.compound", "pieces")]
    #[case::not_in_catalogue(Loose, Some("{cots_id: nail}"), "part.unknown_cots", "\"nail\"")]
    fn unpriceable_part_is_named(
        #[case] stands: Stands,
        #[case] yaml: Option<&str>,
        #[case] rule: &str,
        #[case] text: &str,
    ) {
        let design = priced(&[(yaml, stands)], &Limits::default());
        let [Finding { gate, violation }] = design.findings.as_slice() else { panic!("{:?}", design.findings) };
        assert_eq!((*gate, violation.rule.as_str()), (Gate::Manufacturability, rule));
        assert_eq!((violation.file.as_str(), violation.place.as_deref()), ("script.py", Some("part \"p0\"")));
        assert!(violation.message.contains(text), "{}", violation.message);
    }

    #[test]
    fn part_without_method_is_unpriced_but_not_refused() {
        let design = priced(&[(Some(MILLED), Loose), (Some("{material_id: abs}"), Loose)], &Limits::default());
        assert_eq!(design.findings, Vec::new());
        assert_eq!(design.unpriced, ["p1"]);
        let labels: Vec<_> = design.report.parts.iter().map(|part| part.label.as_str()).collect();
        assert_eq!(labels, ["p0"]);
        let alone = priced(&[(Some(MILLED), Loose)], &Limits::default()).report;
        assert_eq!((design.report.unit_cost, design.report.weight_g), (alone.unit_cost, alone.weight_g));
        assert!(design.warnings.iter().any(|warning| warning.contains("\"p1\" names no manufacturing_method")));
    }

    #[test]
    fn caps_and_build_zone_are_enforced() {
        let limits = Limits {
            build_zone: Some(Zone { min: [0.0; 3], max: [25.0; 3] }),
            max_unit_cost: Some(150.0),
            max_weight_g: Some(5.399),
            fem_required: true,
        };
        let design = priced(&[(Some(MILLED), Loose), (Some(MILLED), Loose), (Some(MILLED), InTheEnvironment)], &limits);
        let told: Vec<_> = design.findings.iter().map(|it| (it.gate, it.violation.message.as_str())).collect();
        assert_eq!(
            told,
            [
                (Gate::BuildZone, "Build zone violation: part \"p1\": X max (30.000) > build zone max (25.000) (mm)"),
                (Gate::Cost, "Unit cost $156.43 exceeds limit $150.00"),
                (Gate::Weight, "Weight 5.400g exceeds limit 5.399g"),
            ]
        );
        let within = Limits { build_zone: None, max_unit_cost: Some(156.5), max_weight_g: Some(5.4), ..limits };
        assert_eq!(priced(&[(Some(MILLED), Loose), (Some(MILLED), Loose)], &within).findings, Vec::new());
    }

    #[rstest]
    #[case::required(true, 1)]
    #[case::not_required(false, 0)]
    fn stress_analysis_needs_complete_materials(#[case] fem_required: bool, #[case] count: usize) {
        let config = ManufacturingConfig::parse(
            "materials: {resin: {name: R, density_g_cm3: 1, cost_per_kg: 30, compatibility: [3dp], poissons_ratio: 0.3}}\n\
             manufacturing_processes: {3dp: {setup_fee: 10, hourly_rate: 20, deposition_rate_cm3_h: 15}}",
        )
        .expect("sound");
        let cube = SampleSolid::cuboid([10.0; 3]);
        let metadata = metadata("{material_id: resin, manufacturing_method: 3dp}");
        let part = DesignPart {
            label: "arm",
            metadata: Some(&metadata),
            is_fixed: false,
            is_environment: false,
            solid: cube.view(),
        };
        let limits = Limits { fem_required, ..Limits::default() };
        let design = price_design(&config, &catalogue, &[part], &limits, 1);
        assert_eq!(design.findings.len(), count);
        for Finding { gate, violation } in &design.findings {
            assert_eq!(*gate, Gate::Manufacturability);
            assert_eq!(
                violation.message,
                "part \"arm\": FEM Validation Error: Material 'resin' missing required FEM fields: youngs_modulus_pa, \
                 yield_stress_pa, ultimate_stress_pa"
            );
        }
    }

    #[rstest]
    #[case::alone(1, 0, false)]
    #[case::three(3, 3, false)]
    #[case::four(4, 4, true)]
    fn many_loose_parts_draw_a_warning(#[case] parts: usize, #[case] dof_count: u32, #[case] warned: bool) {
        let design = priced(&vec![(Some("{cots_id: screw}"), Loose); parts], &Limits::default());
        assert_eq!(design.report.dof_count, dof_count);
        assert_eq!(!design.warnings.is_empty(), warned, "{:?}", design.warnings);
    }
}
