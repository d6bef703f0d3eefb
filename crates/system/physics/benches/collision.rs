//! Collision shapes of everyday parts: deviation from the part, number of pieces, and time to make them.
//!
//! Prints one line per part: `collision PART PIECES ERROR_MM TOLERANCE_MM SECONDS`. `make bench` reads it.

#[expect(dead_code, reason = "the tests need more shapes than are measured here")]
#[path = "../tests/simulation/solids.rs"]
mod solids;

use std::{sync::atomic::AtomicBool, time::Instant};

use physics::{Geometry, collision_shape};

fn main() {
    let parts: [(&str, Geometry); 10] = [
        ("box_with_hole", solids::perforated(60.0, 20.0, 1, 20.0)),
        ("thin_sheet_with_hole", solids::perforated(100.0, 0.5, 1, 26.0)),
        ("cup", solids::cup(80.0, 60.0, 3.0, 0.0)),
        ("filleted_cup", solids::cup(80.0, 60.0, 3.0, 5.0)),
        ("filleted_tray", solids::tray([100.0, 80.0, 30.0], 8.0, 8.0)),
        ("bowl", solids::bowl(100.0, 3.0)),
        ("funnel", solids::funnel(60.0, 15.0, 3.0)),
        ("channel", solids::channel(30.0, 20.0, 4.0, 400.0)),
        ("perforated_plate", solids::perforated(300.0, 6.0, 9, 18.0)),
        ("elbow", solids::elbow(60.0, 24.0, 3.0)),
    ];
    for (name, part) in parts {
        let Geometry::Mesh { vertices, triangles } = part else { unreachable!("all of them are meshes") };
        let begun = Instant::now();
        let shape = collision_shape(&vertices, &triangles, false, &AtomicBool::new(false)).expect("nobody cancels");
        let seconds = begun.elapsed().as_secs_f64();
        let (pieces, error, tolerance) = (shape.count(), shape.error_mm(), shape.tolerance_mm);
        println!("collision {name} {pieces} {error:.3} {tolerance:.3} {seconds:.3}");
    }
}
