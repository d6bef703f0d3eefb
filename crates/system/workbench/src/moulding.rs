//! Injection moulding in two halves that open along z: draft, undercuts and walls.

use contract::workbench::WorkbenchMetadata;
use serde_json::Value;

use crate::{
    finding::{Finding, position},
    process::MouldingProcess,
    rays::{Along, WayOut},
    surface::{Facet, Surface},
    thickness::{Thickness, WallThickness, measure},
};

/// Share of the required angle that a facet of a curved face must have. A cone of 2° and 20 mm is measured to within
/// 0.13°, because its facets keep to it within 0.1 mm only.
const CURVED_DRAFT: f64 = 0.9;

/// The same for a flat face: rounding.
const FLAT_DRAFT: f64 = 1.0 - 1e-6;

/// Deviation of a measured thickness from the true one, mm. Curved walls are cut up to within 0.1 mm.
const THICKNESS_TOLERANCE_MM: f64 = 0.05;

/// What stands against moulding `surface`.
pub(crate) fn findings(process: &MouldingProcess, surface: &Surface, metadata: &mut WorkbenchMetadata) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(draft_finding(process, surface, metadata));
    findings.extend(undercut_finding(surface, metadata));
    findings.extend(thickness_findings(process, surface, metadata));
    findings
}

fn draft_finding(process: &MouldingProcess, surface: &Surface, metadata: &mut WorkbenchMetadata) -> Option<Finding> {
    let needed = process.min_draft_angle_deg;
    let [enough_flat, enough_curved] = [FLAT_DRAFT, CURVED_DRAFT].map(|share| (needed * share).to_radians().sin());
    let tilt = |index: &usize| surface.facets[*index].facing.z.abs();
    let is_steep =
        |index: &usize| tilt(index) < if surface.facets[*index].is_curved { enough_curved } else { enough_flat };
    let smallest = (0..surface.facets.len()).min_by(|one, two| tilt(one).total_cmp(&tilt(two)))?;
    let angle = tilt(&smallest).min(1.0).asin().to_degrees();
    metadata.additional_info.insert("smallest_draft_angle_deg".into(), angle.into());
    let steep: Vec<_> = (0..surface.facets.len()).filter(is_steep).collect();
    if steep.is_empty() {
        return None;
    }
    let faces = surface.count_faces(&steep);
    let message = format!(
        "Insufficient draft angle: {angle:.2}° at {} mm, at least {needed:.2}° against the Z axis are needed to \
         leave the mould; faces to taper: {faces}",
        position(surface.facets[smallest].middle().to_array())
    );
    Some(Finding::new("part.draft", message).against(angle, needed))
}

fn undercut_finding(surface: &Surface, metadata: &mut WorkbenchMetadata) -> Option<Finding> {
    let (up, down) = (WayOut::of(surface, Along::Up), WayOut::of(surface, Along::Down));
    let count = surface.points_per_facet();
    let is_caught = |facet: &Facet| {
        // The way that is more likely free is asked first.
        let ways = if facet.facing.z >= 0.0 { [&up, &down] } else { [&down, &up] };
        !surface.is_cancelled() && facet.points(count).any(|point| ways.iter().all(|way| way.is_blocked(point, facet)))
    };
    let caught: Vec<_> = (0..surface.facets.len()).filter(|&index| is_caught(&surface.facets[index])).collect();
    let faces = surface.count_faces(&caught);
    metadata.undercut_count = Some(faces);
    let &first = caught.first()?;
    let message = format!(
        "IM Moldability Violation: {faces} undercut faces detected. Neither half of the mould, opening along +Z and -Z, \
         gets free of them, for example at {} mm; open them to one side",
        position(surface.facets[first].middle().to_array())
    );
    Some(Finding::new("part.undercut", message).against(faces, 0))
}

fn thickness_findings(process: &MouldingProcess, surface: &Surface, metadata: &mut WorkbenchMetadata) -> Vec<Finding> {
    let (least, most) = (process.min_wall_thickness_mm, process.max_wall_thickness_mm);
    let WallThickness { thinnest, thickest } = measure(surface, most);
    let mut note = |name: &str, found: Option<Thickness>| {
        if let Some(found) = found {
            metadata.additional_info.insert(format!("{name}_wall_thickness_mm"), found.thickness_mm.into());
            metadata.additional_info.insert(format!("{name}_wall_thickness_at_mm"), Value::from(found.at.to_vec()));
        }
    };
    note("min", thinnest);
    note("max", thickest);

    let mut findings = Vec::new();
    if let Some(thin) = thinnest.filter(|thin| thin.thickness_mm < least - THICKNESS_TOLERANCE_MM) {
        let message = format!(
            "Wall thickness too thin: {:.2} mm at {} mm, at least {least:.2} mm are needed for the mould to fill",
            thin.thickness_mm,
            position(thin.at)
        );
        findings.push(Finding::new("part.wall_thickness", message).against(thin.thickness_mm, least));
    }
    if let Some(thick) = thickest.filter(|thick| thick.thickness_mm > most + THICKNESS_TOLERANCE_MM) {
        let message = format!(
            "Wall thickness too thick: {:.2} mm at {} mm, at most {most:.2} mm cool without sink marks; hollow it out",
            thick.thickness_mm,
            position(thick.at)
        );
        findings.push(Finding::new("part.wall_thickness", message).against(thick.thickness_mm, most));
    }
    findings
}

