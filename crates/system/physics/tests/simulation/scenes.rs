//! Bodies and meshes that the tests are made of. Millimetres.

use contract::{backend::SimulatorBackend, objectives::Zone};
use physics::{
    Body, ExportedScene, Geometry, ManyReport, Mobility, Prepared, RunReport, RunSettings, Scene, SceneZone, Start,
    ZoneKind, backend_for,
};

pub const STEEL_KG_M3: f64 = 7850.0;
pub const GRAVITY_M_S2: f64 = 9.81;
pub const STEP_S: f64 = contract::limits::SIMULATION_STEP_S;

/// A steel ball of 20 mm that flies freely.
pub fn ball(label: &str, center_mm: [f64; 3]) -> Body {
    solid(label, Geometry::Sphere { radius: 10.0 }, center_mm, Mobility::Free)
}

/// A steel body.
pub fn solid(label: &str, geometry: Geometry, center_mm: [f64; 3], mobility: Mobility) -> Body {
    let mass = geometry.mass_properties(center_mm, STEEL_KG_M3).expect("it has a volume");
    Body {
        label: label.into(),
        geometry,
        mass,
        mobility,
        parent: None,
        friction: 0.6,
        restitution: 0.3,
        color: [0.5; 3],
    }
}

/// A mesh body of steel, where its vertices are.
pub fn meshed(label: &str, geometry: Geometry, mobility: Mobility) -> Body {
    let center = geometry.mass_properties([0.0; 3], STEEL_KG_M3).expect("a closed mesh").center_mm;
    solid(label, geometry, center, mobility)
}

pub fn zone(kind: ZoneKind, min: [f64; 3], max: [f64; 3]) -> SceneZone {
    SceneZone { kind, zone: Zone { min, max } }
}

/// A scene that is ready to run.
pub fn prepared(scene: &Scene, settings: RunSettings) -> Box<dyn Prepared> {
    let backend = backend_for(SimulatorBackend::Genesis);
    backend.prepare(scene, &settings, &false.into()).expect("the engine takes the scene")
}

/// Why a scene is refused.
pub fn refusal(scene: &Scene) -> Option<String> {
    let prepared = backend_for(SimulatorBackend::Genesis).prepare(scene, &RunSettings::full(), &false.into());
    prepared.err().map(|error| error.to_string())
}

/// The scene in the engine's format.
pub fn exported(scene: &Scene) -> ExportedScene {
    prepared(scene, RunSettings::full()).export().expect("MJCF")
}

/// Steps of the engine per step of the contract.
pub fn engine_steps(exported: &ExportedScene) -> u64 {
    let (_, rest) = exported.document.split_once("timestep=\"").expect("a time step");
    let (step, _) = rest.split_once('"').expect("its end");
    (STEP_S / step.parse::<f64>().expect("a number")).round() as u64
}

/// The nominal start of the scene.
pub const AS_BUILT: Start = Start { seed: 0, offset_mm: [0.0; 3] };

pub fn run(scene: &Scene, settings: RunSettings) -> RunReport {
    run_many(scene, settings, &[AS_BUILT], 1).individual_results.remove(0).report
}

pub fn run_many(scene: &Scene, settings: RunSettings, starts: &[Start], threads: usize) -> ManyReport {
    prepared(scene, settings).run(starts, threads, &false.into()).expect("it runs")
}

/// A run of a given length that samples every step.
pub fn run_for(scene: &Scene, steps: u64) -> RunReport {
    run(scene, RunSettings { max_steps: steps, sample_steps: 1, ..RunSettings::full() })
}

/// Turns a point about the y axis, by the right-hand rule.
pub fn tilted([x, y, z]: [f64; 3], angle_rad: f64) -> [f64; 3] {
    let (sin, cos) = angle_rad.sin_cos();
    [cos * x + sin * z, y, cos * z - sin * x]
}

/// A box about the origin whose corners are then moved.
pub fn cuboid_mesh(half_size: [f64; 3], place: impl Fn([f64; 3]) -> [f64; 3]) -> Geometry {
    let corner = |i: u32| std::array::from_fn(|axis| half_size[axis] * if i >> axis & 1 == 1 { 1.0 } else { -1.0 });
    let quads = [[0, 4, 6, 2], [1, 3, 7, 5], [0, 1, 5, 4], [2, 6, 7, 3], [0, 2, 3, 1], [4, 5, 7, 6]];
    Geometry::Mesh {
        vertices: (0..8).map(|i| place(corner(i))).collect(),
        triangles: quads.iter().flat_map(|[a, b, c, d]| [[*a, *b, *c], [*a, *c, *d]]).collect(),
    }
}

/// A body of revolution about z: `profile` is a closed polygon of (radius, z), counter-clockwise with the radius to the
/// right, away from the axis.
pub fn revolved(profile: &[[f64; 2]], facets: u32) -> Geometry {
    let count = profile.len() as u32;
    let vertices = (0..facets)
        .map(|i| (f64::from(i) / f64::from(facets) * std::f64::consts::TAU).sin_cos())
        .flat_map(|(sin, cos)| profile.iter().map(move |[radius, z]| [radius * cos, radius * sin, *z]))
        .collect();
    let mut triangles = Vec::new();
    for i in 0..facets {
        let (here, there) = (i * count, (i + 1) % facets * count);
        for corner in 0..count {
            let next = (corner + 1) % count;
            let (a, b, c, d) = (here + corner, there + corner, there + next, here + next);
            triangles.extend([[a, b, c], [a, c, d]]);
        }
    }
    Geometry::Mesh { vertices, triangles }
}
