//! The thread that draws.
//!
//! A graphics context belongs to a thread, and one that is current when its thread ends is never freed: seventy
//! megabytes for each thread that ever drew a picture. So one thread of the process does all the drawing.

use std::{
    collections::HashMap,
    sync::mpsc::{Receiver, Sender, channel},
};

use mujoco_rs::{prelude::*, renderer::MjRenderer};

use super::{
    Camera, PICTURE_HEIGHT, PICTURE_WIDTH, Picture,
    framing::Framing,
    look::{self, LIGHTS},
};
use crate::{
    PhysicsError,
    mujoco::{GROUND, Mjcf, find, load},
    report::Pose,
    scene::SceneZone,
    units::MM_PER_M,
};

/// A group of shapes that the engine does not draw unless asked to.
const HIDDEN_GROUP: i32 = 5;

/// Distance from the middle up to which shadows are drawn, in diagonals. The smaller, the sharper they are.
const SHADOWED_DIAGONALS: f64 = 1.25;

/// Distance up to which the engine draws, in camera distances. The smaller, the finer are depth and shadows.
const DRAWN_DISTANCES: f32 = 12.0;

/// Id of an open scene.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct SetNumber(u64);

/// What is to be drawn.
#[derive(Debug)]
pub(super) struct Setting {
    pub mjcf: Mjcf,
    /// Of the bodies, in the order of the scene.
    pub labels: Vec<String>,
    pub zones: Vec<SceneZone>,
    pub framing: Framing,
}

type Reply<T> = Sender<Result<T, PhysicsError>>;

/// A request to the thread.
#[derive(Debug)]
pub(super) enum Order {
    /// Does nothing; the sender learns whether the thread is alive.
    Ping,
    Open {
        setting: Box<Setting>,
        reply: Reply<SetNumber>,
    },
    Pose {
        set: SetNumber,
        poses: Vec<Pose>,
        reply: Reply<()>,
    },
    Draw {
        set: SetNumber,
        camera: Camera,
        reply: Reply<Picture>,
    },
    Close {
        set: SetNumber,
    },
}

/// Starts the thread; it ends when no sender is left.
pub(super) fn start() -> Result<Sender<Order>, PhysicsError> {
    let (orders, inbox) = channel();
    std::thread::Builder::new().name("drawing".into()).spawn(move || work(&inbox)).map_err(|error| failed(&error))?;
    Ok(orders)
}

/// The sender may be gone; then the answer is not needed.
fn work(inbox: &Receiver<Order>) {
    let mut sets = HashMap::new();
    let mut number = 0;
    let closed = || PhysicsError::Render("the stage is closed".into());
    while let Ok(order) = inbox.recv() {
        match order {
            Order::Ping => {}
            Order::Open { setting, reply } => {
                number += 1;
                let set = SetNumber(number);
                let _ = reply.send(Set::build(&setting).map(|built| {
                    sets.insert(set, built);
                    set
                }));
            }
            Order::Pose { set, poses, reply } => {
                let _ = reply.send(sets.get_mut(&set).ok_or_else(closed).and_then(|set| set.pose(&poses)));
            }
            Order::Draw { set, camera, reply } => {
                let _ = reply.send(sets.get_mut(&set).ok_or_else(closed).and_then(|set| set.draw(camera)));
            }
            Order::Close { set } => drop(sets.remove(&set)),
        }
    }
}

/// An open scene.
struct Set {
    data: MjData<Box<MjModel>>,
    /// What is drawn of each body, in the order of the scene.
    bodies: Vec<Vec<DrawnShape>>,
    renderer: MjRenderer,
    framing: Framing,
}

impl Set {
    fn build(Setting { mjcf, labels, zones, framing }: &Setting) -> Result<Self, PhysicsError> {
        let xml = mjcf.xml.replace("</mujoco>", &format!("{}</mujoco>", look::additions(framing)));
        let mut model = load(mjcf, &xml)?;
        dress(&mut model, framing);
        let bodies = labels.iter().map(|label| shapes_of(&model, label)).collect::<Result<_, _>>()?;
        let decorations = look::SHAPES_OF_A_ZONE * zones.len();
        let mut renderer = MjRenderer::new(&model, PICTURE_WIDTH as usize, PICTURE_HEIGHT as usize, decorations)
            .map_err(|error| failed(&error))?;
        renderer.opts_mut().sitegroup = Default::default();
        look::draw_zones(renderer.user_scene_mut(), framing, zones)?;
        let mut data = MjData::try_new(Box::new(model)).map_err(|error| PhysicsError::Engine(error.to_string()))?;
        data.forward();
        Ok(Self { data, bodies, renderer, framing: *framing })
    }

