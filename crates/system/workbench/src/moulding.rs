//! Injection moulding in two halves that open along z: draft, undercuts and walls.

use contract::workbench::WorkbenchMetadata;
use geometry::Edges;
use materials::MouldingProcess;
use parry3d_f64::math::Vector;
use serde_json::Value;

use crate::{
    flaw::{Flaw, position},
    rays::WayOut,
    surface::{Facet, Surface},
    thickness::{Thickness, WallThickness, measure},
};

/// Share of the required angle that a face must have: normals are in single precision, which gives a sine of 2° to
/// within 2 parts in a million.
const DRAFT: f64 = 1.0 - 1e-5;

/// Deviation of a measured thickness from the true one, mm. Of a facet that is `s` off its face and 2·t wide as an angle,
/// 3/4 · s · t² are left: 0.003 mm for s = 0.1 mm and t = 0.2.
const THICKNESS_TOLERANCE_MM: f64 = 0.005;

/// Where walls meet, a larger ball fits than into any of them: 1.17 times as large where two meet at an edge, 1.25 where
/// a rib stands on a wall, 1.27 in a corner of three.
const JUNCTION: f64 = 1.3;

/// A band that rolls over the parting line turns at least half as fast everywhere as on average.
const EVEN_TURN: f64 = 0.5;

/// Neighbours whose normals differ by less continue a face, as a cosine (15°).
const SMOOTH: f64 = 0.966;

/// Why `surface` cannot be moulded.
pub(crate) fn findings(process: &MouldingProcess, surface: &Surface, metadata: &mut WorkbenchMetadata) -> Vec<Flaw> {
    let mut findings = Vec::new();
    findings.extend(draft_finding(process, surface, metadata));
    findings.extend(undercut_finding(surface, metadata));
    findings.extend(thickness_findings(process, surface, metadata));
    findings
}

fn draft_finding(process: &MouldingProcess, surface: &Surface, metadata: &mut WorkbenchMetadata) -> Option<Flaw> {
    let needed = process.min_draft_angle_deg;
    let enough = (needed * DRAFT).to_radians().sin();
    let lean = |index: &usize| surface.facets[*index].least_lean();
    let is_steep: Vec<bool> = (0..surface.facets.len()).map(|index| lean(&index) < enough).collect();
    let rolled_over = rolled_over(surface, &is_steep, enough);
    let counts = |index: &usize| !rolled_over[*index];
    let smallest = (0..surface.facets.len()).filter(counts).min_by(|one, two| lean(one).total_cmp(&lean(two)))?;
    let angle = lean(&smallest).min(1.0).asin().to_degrees();
    metadata.additional_info.insert("smallest_draft_angle_deg".into(), angle.into());
    let steep: Vec<_> = (0..surface.facets.len()).filter(|index| is_steep[*index] && counts(index)).collect();
    if steep.is_empty() {
        return None;
    }
    let faces = surface.count_faces(&steep);
    let message = format!(
        "Insufficient draft angle: {angle:.2}° at {} mm, at least {needed:.2}° against the Z axis are needed to \
         leave the mould; faces to taper: {faces}",
        position(surface.facets[smallest].middle().to_array())
    );
    Some(Flaw::new("part.draft", message).against(angle, needed))
}

/// Which steep facets belong to bands where a curved face rolls over the parting line, from leaning up to leaning down:
/// at the equator of a ball, it releases from both halves of the mould. Such a band turns evenly and continues smoothly
/// into faces that lean enough, up above and down below. An upright wall between two fillets does not turn.
fn rolled_over(surface: &Surface, is_steep: &[bool], enough: f64) -> Vec<bool> {
    let mut rolled = vec![false; is_steep.len()];
    if !is_steep.contains(&true) {
        return rolled;
    }
    let triangles = surface.triangles();
    let edges = Edges::of(&triangles);
    let mut seen = vec![false; is_steep.len()];
    for start in 0..is_steep.len() {
        if !is_steep[start] || seen[start] || surface.is_cancelled() {
            continue;
        }
        seen[start] = true;
        let (mut band, mut open) = (Vec::new(), vec![start]);
        let (mut goes_up, mut goes_down) = (false, false);
        while let Some(index) = open.pop() {
            band.push(index);
            let facet = &surface.facets[index];
            for other in edges.neighbours(index) {
                let beside = &surface.facets[other];
                if beside.normal.dot(facet.normal) < SMOOTH {
                    continue;
                }
                if !is_steep[other] {
                    goes_up |= beside.facing.z > 0.0;
                    goes_down |= beside.facing.z < 0.0;
                } else if !seen[other] {
                    seen[other] = true;
                    open.push(other);
                }
            }
        }
        if goes_up && goes_down && turns_evenly(surface, &band, enough) {
            for index in band {
                rolled[index] = true;
            }
        }
    }
    rolled
}

