//! The verdict on one part: geometry, material and price together.

use std::sync::atomic::AtomicBool;

use contract::{
    part_metadata::ManufacturingMethod,
    workbench::{WorkbenchMetadata, WorkbenchResult},
};
use materials::ManufacturingConfig;
use serde_json::Value;

use crate::{
    cnc,
    flaw::Flaw,
    moulding,
    price::{self, Listed, Piece},
    printing, scale,
    setup::Setup,
    single_body,
    solid::Solid,
    surface::Surface,
};

/// Key of the warnings, among the figures of the method.
const WARNINGS: &str = "warnings";

/// [`analyze_unless`] without cancellation.
#[cfg(test)]
pub(crate) fn analyze(
    config: &ManufacturingConfig,
    solid: &Solid,
    method: ManufacturingMethod,
    material_id: Option<&str>,
    quantity: u32,
    is_reused: bool,
) -> WorkbenchResult {
    analyze_unless(config, solid, method, material_id, quantity, is_reused, &AtomicBool::new(false))
}

/// Whether `solid` can be made of this material by this method, and the price and weight of one of `quantity` pieces.
///
/// A quantity of 0 counts as 1. `is_reused` is true when an equal part was set up before. Price and weight are 0 when
/// they cannot be computed, which is then a violation.
///
/// Ends early when the flag is set; the answer is then meaningless.
pub fn analyze_unless(
    config: &ManufacturingConfig,
    solid: &Solid,
    method: ManufacturingMethod,
    material_id: Option<&str>,
    quantity: u32,
    is_reused: bool,
    cancel: &AtomicBool,
) -> WorkbenchResult {
    verdict(config, solid, method, material_id, quantity, is_reused, cancel).0
}

/// The warnings of a verdict.
pub(crate) fn warnings(result: &WorkbenchResult) -> impl Iterator<Item = &str> {
    let told = result.metadata.additional_info.get(WARNINGS).and_then(Value::as_array);
    told.into_iter().flatten().filter_map(Value::as_str)
}

/// The same, with the violations as data too.
pub(crate) fn verdict(
    config: &ManufacturingConfig,
    solid: &Solid,
    method: ManufacturingMethod,
    material_id: Option<&str>,
    quantity: u32,
    is_reused: bool,
    cancel: &AtomicBool,
) -> (WorkbenchResult, Vec<Flaw>) {
    let mut findings = Vec::new();
    let mut metadata = WorkbenchMetadata::default();
    let material = match material_of(config, method, material_id) {
        Ok((listed, fault)) => {
            findings.extend(fault);
            Some(listed)
        }
        Err(fault) => {
            findings.push(fault);
            None
        }
    };
    let judged = judge_geometry(config, solid, method, &mut metadata, cancel);
    findings.extend(judged.findings);
    let stock_mm = judged.setup.map(|setup| setup.stock_mm);
    let piece = Piece { size_mm: stock_mm.unwrap_or(solid.size_mm()), ..Piece::of(solid) };
    let mut price = material
        .filter(|_| piece.is_measurable())
        .and_then(|listed| price::price(config, method, listed, &piece, quantity, is_reused));
    if let (Some(setup), Some(price)) = (judged.setup, &mut price) {
        price.breakdown.pricing_explanation.push_str(&format!("; {}", setup.note()));
    }
    if !judged.warnings.is_empty() {
        metadata.additional_info.insert(WARNINGS.into(), judged.warnings.into());
    }
    let (unit_cost, weight_g) = price.as_ref().map_or((0.0, 0.0), |it| (it.breakdown.unit_cost, it.weight_g));
    metadata.cost_breakdown = price.map(|price| price.breakdown);
    let result = WorkbenchResult {
        is_manufacturable: findings.is_empty(),
        unit_cost,
        weight_g,
        violations: findings.iter().map(|finding| finding.message.clone()).collect(),
        metadata,
    };
    (result, findings)
}

