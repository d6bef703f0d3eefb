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
    mjcf::{GROUND, Mjcf},
    run::load,
    scene::SceneZone,
};

/// A group of shapes that the engine does not draw unless asked to.
const HIDDEN_GROUP: i32 = 5;

/// How far from the middle shadows are thrown, in diagonals. The nearer, the sharper they are.
const SHADOWED_DIAGONALS: f64 = 1.25;

/// How far the engine draws, in distances of the camera. The nearer, the finer are depth and shadows.
const DRAWN_DISTANCES: f32 = 12.0;

/// What the thread knows an open scene by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct SetNumber(u64);

/// What is to be drawn.
#[derive(Debug)]
pub(super) struct Setting {
    pub mjcf: Mjcf,
    pub zones: Vec<SceneZone>,
    pub framing: Framing,
}

type Reply<T> = Sender<Result<T, PhysicsError>>;

/// What the thread is asked to do.
#[derive(Debug)]
pub(super) enum Order {
    /// Nothing: whoever sends it learns whether the thread is there.
    Ping,
    Open {
        setting: Box<Setting>,
        reply: Reply<SetNumber>,
    },
    Pose {
        set: SetNumber,
        coordinates: Vec<f64>,
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

/// Starts the thread; it ends when nobody can give it orders any more.
pub(super) fn start() -> Result<Sender<Order>, PhysicsError> {
    let (orders, inbox) = channel();
    std::thread::Builder::new().name("drawing".into()).spawn(move || work(&inbox)).map_err(|error| failed(&error))?;
    Ok(orders)
}

/// Whoever gave an order may have left; then nobody needs the answer.
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
            Order::Pose { set, coordinates, reply } => {
                let _ = reply.send(sets.get_mut(&set).ok_or_else(closed).and_then(|set| set.pose(&coordinates)));
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
    renderer: MjRenderer,
    framing: Framing,
}

impl Set {
    fn build(Setting { mjcf, zones, framing }: &Setting) -> Result<Self, PhysicsError> {
        let xml = mjcf.xml.replace("</mujoco>", &format!("{}</mujoco>", look::additions(framing)));
        let mut model = load(mjcf, &xml)?;
        dress(&mut model, framing);
        let decorations = look::SHAPES_OF_A_ZONE * zones.len();
        let mut renderer = MjRenderer::new(&model, PICTURE_WIDTH as usize, PICTURE_HEIGHT as usize, decorations)
            .map_err(|error| failed(&error))?;
        renderer.opts_mut().sitegroup = Default::default();
        look::draw_zones(renderer.user_scene_mut(), framing, zones)?;
        let mut data = MjData::try_new(Box::new(model)).map_err(|error| PhysicsError::Engine(error.to_string()))?;
        data.forward();
        Ok(Self { data, renderer, framing: *framing })
    }

    fn pose(&mut self, kept: &[f64]) -> Result<(), PhysicsError> {
        let coordinates = self.data.qpos_mut();
        if coordinates.len() != kept.len() {
            return Err(PhysicsError::Scene(format!(
                "a kept state has {} coordinates and the scene has {}; draw it with the scene that was run",
                kept.len(),
                coordinates.len()
            )));
        }
        coordinates.copy_from_slice(kept);
        self.data.kinematics();
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

/// Puts the lens on, replaces the ground by the drawn floor, and leaves only the lights of the look on.
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