    fn pose(&mut self, poses: &[Pose]) -> Result<(), PhysicsError> {
        if self.bodies.len() != poses.len() {
            return Err(PhysicsError::Scene(format!(
                "a kept state has {} bodies and the scene has {}; draw it with the scene that was run",
                poses.len(),
                self.bodies.len()
            )));
        }
        for (shapes, Pose { position_mm, quaternion }) in self.bodies.iter().zip(poses) {
            let turn = rotation(*quaternion);
            for DrawnShape { geom, position, turned } in shapes {
                let moved = apply(&turn, *position);
                let place = std::array::from_fn(|axis| position_mm[axis] / MM_PER_M + moved[axis]);
                self.data.geom_xpos_mut()[*geom] = place;
                let columns: [[f64; 3]; 3] = turned.map(|column| apply(&turn, column));
                self.data.geom_xmat_mut()[*geom] = std::array::from_fn(|index| columns[index % 3][index / 3]);
            }
        }
        Ok(())
    }

    fn draw(&mut self, camera: Camera) -> Result<Picture, PhysicsError> {
        let mut view = MjvCamera::new_free(self.data.model());
        view.lookat = self.framing.middle;
        view.distance = self.framing.distance();
        view.azimuth = camera.yaw_deg;
        view.elevation = camera.pitch_deg;
        self.renderer.set_camera(view);
        self.renderer.sync_data(&mut self.data).map_err(|error| failed(&error))?;
        self.renderer.render().map_err(|error| failed(&error))?;
        let pixels = self.renderer.rgb_flat().ok_or_else(|| failed(&"the renderer gave no picture"))?;
        Picture::from_rgb(pixels.to_vec()).ok_or_else(|| failed(&"the picture has an unexpected size"))
    }
}

/// A shape of a body, in the body's frame.
struct DrawnShape {
    geom: usize,
    /// m.
    position: [f64; 3],
    /// The columns of its rotation.
    turned: [[f64; 3]; 3],
}

fn shapes_of(model: &MjModel, label: &str) -> Result<Vec<DrawnShape>, PhysicsError> {
    let body = find(model, MjtObjBase::mjOBJ_BODY, label)?;
    let own = model.geom_bodyid().iter().enumerate().filter(|(_, of)| usize::try_from(**of) == Ok(body));
    let shapes = own.map(|(geom, _)| {
        let rows = rotation(model.geom_quat()[geom]);
        let turned = std::array::from_fn(|column| rows.map(|row| row[column]));
        DrawnShape { geom, position: model.geom_pos()[geom], turned }
    });
    Ok(shapes.collect())
}

/// The rows of the rotation of a unit quaternion w, x, y, z.
fn rotation([w, x, y, z]: [f64; 4]) -> [[f64; 3]; 3] {
    [
        [1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y - w * z), 2.0 * (x * z + w * y)],
        [2.0 * (x * y + w * z), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z - w * x)],
        [2.0 * (x * z - w * y), 2.0 * (y * z + w * x), 1.0 - 2.0 * (x * x + y * y)],
    ]
}

fn apply(rotation: &[[f64; 3]; 3], vector: [f64; 3]) -> [f64; 3] {
    rotation.map(|row| row.iter().zip(vector).map(|(share, length)| share * length).sum())
}

/// Sets the lens, replaces the ground by the drawn floor, and leaves only the lights of the look on.
fn dress(model: &mut MjModel, framing: &Framing) {
    let distance = framing.distance();
    // The engine measures the depth that it draws, and the width of its shadows, in these.
    let statistics = model.stat_mut();
    statistics.center = framing.middle;
    statistics.extent = distance;
    let visual = model.vis_mut();
    visual.global.fovy = framing.field_of_view_deg() as f32;
    visual.map.shadowclip = (SHADOWED_DIAGONALS * framing.diagonal / distance) as f32;
    visual.map.zfar = DRAWN_DISTANCES;
    if let Some(ground) = model.name_to_id(MjtObjBase::mjOBJ_GEOM, GROUND) {
        model.geom_group_mut()[ground] = HIDDEN_GROUP;
    }
    let lit = LIGHTS.map(|name| model.name_to_id(MjtObjBase::mjOBJ_LIGHT, name));
    for (light, active) in model.light_active_mut().iter_mut().enumerate() {
        *active = lit.contains(&Some(light));
    }
}

fn failed(error: &dyn std::fmt::Display) -> PhysicsError {
    PhysicsError::Render(error.to_string())
}
