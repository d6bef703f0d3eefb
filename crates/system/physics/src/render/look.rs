//! How a scene looks: light, floor, sky and zones. None of it is part of the exported scene.

use contract::objectives::Zone;
use mujoco_rs::{prelude::*, wrappers::mj_visualization::MjvScene};

use super::framing::Framing;
use crate::{
    PhysicsError,
    scene::{SceneZone, ZoneKind},
    units::MM_PER_M,
};

/// Name of the drawn floor.
const FLOOR: &str = "/look_floor";
/// Names of the lights that shine on a picture.
pub(super) const LIGHTS: [&str; 2] = ["look_key", "look_fill"];

/// The main light throws the shadows; it shines along y, because the engine's shadow map speckles the floor with dark
/// dots when the light's way over it is oblique. The other one comes from the far side, lower, so that no side of a
/// part is black and no two sides look the same.
const LIGHT_DIRECTIONS: [[f64; 3]; 2] = [[0.0, 0.5, -1.0], [-0.6, -0.8, -0.45]];
const LIGHT_STRENGTHS: [f64; 2] = [0.5, 0.18];

/// The engine draws translucent shapes twice.
const ZONE_OPACITY: f32 = 0.2;
const EDGE_OPACITY: f32 = 0.9;

/// Possible edge lengths of a square of the floor's pattern, m, each with the largest scene diagonal for which it is
/// used.
const FLOOR_SQUARES: [(f64, f64); 4] = [(0.05, 0.001), (0.5, 0.01), (5.0, 0.1), (f64::INFINITY, 1.0)];

/// What is added to the document of a scene before it is drawn.
pub(super) fn additions(framing: &Framing) -> String {
    let square = floor_square(framing.diagonal);
    // The floor is drawn a hair below the ground, so that the undersides of parts do not flicker through it.
    let depth = framing.diagonal / 1000.0;
    let mut text = format!(
        "  <visual>\n    <global offwidth=\"{width}\" offheight=\"{height}\" linewidth=\"1\"/>\n    \
         <quality shadowsize=\"2048\" offsamples=\"4\" numslices=\"48\" numstacks=\"24\"/>\n    \
         <headlight ambient=\"0.32 0.32 0.33\" diffuse=\"0.22 0.22 0.22\" specular=\"0.05 0.05 0.05\"/>\n    \
         <rgba haze=\"0.93 0.95 0.97 1\"/>\n  </visual>\n  \
         <asset>\n    \
         <texture name=\"look_sky\" type=\"skybox\" builtin=\"gradient\" rgb1=\"0.8 0.86 0.93\" \
         rgb2=\"0.95 0.96 0.97\" width=\"256\" height=\"1536\"/>\n    \
         <texture name=\"{FLOOR}\" type=\"2d\" builtin=\"checker\" rgb1=\"0.76 0.78 0.8\" rgb2=\"0.71 0.73 0.75\" \
         mark=\"edge\" markrgb=\"0.62 0.64 0.67\" width=\"512\" height=\"512\"/>\n    \
         <material name=\"{FLOOR}\" texture=\"{FLOOR}\" texuniform=\"true\" texrepeat=\"{repeat} {repeat}\" \
         specular=\"0\" shininess=\"0\"/>\n  </asset>\n  \
         <worldbody>\n    \
         <geom name=\"{FLOOR}\" type=\"plane\" size=\"0 0 1\" pos=\"0 0 -{depth}\" material=\"{FLOOR}\" \
         contype=\"0\" conaffinity=\"0\"/>\n",
        width = super::PICTURE_WIDTH,
        height = super::PICTURE_HEIGHT,
        // Times per 2 m, and a tile of the texture is two squares wide.
        repeat = 1.0 / square,
    );
    for ((name, direction), strength) in LIGHTS.iter().zip(LIGHT_DIRECTIONS).zip(LIGHT_STRENGTHS) {
        let away = 2.0 * framing.diagonal / direction.iter().map(|part| part * part).sum::<f64>().sqrt();
        let [x, y, z]: [f64; 3] = std::array::from_fn(|axis| framing.middle[axis] - away * direction[axis]);
        let [dx, dy, dz] = direction;
        let shadow = *name == LIGHTS[0];
        text.push_str(&format!(
            "    <light name=\"{name}\" directional=\"true\" pos=\"{x} {y} {z}\" dir=\"{dx} {dy} {dz}\" \
             castshadow=\"{shadow}\" ambient=\"0 0 0\" diffuse=\"{strength} {strength} {strength}\" \
             specular=\"0.25 0.25 0.25\"/>\n"
        ));
    }
    text + "  </worldbody>\n"
}

/// Draws the zones: a translucent box and its edges, because the extent of the box alone is hard to see.
///
/// They are decorations of the picture and not the sites of the document, because sites throw shadows like solid bodies.
pub(super) fn draw_zones(picture: &mut MjvScene, framing: &Framing, zones: &[SceneZone]) -> Result<(), PhysicsError> {
    // A hair smaller than they are, so that a face does not flicker through the table that it lies on.
    let inset = framing.diagonal / 2000.0;
    for SceneZone { kind, zone: Zone { min, max } } in zones {
        let center = std::array::from_fn(|axis| f64::midpoint(min[axis], max[axis]) / MM_PER_M);
        let half_size = std::array::from_fn(|axis| ((max[axis] - min[axis]) / 2.0 / MM_PER_M - inset).max(inset));
        let [r, g, b] = match kind {
            ZoneKind::Goal => [0.0, 0.65, 0.15],
            ZoneKind::Forbidden { .. } => [0.85, 0.08, 0.05],
        };
        for (shape, opacity) in [(MjtGeom::mjGEOM_BOX, ZONE_OPACITY), (MjtGeom::mjGEOM_LINEBOX, EDGE_OPACITY)] {
            // SAFETY: the shape that comes back is left as it was made, so that it names no texture, mesh or skin.
            unsafe { picture.try_create_geom(shape, Some(half_size), Some(center), None, Some([r, g, b, opacity])) }
                .map_err(|error| PhysicsError::Render(error.to_string()))?;
        }
    }
    Ok(())
}

/// Shapes that [`draw_zones`] makes of a zone.
pub(super) const SHAPES_OF_A_ZONE: usize = 2;

/// Edge length of a square of the floor's pattern, m: a power of ten, so that it can serve as a scale.
fn floor_square(diagonal: f64) -> f64 {
    FLOOR_SQUARES.into_iter().find(|(up_to, _)| diagonal <= *up_to).map_or(1.0, |(_, square)| square)
}
