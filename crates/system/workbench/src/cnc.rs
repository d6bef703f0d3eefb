//! Milling with one tool axis: can the tool, coming from +Z, reach every face, and does it get into every corner?

use contract::workbench::WorkbenchMetadata;

use crate::{
    finding::{Finding, position},
    process::CncProcess,
    rays::{Along, WayOut},
    solid::InternalCorner,
    surface::{Facet, Surface},
};

/// A face that tilts downwards by more cannot be milled from above, as the sine of the angle (0.57°).
const OVERHANG: f64 = -0.01;

/// What lies this near to the lowest point lies on the machine's table, mm.
const ON_TABLE_MM: f64 = 0.01;

/// A face that points straight down, as the sine of the angle.
const STRAIGHT_DOWN: f64 = -0.99;

/// Places that one sentence lists at most.
const MAX_PLACES: usize = 5;

/// What stands against milling `surface`.
pub(crate) fn findings(
    process: &CncProcess,
    surface: &Surface,
    corners: &[InternalCorner],
    metadata: &mut WorkbenchMetadata,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let hidden = undercuts(surface);
    let faces = surface.count_faces(&hidden);
    metadata.undercut_count = Some(faces);
    if let Some(&first) = hidden.first() {
        let at = position(surface.facets[first].middle().to_array());
        let message = format!(
            "CNC Machining Violation: {faces} undercut faces detected. A tool that comes from {} does not reach them, \
             for example at {at} mm; turn the part, or split it into parts that are open from above",
            process.axis
        );
        findings.push(Finding::new("part.undercut", message).against(faces, 0));
    }
    findings.extend(corner_findings(process.min_tool_radius_mm, corners));
    if let Some(smallest) = corners.iter().map(|corner| corner.radius_mm).min_by(f64::total_cmp) {
        metadata.additional_info.insert("smallest_internal_corner_radius_mm".into(), smallest.into());
    }
    findings
}

/// Indices of the facets that the tool does not reach.
fn undercuts(surface: &Surface) -> Vec<usize> {
    let on_table = |facet: &Facet| facet.facing.z < STRAIGHT_DOWN && facet.highest() < surface.floor + ON_TABLE_MM;
    let count = surface.points_per_facet();
    let way_up = WayOut::of(surface, Along::Up);
    let is_hidden = |facet: &Facet| {
        if surface.is_cancelled() {
            false
        } else if facet.facing.z < OVERHANG {
            !on_table(facet)
        } else {
            facet.points(count).any(|point| way_up.is_blocked(point, facet))
        }
    };
    (0..surface.facets.len()).filter(|&index| is_hidden(&surface.facets[index])).collect()
}

/// What stands against milling corners, one sentence for sharp ones and one for narrow ones.
fn corner_findings(tool_radius_mm: f64, corners: &[InternalCorner]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let sharp: Vec<_> = corners.iter().filter(|corner| corner.radius_mm <= 0.0).collect();
    if let Some(first) = sharp.first() {
        let message = format!(
            "Sharp internal vertical corner at {} mm, {:.2} mm long; a radius of at least {tool_radius_mm:.2} mm is \
             needed, the smallest tool's{}",
            position(first.position_mm),
            first.length_mm,
            others(&sharp)
        );
        findings.push(Finding::new("part.internal_corner", message).against(0.0, tool_radius_mm));
    }
    let mut narrow: Vec<_> =
        corners.iter().filter(|corner| corner.radius_mm > 0.0 && corner.radius_mm < tool_radius_mm - 1e-6).collect();
    narrow.sort_by(|one, two| one.radius_mm.total_cmp(&two.radius_mm));
    if let Some(first) = narrow.first() {
        let message = format!(
            "Internal corner radius too small: {:.2} mm at {} mm, at least {tool_radius_mm:.2} mm are needed, the \
             smallest tool's radius{}",
            first.radius_mm,
            position(first.position_mm),
            others(&narrow)
        );
        findings.push(Finding::new("part.internal_corner", message).against(first.radius_mm, tool_radius_mm));
    }
    findings
}

/// The corners after the first, for the end of a sentence.
fn others(corners: &[&InternalCorner]) -> String {
    let rest = corners.get(1..).unwrap_or_default();
    if rest.is_empty() {
        return String::new();
    }
    let places: Vec<_> = rest.iter().take(MAX_PLACES).map(|corner| position(corner.position_mm)).collect();
    let unnamed = rest.len() - places.len();
    let more = if unnamed == 0 { String::new() } else { format!(" and {unnamed} more") };
    format!("; the same at {}{more}", places.join(", "))
}

#[cfg(test)]
mod tests {
    use contract::part_metadata::ManufacturingMethod;
    use rstest::rstest;

