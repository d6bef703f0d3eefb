//! Milling with one tool axis: whether the tool reaches every face and fits into every corner. The tool comes from +Z,
//! or along another of the part's own axes where +Z does not work or wastes material.

use contract::workbench::WorkbenchMetadata;
use design::InternalCorner;
use materials::CncProcess;
use parry3d_f64::math::Vector;

use crate::{
    flaw::{Flaw, position},
    gaps,
    rays::WayOut,
    setup::Setup,
    solid::Solid,
    surface::{Facet, Surface},
};

/// A face that tilts away from the tool by more than this cannot be milled, as the sine of the angle (0.57°).
const OVERHANG: f64 = -0.01;

/// Whatever is this near to the lowest point rests on the machine's table, mm.
const ON_TABLE_MM: f64 = 0.01;

/// A face that points straight away from the tool, as the sine of the angle.
const STRAIGHT_DOWN: f64 = -0.99;

/// A corner is along the tool when its axis is to within this, as a cosine.
const PARALLEL: f64 = 1.0 - 1e-3;

/// Deviation of a measured gap from the true one, mm.
const GAP_TOLERANCE_MM: f64 = 0.005;

/// Most places that one message lists.
const MAX_PLACES: usize = 5;

/// Result of the search for a set-up.
#[derive(Debug, Default)]
pub(crate) struct Milling {
    /// Why the part cannot be milled.
    pub findings: Vec<Flaw>,
    /// Warnings: allowed, but worth checking.
    pub warnings: Vec<String>,
    /// The set-up, where it is not the modelled pose with the tool from +Z.
    pub setup: Option<Setup>,
}

/// Whether `solid`, with this surface, can be milled, and in which set-up. If it cannot, the violations are those from
/// +Z.
pub(crate) fn judge(
    process: &CncProcess,
    solid: &Solid,
    surface: &Surface,
    metadata: &mut WorkbenchMetadata,
) -> Milling {
    let part = Workpiece { process, surface, corners: solid.internal_corners };
    let hidden: Vec<_> = part.undercuts(Vector::Z).collect();
    let mut findings = part.undercut_finding(&hidden).into_iter().collect::<Vec<_>>();
    findings.extend(part.corner_findings(Vector::Z));
    findings.extend(part.gap_finding(Vector::Z));
    let setup = Setup::better(surface, solid.size_mm(), findings.is_empty(), |axis| part.can_be_milled(axis));
    if setup.is_some() {
        findings.clear();
    }
    let axis = setup.map_or(Vector::Z, |setup| setup.axis);
    metadata.undercut_count = Some(if setup.is_some() { 0 } else { surface.count_faces(&hidden) });
    if let Some(smallest) = part.corners_along(axis).map(|corner| corner.radius_mm).min_by(f64::total_cmp) {
        metadata.additional_info.insert("smallest_internal_corner_radius_mm".into(), smallest.into());
    }
    if findings.is_empty() {
        metadata.additional_info.insert("setup_axis".into(), axis.to_array().to_vec().into());
    }
    let warnings = part.depth_warning(axis).into_iter().chain(setup.map(|setup| setup.note())).collect();
    Milling { findings, warnings, setup }
}

/// Checks of a part with the tool from a given direction.
struct Workpiece<'a> {
    process: &'a CncProcess,
    surface: &'a Surface<'a>,
    corners: &'a [InternalCorner],
}

