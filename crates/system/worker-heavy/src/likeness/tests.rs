//! A box that is built again, a little different each time.

use super::*;
use design::{Face, Geometry, Mesh, PartRole, Zone};

/// Nobody goes away.
static NEVER: AtomicBool = AtomicBool::new(false);

/// A box from the origin. Each side is cut in two along one diagonal, or along the other.
fn cuboid(size: [f64; 3], other_diagonals: bool) -> Part {
    let (mut vertices_mm, mut triangles, mut normals, mut faces) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for index in 0..8 {
        vertices_mm.push(std::array::from_fn(|axis| if index >> axis & 1 == 0 { 0.0 } else { size[axis] }));
    }
    for axis in 0..3 {
        let (second, third) = (1 << ((axis + 1) % 3), 1 << ((axis + 2) % 3));
        for far in [0, 1] {
            let near = far << axis;
            let round = [near, near + second, near + second + third, near + third];
            let round = if other_diagonals { [round[1], round[2], round[3], round[0]] } else { round };
            let [a, b, c, d] = if far == 1 { round } else { [round[3], round[2], round[1], round[0]] };
            triangles.extend([[a, b, c], [a, c, d]]);
            let normal =
                std::array::from_fn(|other| if other == axis { if far == 1 { 1.0 } else { -1.0 } } else { 0.0 });
            normals.extend([[normal; 3]; 2]);
            let mut center_mm = size.map(|length| length / 2.0);
            center_mm[axis] = if far == 1 { size[axis] } else { 0.0 };
            faces.push(Face { area_mm2: size[(axis + 1) % 3] * size[(axis + 2) % 3], center_mm });
        }
    }
    Part {
        label: "block".to_owned(),
        role: PartRole::Zone(Zone::Goal),
        constraint: None,
        solid_count: 1,
        is_valid: true,
        volume_mm3: size.iter().product(),
        area_mm2: faces.iter().map(|face| face.area_mm2).sum(),
        center_of_mass_mm: size.map(|length| length / 2.0),
        inertia_mm5: [[0.0; 3]; 3],
        bounding_box: BoundingBox { min: [0.0; 3], max: size },
        faces,
        mesh: Mesh { vertices_mm, triangles, normals, is_watertight: true },
        internal_corners: Vec::new(),
        bores: Vec::new(),
        holes: vec![FastenerHole {
            hole_id: "pin".to_owned(),
            size: "M3".to_owned(),
            diameter_mm: 3.4,
            position_mm: [5.0, 5.0, 0.0],
            axis: [0.0, 0.0, 1.0],
            depth_mm: 5.0,
            adds_fastener: false,
        }],
    }
}

fn like(part: &Part) -> Likeness {
    Likeness::of(part).expect("it has normals")
}

const SIZE: [f64; 3] = [20.0, 30.0, 10.000_05];

#[test]
fn sizes_match_within_the_tolerance() {
    let checked = like(&cuboid(SIZE, false));
    // 10.00005 is half-way between two steps of a ten-thousandth, and there is no step to fall over.
    for (what, size, expected) in [
        ("a millionth more", [20.0, 30.0, 10.000_051], true),
        ("a millionth less", [20.0, 30.0, 10.000_049], true),
        ("a hair", [20.0, 30.0, 10.001], false),
        ("as large, and turned", [30.0, 20.0, 10.000_05], false),
    ] {
        for other_diagonals in [false, true] {
            let again = cuboid(size, other_diagonals);
            assert_eq!(checked.is_like(&like(&again), &NEVER), expected, "{what}, cut along others: {other_diagonals}");
            assert_ne!(part_hash(&again), part_hash(&cuboid(SIZE, false)), "{what}");
        }
    }
}

/// What is changed, and how.
type Change = (&'static str, fn(&mut Part));

#[test]
fn every_other_difference_makes_another_part() {
    let changes: [Change; 10] = [
        ("label", |part| part.label.push('s')),
        ("role", |part| part.role = PartRole::Zone(Zone::Forbid)),
        ("solids", |part| part.solid_count = 2),
        ("soundness", |part| part.is_valid = false),
        ("place of a hole", |part| part.holes[0].position_mm[0] += 0.001),
        ("axis of a hole", |part| part.holes[0].axis = [0.0, 1e-4, 1.0]),
        ("hole", |part| part.holes.clear()),
        ("one corner", |part| part.mesh.vertices_mm[0][2] = 0.001),
        ("inside out", |part| part.mesh.normals.iter_mut().flatten().flatten().for_each(|it| *it = -*it)),
        // As large, and elsewhere: a pocket that was moved.
        ("place of a face", |part| part.faces[0].center_mm[1] += 0.001),
    ];
    let checked = like(&cuboid(SIZE, false));
    for (what, change) in changes {
        let mut part = cuboid(SIZE, false);
        change(&mut part);
        assert!(!checked.is_like(&like(&part), &NEVER), "{what}");
        assert!(!like(&part).is_like(&checked, &NEVER), "{what}, the other way round");
    }
}

#[test]
fn changed_measure_is_named() {
    let checked = like(&cuboid([20.0, 30.0, 10.0], false));
    assert_eq!(checked.difference(&like(&cuboid([20.0, 30.0, 9.0], false))), "size along z 10.0000 → 9.0000 mm");
    let mut drilled = cuboid([20.0, 30.0, 10.0], false);
    drilled.holes[0].diameter_mm = 4.5;
    assert_eq!(checked.difference(&like(&drilled)), "diameter of hole 1 3.4000 → 4.5000 mm");
}

#[test]
fn small_differences_do_not_add_up() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let records = Records::new(folder.path()).expect("a folder can be made");
    let session: SessionId = "mine".parse().expect("valid");
    let build = |height: f64| Design {
        parts: vec![cuboid([20.0, 30.0, height], false)],
        bounding_box: BoundingBox { min: [0.0; 3], max: [20.0, 30.0, height] },
        interferences: Vec::new(),
        notes: Vec::new(),
        geometry: Geometry::default(),
        stdout: String::new(),
        stderr: String::new(),
    };
    let recognised = |height: f64| Recognised::of(&build(height), &records, &session, &NEVER).expect("read");
    let checked = recognised(10.0);
    assert_eq!(checked.moved, Vec::<String>::new(), "nothing was checked before");
    for step in 0..4 {
        let height = 10.0 + 0.000_08 * f64::from(step);
        let again = recognised(height);
        assert_eq!(again.hashes == checked.hashes, step < 2, "{height} mm");
        assert_eq!(again.moved.is_empty(), step < 2, "{height} mm: {:?}", again.moved);
        // A part that is recognised is not kept a second time, so it is never what the next one is compared with.
        if step < 2 {
            keep(&build(height), &again.hashes, &records, &session).expect("kept");
        }
    }
    let other: SessionId = "other".parse().expect("valid");
    assert_ne!(Recognised::of(&build(10.000_01), &records, &other, &NEVER).expect("read").hashes, checked.hashes);
}

#[test]
fn cancelled_comparison_recognises_nothing() {
    let part = like(&cuboid(SIZE, false));
    assert!(part.is_like(&part, &NEVER));
    assert!(!part.is_like(&part, &AtomicBool::new(true)));
}