/// The material and why this method cannot work it, or why there is no material.
pub(crate) fn material_of<'a>(
    config: &'a ManufacturingConfig,
    method: ManufacturingMethod,
    material_id: Option<&str>,
) -> Result<(Listed<'a>, Option<Flaw>), Flaw> {
    let for_method = || config.materials_for(method);
    let Some(id) = material_id else {
        let message = format!(
            "no material is given; set material_id of its metadata to one that {} lists for {}: {}",
            config.file(),
            method.name(),
            for_method()
        );
        return Err(Flaw::new("part.material_missing", message));
    };
    let listed = config.listed(id).map_err(|unknown| {
        let known = unknown.known.clone();
        Flaw::new("part.unknown_material", unknown.to_string()).against(id, known)
    })?;
    let fault = (!listed.1.allows(method)).then(|| {
        let allowed: Vec<_> = listed.1.compatibility.iter().map(|method| method.name()).collect();
        let message = format!(
            "material {id:?} cannot be worked by {}; {} lists it for {}, and for {} it lists {}",
            method.name(),
            config.file(),
            if allowed.is_empty() { "nothing".to_owned() } else { allowed.join(", ") },
            method.name(),
            for_method()
        );
        Flaw::new("part.material_method", message).against(method.name(), allowed)
    });
    Ok((listed, fault))
}

/// Result of checking the geometry.
#[derive(Default)]
struct Judged {
    findings: Vec<Flaw>,
    /// Warnings: allowed, but worth checking.
    warnings: Vec<String>,
    /// Set-up for milling, where it is not the modelled pose.
    setup: Option<Setup>,
}

/// Why the geometry cannot be made.
fn judge_geometry(
    config: &ManufacturingConfig,
    solid: &Solid,
    method: ManufacturingMethod,
    metadata: &mut WorkbenchMetadata,
    cancel: &AtomicBool,
) -> Judged {
    let mut setup = None;
    let mut warnings: Vec<_> = scale::warning(solid).into_iter().collect();
    let mut findings = Vec::new();
    let surface = Surface::of(solid, cancel);
    let fault = if !solid.is_valid {
        Some("the CAD kernel finds its topology faulty")
    } else if solid.solid_count == 0 {
        Some("it encloses no volume")
    } else if !solid.is_watertight {
        Some("its surface has gaps")
    } else if surface.is_none() || !Piece::of(solid).is_measurable() {
        Some("its surface or volume cannot be measured")
    } else {
        None
    };
    if let Some(fault) = fault {
        let message = format!("Geometry is not a closed, valid solid: {fault}");
        findings.push(Flaw::new("part.closed_solid", message));
    }
    findings.extend(single_body::findings(solid));
    // Rays give no valid result for a surface that does not separate inside from outside.
    let surface = surface.filter(|_| fault.is_none());
    let processes = &config.processes;
    let is_offered = match method {
        ManufacturingMethod::Cnc => processes.cnc.as_ref().map(|cnc| {
            let asked = surface.map(|surface| cnc::judge(cnc, solid, &surface, metadata)).unwrap_or_default();
            findings.extend(asked.findings);
            warnings.extend(asked.warnings);
            setup = asked.setup;
        }),
        ManufacturingMethod::InjectionMolding => processes.im.as_ref().map(|im| {
            let asked = surface.map(|surface| moulding::findings(im, &surface, metadata));
            findings.extend(asked.unwrap_or_default());
        }),
        ManufacturingMethod::ThreeDPrint => processes.three_dp.as_ref().map(|print| {
            let asked = surface.map(|surface| printing::warnings(print, solid, &surface, metadata));
            warnings.extend(asked.unwrap_or_default());
        }),
    };
    if is_offered.is_none() {
        let message = format!(
            "Unsupported manufacturing method: {} has no section manufacturing_processes.{}",
            config.file(),
            method.name()
        );
        findings.push(Flaw::new("part.method_unsupported", message));
    }
    Judged { findings, warnings, setup }
}

#[cfg(test)]
mod tests {
    use contract::execution::BoundingBox;
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;
    use crate::{sample_config::shipped, sample_solids::SampleSolid};

    #[rstest]
    #[case::cnc(ManufacturingMethod::Cnc, "aluminum_6061", 103.2162)]
    #[case::print(ManufacturingMethod::ThreeDPrint, "abs", 10.0208 + 4.0 / 3.0)]
    fn a_cube_can_be_milled_and_printed(
        #[case] method: ManufacturingMethod,
        #[case] material: &str,
        #[case] unit_cost: f64,
    ) {
        let result = analyze(&shipped(), &SampleSolid::cuboid([10.0; 3]).view(), method, Some(material), 1, false);
        assert_eq!(result.violations, Vec::<String>::new());
        assert!((result.unit_cost - unit_cost).abs() < 1e-9);
    }