impl Workpiece<'_> {
    fn can_be_milled(&self, axis: Vector) -> bool {
        self.corner_findings(axis).is_empty()
            && self.undercuts(axis).next().is_none()
            && self.gap_finding(axis).is_none()
    }

    /// Indices of the facets that a tool from `axis` does not reach.
    fn undercuts(&self, axis: Vector) -> impl Iterator<Item = usize> {
        let surface = self.surface;
        let highest = move |facet: &Facet| facet.corners.map(|at| at.dot(axis)).into_iter().fold(f64::MIN, f64::max);
        let corners = surface.facets.iter().flat_map(|facet| facet.corners);
        let floor = corners.map(|at| at.dot(axis)).fold(f64::INFINITY, f64::min);
        let on_table =
            move |facet: &Facet| facet.facing.dot(axis) < STRAIGHT_DOWN && highest(facet) < floor + ON_TABLE_MM;
        let count = surface.points_per_facet();
        let way_up = WayOut::of(surface, axis);
        let is_hidden = move |facet: &Facet| {
            if surface.is_cancelled() {
                false
            } else if facet.facing.dot(axis) < OVERHANG {
                !on_table(facet)
            } else {
                facet.points(count).any(|point| way_up.is_blocked(point, facet))
            }
        };
        (0..surface.facets.len()).filter(move |&index| is_hidden(&surface.facets[index]))
    }

    fn undercut_finding(&self, hidden: &[usize]) -> Option<Flaw> {
        let &first = hidden.first()?;
        let faces = self.surface.count_faces(hidden);
        let message = format!(
            "CNC Machining Violation: {faces} undercut faces detected. A tool that comes from {} does not reach them, \
             for example at {} mm, and no set-up along the part's own axes works either; split it into parts that are \
             open from one side",
            self.process.axis,
            position(self.surface.facets[first].middle().to_array())
        );
        Some(Flaw::new("part.undercut", message).against(faces, 0))
    }

    /// The corners that a tool from `axis` must fit into.
    fn corners_along(&self, axis: Vector) -> impl Iterator<Item = &InternalCorner> {
        self.corners.iter().filter(move |corner| Vector::from(corner.axis).dot(axis).abs() >= PARALLEL)
    }

    /// Violations by the gaps that a tool from `axis` must pass through.
    fn gap_finding(&self, axis: Vector) -> Option<Flaw> {
        let needed = 2.0 * self.process.min_tool_radius_mm;
        let gap = gaps::narrowest(self.surface, axis).filter(|gap| gap.width_mm < needed - GAP_TOLERANCE_MM)?;
        let message = format!(
            "Gap too narrow: {:.2} mm between the walls at {} mm, at least {needed:.2} mm are needed, the smallest \
             tool's diameter",
            gap.width_mm,
            position(gap.at)
        );
        Some(Flaw::new("part.narrow_gap", message).against(gap.width_mm, needed))
    }

    /// A warning about the corner that is deepest relative to the tool that fits into it.
    fn depth_warning(&self, axis: Vector) -> Option<String> {
        let most = self.process.max_depth_per_diameter;
        let depth = |corner: &&InternalCorner| corner.length_mm / (2.0 * corner.radius_mm);
        let round = self.corners_along(axis).filter(|corner| !is_narrow(corner, self.process.min_tool_radius_mm));
        let deepest = round.max_by(|one, two| depth(one).total_cmp(&depth(two))).filter(|it| depth(it) > most)?;
        Some(format!(
            "the corner at {} mm is {:.2} mm deep, {:.1} times the diameter of a tool that gets into its radius of \
             {:.2} mm, and tools are stiff up to {most:.1} times; widen the corner or make it less deep",
            position(deepest.position_mm),
            deepest.length_mm,
            depth(&deepest),
            deepest.radius_mm
        ))
    }

    fn corner_findings(&self, axis: Vector) -> Vec<Flaw> {
        let corners: Vec<_> = self.corners_along(axis).collect();
        corner_findings(self.process.min_tool_radius_mm, &corners)
    }
}

