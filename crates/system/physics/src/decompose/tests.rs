//! Convex pieces: of solids whose division a reader can check by hand.

use super::*;
use crate::MassProperties;

fn mesh_volume_mm3(vertices: &[[f64; 3]], triangles: &[[u32; 3]]) -> f64 {
    MassProperties::of_mesh(vertices, triangles, 1.0).expect("a closed mesh").mass_kg * 1e9
}

/// A prism between z = 0 and `height` over the ring between two polygons, or over one polygon.
fn prism(outer: &[[f64; 2]], inner: &[[f64; 2]], height: f64) -> (Vec<[f64; 3]>, Vec<[u32; 3]>) {
    let n = outer.len() as u32;
    let ring = |ring: &[[f64; 2]], z: f64| ring.iter().map(|[x, y]| [*x, *y, z]).collect::<Vec<_>>();
    let vertices = [ring(outer, 0.0), ring(outer, height), ring(inner, 0.0), ring(inner, height)].concat();
    let mut triangles = Vec::new();
    for i in 0..n {
        let j = (i + 1) % n;
        let mut quad = |a: u32, b: u32, c: u32, d: u32| triangles.extend([[a, b, c], [a, c, d]]);
        quad(i, j, n + j, n + i);
        quad(2 * n + j, 2 * n + i, 3 * n + i, 3 * n + j);
        quad(n + i, n + j, 3 * n + j, 3 * n + i);
        quad(j, i, 2 * n + i, 2 * n + j);
    }
    (vertices, triangles)
}

fn circle(n: u32, radius: f64) -> Vec<[f64; 2]> {
    (0..n)
        .map(|i| (f64::from(i) / f64::from(n) * std::f64::consts::TAU).sin_cos())
        .map(|(sin, cos)| [radius * cos, radius * sin])
        .collect()
}

fn whole_pieces(vertices: &[[f64; 3]], triangles: &[[u32; 3]]) -> Vec<ConvexPiece> {
    let mesh = Surface::welded(vertices, triangles);
    pieces_of(&mesh, tolerance_mm(mesh.diagonal()), &CancelFlag::new(false)).expect("nobody cancels").0
}

#[test]
fn cancelled_cutting_leaves_nothing_behind() {
    // A tube that no other test cuts: what is known already takes no cutting.
    let (vertices, triangles) = prism(&circle(44, 31.0), &circle(44, 21.0), 60.0);
    assert!(collision_shape(&vertices, &triangles, false, &CancelFlag::new(true)).is_none());
    assert!(whole_pieces(&vertices, &triangles).len() > 20);
}

fn volume(pieces: &[ConvexPiece]) -> f64 {
    pieces.iter().map(|piece| mesh_volume_mm3(&piece.vertices, &piece.triangles)).sum()
}

#[test]
fn a_tube_keeps_its_bore_to_within_the_tolerance() {
    let (vertices, triangles) = prism(&circle(48, 30.0), &circle(48, 20.0), 60.0);
    let begun = std::time::Instant::now();
    let pieces = whole_pieces(&vertices, &triangles);
    println!("tube: {} pieces, {:?}", pieces.len(), begun.elapsed());
    let true_volume = mesh_volume_mm3(&vertices, &triangles);
    // Pieces are the solid plus slivers no deeper than the tolerance over the bore of 2π·20·60 mm².
    let most = true_volume + std::f64::consts::TAU * 20.0 * 60.0 * tolerance_mm(105.0);
    let volume = volume(&pieces);
    assert!(volume > true_volume * 0.9999 && volume < most, "{volume} mm³, the tube has {true_volume}");
    assert!(pieces.len() <= 48, "{} pieces for 48 facets", pieces.len());
}