    use crate::{
        InternalCorner, analyze,
        config::tests::shipped,
        sample_solids::{SampleSolid, extruded_xz},
    };

    /// A block of 20 × 20 × 10 mm with a slot along y, 4 mm wide above and, in a T-slot, 12 mm wide below.
    const T_SLOT: [[f64; 2]; 12] = [
        [0.0, 0.0],
        [20.0, 0.0],
        [20.0, 10.0],
        [12.0, 10.0],
        [12.0, 6.0],
        [16.0, 6.0],
        [16.0, 3.0],
        [4.0, 3.0],
        [4.0, 6.0],
        [8.0, 6.0],
        [8.0, 10.0],
        [0.0, 10.0],
    ];

    /// A step: reachable from above.
    const STEP: [[f64; 2]; 6] = [[0.0, 0.0], [20.0, 0.0], [20.0, 4.0], [10.0, 4.0], [10.0, 10.0], [0.0, 10.0]];

    /// An arm that overhangs to the right.
    const OVERHANG: [[f64; 2]; 6] = [[0.0, 0.0], [10.0, 0.0], [10.0, 6.0], [20.0, 6.0], [20.0, 10.0], [0.0, 10.0]];

    #[rstest]
    #[case::cube(SampleSolid::cuboid([10.0; 3]), 0)]
    #[case::cube_turned_about_z(SampleSolid::cuboid([10.0; 3]).turned_about_z(0.7), 0)]
    #[case::step(extruded_xz(&STEP, 20.0), 0)]
    #[case::far_from_the_origin(extruded_xz(&STEP, 20.0).moved([1234.5, -987.6, 333.3]), 0)]
    // Two undersides, the two side walls below them, and the floor, of which the middle alone is open.
    #[case::t_slot(extruded_xz(&T_SLOT, 20.0), 5)]
    // The underside, and the wall below it.
    #[case::overhang(extruded_xz(&OVERHANG, 20.0), 2)]
    fn undercuts_are_counted_as_faces(#[case] solid: SampleSolid, #[case] faces: u32) {
        let result = analyze(&shipped(), &solid.view(), ManufacturingMethod::Cnc, Some("aluminum_6061"), 1, false);
        assert_eq!(result.metadata.undercut_count, Some(faces), "{:?}", result.violations);
        assert_eq!(result.is_manufacturable, faces == 0);
        let expected = format!("CNC Machining Violation: {faces} undercut faces detected.");
        assert_eq!(result.violations.iter().any(|sentence| sentence.starts_with(&expected)), faces > 0);
    }

    #[test]
    fn a_round_undercut_is_one_face_however_finely_it_is_cut_up() {
        // A rod of 48 facets along y, lying on the table: every facet of the lower half, 7.5° each, points down.
        let outline: Vec<_> = (0..48).map(|at| (f64::from(at) + 0.5).to_radians() * 7.5).collect();
        let outline: Vec<_> = outline.iter().map(|angle| [5.0 * angle.cos(), 5.0 * angle.sin()]).collect();
        let rod = extruded_xz(&outline, 20.0);
        let result = analyze(&shipped(), &rod.view(), ManufacturingMethod::Cnc, Some("aluminum_6061"), 1, false);
        // The lowest facet lies on the table, points straight down, and parts the two sides.
        assert_eq!(result.metadata.undercut_count, Some(2), "{:?}", result.violations);
    }

    #[rstest]
    #[case::sharp(0.0, Some("Sharp internal vertical corner at (1.00, 2.00, 3.00) mm, 5.00 mm long"))]
    #[case::narrow(0.5, Some("Internal corner radius too small: 0.50 mm at (1.00, 2.00, 3.00) mm, at least 1.00 mm"))]
    #[case::just_right(1.0, None)]
    #[case::wide(3.0, None)]
    fn corners_need_the_radius_of_the_tool(#[case] radius_mm: f64, #[case] expected: Option<&str>) {
        let corner = InternalCorner { radius_mm, position_mm: [1.0, 2.0, 3.0], length_mm: 5.0 };
        let mut solid = SampleSolid::cuboid([10.0; 3]);
        solid.corners = vec![corner; 8];
        let result = analyze(&shipped(), &solid.view(), ManufacturingMethod::Cnc, Some("aluminum_6061"), 1, false);
        match expected {
            Some(expected) => {
                let [sentence] = result.violations.as_slice() else { panic!("{:?}", result.violations) };
                assert!(sentence.starts_with(expected) && sentence.ends_with("and 2 more"), "{sentence}");
            }
            None => assert_eq!(result.violations, Vec::<String>::new()),
        }
    }
}