/// Violations by corners, one for sharp ones and one for narrow ones.
fn corner_findings(tool_radius_mm: f64, corners: &[&InternalCorner]) -> Vec<Flaw> {
    let mut findings = Vec::new();
    let sharp: Vec<_> = corners.iter().copied().filter(|corner| corner.radius_mm <= 0.0).collect();
    if let Some(first) = sharp.first() {
        let message = format!(
            "Sharp internal vertical corner at {} mm, {:.2} mm long; a radius of at least {tool_radius_mm:.2} mm is \
             needed, the smallest tool's{}",
            position(first.position_mm),
            first.length_mm,
            others(&sharp)
        );
        findings.push(Flaw::new("part.internal_corner", message).against(0.0, tool_radius_mm));
    }
    let round = corners.iter().copied().filter(|corner| corner.radius_mm > 0.0);
    let mut narrow: Vec<_> = round.filter(|corner| is_narrow(corner, tool_radius_mm)).collect();
    narrow.sort_by(|one, two| one.radius_mm.total_cmp(&two.radius_mm));
    if let Some(first) = narrow.first() {
        let message = format!(
            "Internal corner radius too small: {:.2} mm at {} mm, at least {tool_radius_mm:.2} mm are needed, the \
             smallest tool's radius{}",
            first.radius_mm,
            position(first.position_mm),
            others(&narrow)
        );
        findings.push(Flaw::new("part.internal_corner", message).against(first.radius_mm, tool_radius_mm));
    }
    findings
}

/// Whether a corner is too small for the smallest tool.
fn is_narrow(corner: &InternalCorner, tool_radius_mm: f64) -> bool {
    corner.radius_mm < tool_radius_mm - 1e-6
}