/// Whether each facet of a band turns about as much over its height as the band does over its own.
fn turns_evenly(surface: &Surface, band: &[usize], enough: f64) -> bool {
    let facets = || band.iter().map(|&index| &surface.facets[index]);
    let low = facets().map(Facet::lowest).fold(f64::INFINITY, f64::min);
    let high = facets().map(Facet::highest).fold(f64::NEG_INFINITY, f64::max);
    let height = high - low;
    facets().all(|facet| {
        let [least, most] = facet.leans();
        let share = (facet.highest() - facet.lowest()) / height;
        // Over its whole height the band turns from -enough to +enough at least.
        most - least >= EVEN_TURN * 2.0 * enough * share || share < 1e-6
    })
}

fn undercut_finding(surface: &Surface, metadata: &mut WorkbenchMetadata) -> Option<Flaw> {
    let (up, down) = (WayOut::of(surface, Vector::Z), WayOut::of(surface, -Vector::Z));
    let count = surface.points_per_facet();
    let is_caught = |facet: &Facet| {
        // The direction that is more likely free is checked first.
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
    Some(Flaw::new("part.undercut", message).against(faces, 0))
}

fn thickness_findings(process: &MouldingProcess, surface: &Surface, metadata: &mut WorkbenchMetadata) -> Vec<Flaw> {
    let (least, most) = (process.min_wall_thickness_mm, process.max_wall_thickness_mm);
    let WallThickness { thinnest, thickest, junction } = measure(surface, most);
    let mut note = |name: &str, found: Option<Thickness>| {
        if let Some(found) = found {
            metadata.additional_info.insert(format!("{name}_wall_thickness_mm"), found.thickness_mm.into());
            metadata.additional_info.insert(format!("{name}_wall_thickness_at_mm"), Value::from(found.at.to_vec()));
        }
    };
    note("min", thinnest);
    note("max", thickest);
    note("junction", junction);

    let mut findings = Vec::new();
    if let Some(thin) = thinnest.filter(|thin| thin.thickness_mm < least - THICKNESS_TOLERANCE_MM) {
        let message = format!(
            "Wall thickness too thin: {:.2} mm at {} mm, at least {least:.2} mm are needed for the mould to fill",
            thin.thickness_mm,
            position(thin.at)
        );
        findings.push(Flaw::new("part.wall_thickness", message).against(thin.thickness_mm, least));
    }
    let thick_wall = thickest.filter(|thick| thick.thickness_mm > most + THICKNESS_TOLERANCE_MM);
    let thick_junction = junction.filter(|ball| ball.thickness_mm > most * JUNCTION + THICKNESS_TOLERANCE_MM);
    if let Some(thick) = thick_wall.or(thick_junction) {
        let message = format!(
            "Wall thickness too thick: {:.2} mm at {} mm, at most {most:.2} mm cool without sink marks; hollow it out",
            thick.thickness_mm,
            position(thick.at)
        );
        findings.push(Flaw::new("part.wall_thickness", message).against(thick.thickness_mm, most));
    }
    findings
}

#[cfg(test)]
mod tests {
    use contract::{part_metadata::ManufacturingMethod, workbench::WorkbenchResult};
    use rstest::rstest;

    use crate::{
        analyze,
        sample_config::shipped,
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
    fn wall_thickness_is_measured_across_the_wall() {
        let result = moulded(&cup(2.0, 3.0));
        let figure = |name: &str| result.metadata.additional_info[name].as_f64().expect("a number");
        // The walls are 2 mm thick measured in a level plane, so 2·cos 3° = 1.997 mm across; the floor is 2 mm.
        assert!((figure("min_wall_thickness_mm") - 2.0 * 3.0_f64.to_radians().cos()).abs() < 1e-6);
        // Where two walls w meet the floor, a ball of 2·w·√3/(1 + √3) = 2.54 mm fits; nowhere a larger one.
        assert!(figure("max_wall_thickness_mm") < 2.54, "{}", figure("max_wall_thickness_mm"));
        assert!((figure("smallest_draft_angle_deg") - 3.0).abs() < 1e-6);
    }

    #[test]
    fn block_thickness_is_its_largest_inscribed_ball() {
        let result = moulded(&SampleSolid::cuboid([30.0, 20.0, 10.0]));
        let thickest = result.metadata.additional_info["max_wall_thickness_mm"].as_f64().expect("a number");
        // The ball grows in steps down to 0.4 % of its radius.
        assert!((9.9..=10.0 + 1e-9).contains(&thickest), "{thickest}");
    }

    #[test]
    fn only_faces_locked_in_both_halves_are_undercuts() {
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