#[cfg(test)]
mod tests {
    use contract::{part_metadata::ManufacturingMethod, workbench::WorkbenchResult};
    use rstest::rstest;

    use crate::{
        analyze,
        config::tests::shipped,
        sample_solids::{SampleSolid, cup, extruded_xz, round_cup},
    };

    fn moulded(solid: &SampleSolid) -> WorkbenchResult {
        analyze(&shipped(), &solid.view(), ManufacturingMethod::InjectionMolding, Some("abs"), 1, false)
    }

    #[rstest]
    // 3° of draft, walls of 2 mm: the rim is 20 mm above the floor, and still counts as 2 mm thick.
    #[case::drafted_thin_cup(cup(2.0, 3.0), &[])]
    // Exactly the least draft: nothing that rounding may turn into a violation.
    #[case::least_draft(cup(2.0, 2.0), &[])]
    // 1792 facets, more than are measured.
    #[case::finely_cut_up(cup(2.0, 3.0).refined(3), &[])]
    // Single facets lean by 1.76° only: at 15 mm, a segment of 12° is 0.08 mm off the circle, over a height of 20 mm.
    #[case::round_with_least_draft(round_cup(2.0, 2.0), &[])]
    #[case::round_with_too_little(round_cup(2.0, 1.5), &["Insufficient draft angle: 1."])]
    #[case::round_and_upright(round_cup(2.0, 0.0), &["Insufficient draft angle: 0."])]
    #[case::upright_walls(cup(2.0, 0.0), &["Insufficient draft angle: 0.00°"])]
    #[case::thin(cup(0.5, 3.0), &["Wall thickness too thin: 0.5"])]
    #[case::thick(cup(6.0, 3.0), &["Wall thickness too thick: "])]
    #[case::block(
        SampleSolid::cuboid([10.0; 3]), &["Insufficient draft angle: 0.00°", "Wall thickness too thick: "]
    )]
    fn a_cup_needs_draft_and_even_walls(#[case] solid: SampleSolid, #[case] expected: &[&str]) {
        let result = moulded(&solid);
        assert_eq!(result.violations.len(), expected.len(), "{:?}", result.violations);
        for (sentence, expected) in result.violations.iter().zip(expected) {
            assert!(sentence.starts_with(expected), "{sentence}");
        }
        assert_eq!(result.is_manufacturable, expected.is_empty());
        assert_eq!(result.metadata.undercut_count, Some(0));
    }

    #[test]
    fn the_wall_is_measured_where_it_is() {
        let result = moulded(&cup(2.0, 3.0));
        let figure = |name: &str| result.metadata.additional_info[name].as_f64().expect("a number");
        // The walls are 2 mm thick measured in a level plane, so 2·cos 3° = 1.997 mm across; the floor is 2 mm.
        assert!((figure("min_wall_thickness_mm") - 2.0 * 3.0_f64.to_radians().cos()).abs() < 1e-6);
        // Where two walls w meet the floor, a ball of 2·w·√3/(1 + √3) = 2.54 mm fits; nowhere a larger one.
        assert!(figure("max_wall_thickness_mm") < 2.54, "{}", figure("max_wall_thickness_mm"));
        assert!((figure("smallest_draft_angle_deg") - 3.0).abs() < 1e-6);
    }

    #[test]
    fn a_block_is_as_thick_as_the_ball_that_fills_it() {
        let result = moulded(&SampleSolid::cuboid([30.0, 20.0, 10.0]));
        let thickest = result.metadata.additional_info["max_wall_thickness_mm"].as_f64().expect("a number");
        // The ball grows in steps down to 0.4 % of its radius.
        assert!((9.9..=10.0 + 1e-9).contains(&thickest), "{thickest}");
    }

    #[test]
    fn only_what_is_caught_between_both_halves_is_an_undercut() {
        // A C lying on its side, open to +x: its inner faces are free neither upwards nor downwards.
        let c = [[0.0, 0.0], [20.0, 0.0], [20.0, 2.0], [2.0, 2.0], [2.0, 8.0], [20.0, 8.0], [20.0, 10.0], [0.0, 10.0]];
        let result = moulded(&extruded_xz(&c, 20.0));
        assert_eq!(result.metadata.undercut_count, Some(3), "{:?}", result.violations);
        assert!(result.violations.iter().any(|text| text.starts_with("IM Moldability Violation: 3 undercut faces")));
        // An overhang is free downwards.
        let l = [[0.0, 0.0], [2.0, 0.0], [2.0, 8.0], [20.0, 8.0], [20.0, 10.0], [0.0, 10.0]];
        assert_eq!(moulded(&extruded_xz(&l, 20.0)).metadata.undercut_count, Some(0));
    }
}