/// The corners after the first, for the end of a message.
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
    use contract::{part_metadata::ManufacturingMethod, workbench::WorkbenchResult};
    use design::InternalCorner;
    use rstest::rstest;

    use crate::{
        analysis::warnings,
        analyze,
        sample_config::shipped,
        sample_solids::{SampleSolid, extruded_xz, ring_pocket},
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

    /// A block of 20 × 20 × 10 mm with a slot along y, 6 mm deep, of a given width.
    fn slotted(width: f64) -> [[f64; 2]; 8] {
        let [left, right] = [10.0 - width / 2.0, 10.0 + width / 2.0];
        let (upper, floor) = (10.0, 4.0);
        [
            [0.0, 0.0],
            [20.0, 0.0],
            [20.0, upper],
            [right, upper],
            [right, floor],
            [left, floor],
            [left, upper],
            [0.0, upper],
        ]
    }

    /// A step: reachable from above.
    const STEP: [[f64; 2]; 6] = [[0.0, 0.0], [20.0, 0.0], [20.0, 4.0], [10.0, 4.0], [10.0, 10.0], [0.0, 10.0]];

    /// A beam with flanges of 20 mm above and below a web of 4 mm.
    const BEAM: [[f64; 2]; 12] = [
        [0.0, 0.0],
        [20.0, 0.0],
        [20.0, 3.0],
        [12.0, 3.0],
        [12.0, 17.0],
        [20.0, 17.0],
        [20.0, 20.0],
        [0.0, 20.0],
        [0.0, 17.0],
        [8.0, 17.0],
        [8.0, 3.0],
        [0.0, 3.0],
    ];

    /// An arm that overhangs to the right.
    const OVERHANG: [[f64; 2]; 6] = [[0.0, 0.0], [10.0, 0.0], [10.0, 6.0], [20.0, 6.0], [20.0, 10.0], [0.0, 10.0]];

    fn milled(solid: &SampleSolid) -> WorkbenchResult {
        analyze(&shipped(), &solid.view(), ManufacturingMethod::Cnc, Some("aluminum_6061"), 1, false)
    }

    /// The profile of 20 mm depth with a sharp corner along y, so that it cannot be milled lying on its end.
    fn profile(outline: &[[f64; 2]]) -> SampleSolid {
        let corner =
            InternalCorner { radius_mm: 0.0, axis: [0.0, 1.0, 0.0], position_mm: [8.0, 10.0, 3.0], length_mm: 20.0 };
        SampleSolid { corners: vec![corner], ..extruded_xz(outline, 20.0) }
    }

    #[rstest]
    #[case::cube(SampleSolid::cuboid([10.0; 3]), 0)]
    #[case::cube_turned_about_z(SampleSolid::cuboid([10.0; 3]).turned_about_z(0.7), 0)]
    #[case::step(extruded_xz(&STEP, 20.0), 0)]
    #[case::far_from_the_origin(extruded_xz(&STEP, 20.0).moved([1234.5, -987.6, 333.3]), 0)]
    // Two undersides, the two side walls below them, and the floor, of which the middle alone is open.
    #[case::t_slot(profile(&T_SLOT), 5)]
    // Of each side the underside of the upper flange, the web, and the lower flange.
    #[case::beam(profile(&BEAM), 6)]
    fn undercuts_are_counted_as_faces(#[case] solid: SampleSolid, #[case] faces: u32) {
        let result = milled(&solid);
        assert_eq!(result.metadata.undercut_count, Some(faces), "{:?}", result.violations);
        assert_eq!(result.is_manufacturable, faces == 0);
        let expected = format!("CNC Machining Violation: {faces} undercut faces detected.");
        assert_eq!(result.violations.iter().any(|sentence| sentence.starts_with(&expected)), faces > 0);
    }

    #[test]
    fn facets_of_a_round_undercut_count_as_one_face() {
        // A rod of 48 facets along y, lying on the table: every facet of the lower half, 7.5° each, points down.
        let outline: Vec<_> = (0..48).map(|at| (f64::from(at) + 0.5).to_radians() * 7.5).collect();
        let outline: Vec<_> = outline.iter().map(|angle| [5.0 * angle.cos(), 5.0 * angle.sin()]).collect();
        let result = milled(&profile(&outline));
        // The lowest facet is on the table, points straight down, and separates the two sides.
        assert_eq!(result.metadata.undercut_count, Some(2), "{:?}", result.violations);
    }

    #[rstest]
    #[case::step_upside_down(extruded_xz(&STEP, 20.0), 0.0, std::f64::consts::PI)]
    #[case::plate_turned_about_z(SampleSolid::cuboid([50.0, 40.0, 10.0]), 0.5, 0.0)]
    #[case::tilted_plate(SampleSolid::cuboid([50.0, 40.0, 10.0]), 0.3, 1.1)]
    #[case::tilted_step(extruded_xz(&STEP, 20.0), -0.4, 2.0)]
    fn pose_changes_nothing_but_the_set_up(#[case] solid: SampleSolid, #[case] about_z: f64, #[case] about_x: f64) {
        let upright = milled(&solid);
        assert_eq!(upright.violations, Vec::<String>::new());
        assert_eq!(upright.metadata.additional_info["setup_axis"], serde_json::json!([0.0, 0.0, 1.0]));
        assert_eq!(upright.metadata.additional_info.get("warnings"), None);

        let turned = milled(&solid.turned_about_z(about_z).turned_about_x(about_x));
        assert_eq!(turned.violations, Vec::<String>::new());
        assert!((turned.unit_cost - upright.unit_cost).abs() < 1e-9, "{} {}", turned.unit_cost, upright.unit_cost);
        let warnings = turned.metadata.additional_info["warnings"].as_array().expect("it says how it lies");
        let explanation = turned.metadata.cost_breakdown.expect("it has a price").pricing_explanation;
        assert!(warnings[0].as_str().is_some_and(|it| it.contains("set-up axis") && explanation.ends_with(it)));
    }

    #[rstest]
    // Its underside and the wall below it are hidden as it is modelled.
    #[case::arm(profile(&OVERHANG), [0.0, 0.0, -1.0])]
    // Open at its end.
    #[case::t_slot_with_round_corners(extruded_xz(&T_SLOT, 20.0), [0.0, 1.0, 0.0])]
    fn part_is_oriented_to_expose_its_faces(#[case] solid: SampleSolid, #[case] axis: [f64; 3]) {
        let result = milled(&solid);
        assert_eq!(result.violations, Vec::<String>::new());
        let found: [f64; 3] = serde_json::from_value(result.metadata.additional_info["setup_axis"].clone()).expect("3");
        assert_eq!(found.map(f64::abs), axis.map(f64::abs));
        assert_eq!(result.metadata.undercut_count, Some(0));
    }

    #[rstest]
    #[case::slot(profile(&slotted(0.5)), Some("Gap too narrow: 0.50 mm between the walls at "))]
    #[case::slot_of_the_tools_width(profile(&slotted(2.0)), None)]
    #[case::around_a_boss(ring_pocket(5.0, 5.5), Some("Gap too narrow: 0.50 mm between the walls at "))]
    #[case::barely_around_a_boss(ring_pocket(5.0, 6.99), Some("Gap too narrow: 1.99 mm"))]
    #[case::around_a_boss_of_the_tools_width(ring_pocket(5.0, 7.0), None)]
    // A bore is drilled, however narrow it is.
    #[case::bore(ring_pocket(0.0, 0.5), None)]
    fn tool_must_fit_into_gaps(#[case] solid: SampleSolid, #[case] expected: Option<&str>) {
        let result = milled(&solid);
        assert_eq!(result.violations.len(), usize::from(expected.is_some()), "{:?}", result.violations);
        assert!(expected.is_none_or(|expected| result.violations[0].starts_with(expected)), "{:?}", result.violations);
    }

    #[rstest]
    #[case::deep(
        1.0,
        60.0,
        Some("is 60.00 mm deep, 30.0 times the diameter of a tool that gets into its radius of 1.00 mm")
    )]
    #[case::as_deep_as_it_may_be(1.0, 12.0, None)]
    #[case::wide(6.0, 60.0, None)]
    fn deep_corner_draws_a_warning(#[case] radius_mm: f64, #[case] length_mm: f64, #[case] expected: Option<&str>) {
        let corner = InternalCorner { radius_mm, axis: [0.0, 0.0, 1.0], position_mm: [0.0; 3], length_mm };
        let result = milled(&SampleSolid { corners: vec![corner], ..SampleSolid::cuboid([80.0; 3]) });
        assert_eq!(result.violations, Vec::<String>::new());
        let warnings: Vec<_> = warnings(&result).collect();
        assert_eq!(warnings.len(), usize::from(expected.is_some()), "{warnings:?}");
        assert!(expected.is_none_or(|expected| warnings[0].contains(expected)), "{warnings:?}");
    }

    #[rstest]
    #[case::sharp(0.0, Some("Sharp internal vertical corner at (1.00, 2.00, 3.00) mm, 5.00 mm long"))]
    #[case::narrow(0.5, Some("Internal corner radius too small: 0.50 mm at (1.00, 2.00, 3.00) mm, at least 1.00 mm"))]
    #[case::just_right(1.0, None)]
    #[case::wide(3.0, None)]
    fn corners_need_the_radius_of_the_tool(#[case] radius_mm: f64, #[case] expected: Option<&str>) {
        let along = |axis| InternalCorner { radius_mm, axis, position_mm: [1.0, 2.0, 3.0], length_mm: 5.0 };
        let mut solid = SampleSolid::cuboid([10.0; 3]);
        // Along each axis, or the cube would be turned.
        solid.corners = vec![along([0.0, 0.0, 1.0]); 8];
        solid.corners.extend([along([1.0, 0.0, 0.0]), along([0.0, -1.0, 0.0])]);
        let result = milled(&solid);
        match expected {
            Some(expected) => {
                let [sentence] = result.violations.as_slice() else { panic!("{:?}", result.violations) };
                assert!(sentence.starts_with(expected) && sentence.ends_with("and 2 more"), "{sentence}");
            }
            None => assert_eq!(result.violations, Vec::<String>::new()),
        }
    }
}