#[test]
fn both_sides_of_a_cut_are_closed_and_keep_the_volume() {
    let (vertices, triangles) = prism(&circle(24, 30.0), &circle(24, 20.0), 60.0);
    let tube = Surface::welded(&vertices, &triangles);
    // Along the axis and across it, through corners and between them, and in a face: rims with holes, two rims at once,
    // and three points in a row wherever a flat face is cut.
    for (point, normal) in [
        ([0.0, 0.0, 30.0], [0.0, 0.0, 1.0]),
        ([0.0, 0.0, 30.0], [1.0, 0.0, 0.0]),
        ([5.0, 1.0, 20.0], [1.0, 2.0, 3.0]),
        ([0.0, 0.0, 60.0], [0.0, 0.0, 1.0]),
        ([0.0, 25.0, 0.0], [0.3, 1.0, 0.0]),
    ] {
        let [point, normal] = [point, normal].map(|[x, y, z]| parry3d_f64::math::Vector::new(x, y, z));
        let plane = cut::Plane::through(point, normal).expect("a direction");
        let sides = cut::cut(&tube, &plane);
        assert!(sides.iter().all(|side| side.open_edges().is_empty()), "open after a cut along {normal}");
        let sum: f64 = sides.iter().map(Surface::volume).sum();
        assert!((sum / tube.volume() - 1.0).abs() < 1e-9, "{sum} mm³ after a cut along {normal}");
    }
}

#[test]
fn a_convex_mesh_stays_whole() {
    let corners: Vec<[f64; 3]> = (0..8).map(|i| [f64::from(i & 1), f64::from(i >> 1 & 1), f64::from(i >> 2)]).collect();
    let triangles = [
        [0, 2, 1],
        [1, 2, 3],
        [4, 5, 6],
        [5, 7, 6],
        [0, 1, 4],
        [1, 5, 4],
        [2, 6, 3],
        [3, 6, 7],
        [0, 4, 2],
        [2, 4, 6],
        [1, 3, 5],
        [3, 7, 5],
    ];
    assert_eq!(whole_pieces(&corners, &triangles).len(), 1);
}

#[test]
fn a_channel_is_cut_along_its_own_faces() {
    // U-shaped section, 40 wide, 30 high, walls and floor 5, extruded by 300.
    let section =
        [[0.0, 0.0], [40.0, 0.0], [40.0, 30.0], [35.0, 30.0], [35.0, 5.0], [5.0, 5.0], [5.0, 30.0], [0.0, 30.0]];
    let n = section.len() as u32;
    let vertices: Vec<[f64; 3]> = [0.0, 300.0].iter().flat_map(|z| section.iter().map(|[x, y]| [*x, *y, *z])).collect();
    let mut triangles: Vec<[u32; 3]> = Vec::new();
    for i in 0..n {
        let j = (i + 1) % n;
        triangles.extend([[i, j, n + j], [i, n + j, n + i]]);
    }
    for [a, b, c] in [[0, 1, 4], [0, 4, 5], [1, 2, 3], [1, 3, 4], [0, 5, 6], [0, 6, 7]] {
        triangles.extend([[a, c, b], [n + a, n + b, n + c]]);
    }
    let begun = std::time::Instant::now();
    let pieces = whole_pieces(&vertices, &triangles);
    println!("channel: {} pieces, {:?}", pieces.len(), begun.elapsed());
    assert_eq!(pieces.len(), 3);
    let exact = (40.0 * 30.0 - 30.0 * 25.0) * 300.0;
    assert!((volume(&pieces) - exact).abs() < 1e-6 * exact, "{} mm³, the channel has {exact}", volume(&pieces));
}

#[test]
fn redundant_vertices_are_removed() {
    let (vertices, triangles) = prism(&circle(24, 30.0), &circle(24, 20.0), 60.0);
    let tube = Surface::welded(&vertices, &triangles);
    let mut half = tube.clone();
    for step in 1..10 {
        // Less and less of the tube, with ever more corners in its faces.
        let normal = parry3d_f64::math::Vector::new(f64::from(step).cos(), f64::from(step).sin(), 0.0);
        let plane = cut::Plane::through(parry3d_f64::math::Vector::ZERO, normal).expect("a direction");
        let [below, _] = cut::cut(&half, &plane);
        if below.volume() > 0.05 * tube.volume() {
            half = below;
        }
    }
    let simple = simplify::simplified(half.clone());
    assert!(simple.open_edges().is_empty(), "it is open");
    assert!((simple.volume() / half.volume() - 1.0).abs() < 1e-9, "{} of {} mm³", simple.volume(), half.volume());
    assert!(simple.triangles.len() < half.triangles.len(), "all {} triangles are left", half.triangles.len());
    let whole = simplify::simplified(tube.clone());
    assert_eq!(whole.triangles.len(), tube.triangles.len(), "a corner that the tube needs is gone");
}
