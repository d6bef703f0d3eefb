//! A box that is built again, a little different each time.

use design::{PartRole, Zone, part_hash};

use super::*;
use crate::sample_part::cuboid;

/// The caller stays.
static NEVER: AtomicBool = AtomicBool::new(false);

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
fn cancelled_comparison_recognises_nothing() {
    let part = like(&cuboid(SIZE, false));
    assert!(part.is_like(&part, &NEVER));
    assert!(!part.is_like(&part, &AtomicBool::new(true)));
}