    #[rstest]
    #[case::missing(None, "no material is given")]
    #[case::unknown(Some("unobtainium"), "\"unobtainium\" is not in /config/manufacturing_config.yaml")]
    #[case::wrong_method(Some("silicone_rubber"), "\"silicone_rubber\" cannot be worked by cnc; ")]
    fn unusable_material_is_not_substituted(#[case] material: Option<&str>, #[case] expected: &str) {
        let solid = SampleSolid::cuboid([10.0; 3]);
        let result = analyze(&shipped(), &solid.view(), ManufacturingMethod::Cnc, material, 1, false);
        let [sentence] = result.violations.as_slice() else { panic!("{:?}", result.violations) };
        assert!(sentence.contains(expected), "{sentence}");
        assert!(!result.is_manufacturable);
    }

    #[rstest]
    #[case::two_bodies(|solid: &mut Solid| solid.solid_count = 2, "Geometry must be a single body, found 2 solids")]
    #[case::gaps(|solid: &mut Solid| solid.is_watertight = false, "Geometry is not a closed, valid solid")]
    #[case::invalid(|solid: &mut Solid| solid.is_valid = false, "Geometry is not a closed, valid solid")]
    #[case::no_surface(|solid: &mut Solid| solid.triangles = &[], "Geometry is not a closed, valid solid")]
    fn a_print_must_be_one_closed_body(#[case] spoil: fn(&mut Solid), #[case] expected: &str) {
        let cube = SampleSolid::cuboid([10.0; 3]);
        let mut solid = cube.view();
        spoil(&mut solid);
        let result = analyze(&shipped(), &solid, ManufacturingMethod::ThreeDPrint, Some("abs"), 1, false);
        let [sentence] = result.violations.as_slice() else { panic!("{:?}", result.violations) };
        assert!(sentence.starts_with(expected), "{sentence}");
    }

    #[test]
    fn a_method_without_a_section_is_not_offered() {
        let text = "materials: {abs: {name: ABS, density_g_cm3: 1.04, cost_per_kg: 2.5, compatibility: [im]}}";
        let config = ManufacturingConfig::parse(text).expect("sound");
        let solid = SampleSolid::cuboid([10.0; 3]);
        let result = analyze(&config, &solid.view(), ManufacturingMethod::InjectionMolding, Some("abs"), 1, false);
        assert!(result.violations[0].contains("manufacturing_processes.im"), "{:?}", result.violations);
    }

    fn any_figure() -> impl Strategy<Value = f64> {
        prop_oneof![
            4 => -20.0..20.0,
            2 => (-3_i32..3).prop_map(f64::from),
            1 => prop::sample::select(vec![0.0, 1e-320, -1e-12, 1e7, 1e300, f64::NAN, f64::INFINITY]),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_mesh_gets_a_consistent_answer(
            vertices in prop::collection::vec([any_figure(), any_figure(), any_figure()], 0..12),
            triangles in prop::collection::vec([0..13_u32, 0..13, 0..13], 0..24),
            figures in [any_figure(), any_figure()],
            corner in [any_figure(), any_figure()],
            quantity in prop::sample::select(vec![0, 1, 7, u32::MAX]),
        ) {
            let corner =
                design::InternalCorner { radius_mm: corner[0], axis: [corner[1]; 3], position_mm: [corner[1]; 3], length_mm: 1.0 };
            let triangles: Vec<[u32; 3]> = triangles;
            for method in ManufacturingMethod::ALL.iter().copied() {
                let solid = Solid {
                    volume_mm3: figures[0],
                    area_mm2: figures[1],
                    bounding_box: BoundingBox { min: [figures[1]; 3], max: [figures[0]; 3] },
                    solid_count: 1,
                    is_valid: true,
                    is_watertight: true,
                    vertices_mm: &vertices,
                    triangles: &triangles,
                    normals: &[],
                    faces: &[],
                    internal_corners: &[corner],
                };
                let result = analyze(&shipped(), &solid, method, Some("abs"), quantity, false);
                prop_assert!(result.unit_cost.is_finite() && result.unit_cost >= 0.0);
                prop_assert_eq!(result.is_manufacturable, result.violations.is_empty());
            }
        }
    }
}
