//! A mechanism that a reader understands at a glance: a motor under a table turns a paddle, which sweeps a ball along
//! a curved rail into the goal.

use std::f64::consts::PI;

use contract::objectives::Zone;
use physics::{Actuator, Body, Controller, Geometry, Mobility, Scene, SceneZone, Weld, ZoneKind};

const ALUMINIUM: Look = Look { density: 2700.0, color: [0.77, 0.79, 0.81] };
const STEEL: Look = Look { density: 7850.0, color: [0.5, 0.52, 0.55] };
const PLASTIC: Look = Look { density: 1240.0, color: [0.9, 0.62, 0.12] };
const OAK: Look = Look { density: 700.0, color: [0.72, 0.55, 0.36] };
const BALL: Look = Look { density: 1000.0, color: [0.13, 0.35, 0.75] };

/// Axis of the motor, mm.
const AXIS: [f64; 2] = [-100.0, -60.0];
/// Height of the table's top, mm.
const TOP: f64 = 80.0;
/// Speed of the paddle, rad/s.
const SPEED: f64 = 1.5;

struct Look {
    /// kg/m³.
    density: f64,
    color: [f64; 3],
}

/// The mechanism at its start.
pub fn scene() -> Scene {
    let [x, y] = AXIS;
    let cuboid = |half_size| Geometry::Cuboid { half_size };
    let cylinder = |radius, half_height| Geometry::Cylinder { radius, half_height };
    let hinge = Mobility::Hinge { axis: [0.0, 0.0, 1.0], anchor_mm: Some([x, y, TOP]), range_rad: None };
    let mut bodies = vec![
        body("table", cuboid([200.0, 150.0, 10.0]), [0.0, 0.0, TOP - 10.0], Mobility::Fixed, &OAK),
        body("motor", cylinder(24.0, 24.0), [x, y, TOP - 44.0], Mobility::Fixed, &STEEL),
        body("rail", rail(), [0.0; 3], Mobility::Fixed, &ALUMINIUM),
        body("hub", cylinder(13.0, 15.0), [x, y, TOP + 18.0], Mobility::Free, &STEEL),
        body("paddle", cuboid([65.0, 4.0, 12.0]), [x + 65.0, y, TOP + 18.0], hinge, &PLASTIC),
        body("ball", Geometry::Sphere { radius: 14.0 }, [x + 110.0, y + 40.0, TOP + 14.0], Mobility::Free, &BALL),
    ];
    for (index, [x, y]) in [[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]].into_iter().enumerate() {
        let foot = cuboid([10.0, 10.0, TOP / 2.0 - 10.0]);
        let center = [x * 185.0, y * 135.0, TOP / 2.0 - 10.0];
        bodies.push(body(&format!("leg_{index}"), foot, center, Mobility::Fixed, &OAK));
    }
    let zone = |kind, min, max| SceneZone { kind, zone: Zone { min, max } };
    let operator = ZoneKind::Forbidden { name: "operator".into() };
    Scene {
        bodies,
        welds: vec![Weld { one: "hub".into(), other: "paddle".into() }],
        actuators: vec![Actuator {
            force_limit: Some(0.5),
            ..Actuator::new("paddle", Controller::Constant { value: SPEED })
        }],
        zones: vec![
            zone(ZoneKind::Goal, [x - 80.0, y + 75.0, TOP], [x - 10.0, y + 165.0, TOP + 60.0]),
            zone(operator, [80.0, -145.0, TOP], [190.0, -85.0, TOP + 60.0]),
        ],
        moved_object: Some("ball".into()),
        ..Scene::default()
    }
}

/// A body; the vertices of a mesh say by themselves where it is.
fn body(label: &str, geometry: Geometry, center_mm: [f64; 3], mobility: Mobility, look: &Look) -> Body {
    let mass = geometry.mass_properties(center_mm, look.density).expect("the shapes here have a volume");
    Body {
        label: label.into(),
        geometry,
        mass,
        mobility,
        parent: None,
        friction: 0.3,
        restitution: 0.2,
        color: look.color,
    }
}

/// A wall on the table along a circle about the motor's axis, from 15° before the x axis to 110° behind it.
fn rail() -> Geometry {
    const FACETS: u32 = 20;
    let section = [[138.0, TOP], [144.0, TOP], [144.0, TOP + 28.0], [138.0, TOP + 28.0]];
    let vertices = (0..=FACETS)
        .map(|step| (f64::from(step) / f64::from(FACETS) * 125.0 - 15.0) / 180.0 * PI)
        .flat_map(|angle| {
            section.map(|[radius, z]| [AXIS[0] + radius * angle.cos(), AXIS[1] + radius * angle.sin(), z])
        })
        .collect();
    let mut triangles: Vec<[u32; 3]> = (0..FACETS)
        .flat_map(|step| (0..4).map(move |corner| (4 * step + corner, 4 * step + (corner + 1) % 4)))
        .flat_map(|(a, b)| [[a, a + 4, b + 4], [a, b + 4, b]])
        .collect();
    let last = 4 * FACETS;
    triangles.extend([[0, 1, 2], [0, 2, 3], [last, last + 2, last + 1], [last, last + 3, last + 2]]);
    Geometry::Mesh { vertices, triangles }
}
