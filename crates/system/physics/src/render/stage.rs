//! A scene that is set up for drawing: opened once, drawn many times, from any thread.

use std::{
    sync::mpsc::{Sender, channel},
    sync::{Mutex, PoisonError},
};

use super::{
    Camera, Picture,
    framing::Framing,
    studio::{self, Order, SetNumber, Setting},
};
use crate::{PhysicsError, cancel::CancelFlag, mujoco::write_mjcf, report::SampledState, scene::Scene};

/// Channel to the drawing thread, once there is one.
static STUDIO: Mutex<Option<Sender<Order>>> = Mutex::new(None);

/// A scene with light, floor and camera, drawn without a display.
///
/// Opening one compiles the model and starts a graphics context, a few tenths of a second; a picture then costs less
/// than one. All stages of a process are drawn by the same thread, one picture after another.
#[derive(Debug)]
pub struct Stage {
    studio: Sender<Order>,
    set: SetNumber,
}

impl Stage {
    /// Sets `scene` up at its start, unless `cancel` is set meanwhile.
    pub fn open(scene: &Scene, cancel: &CancelFlag) -> Result<Self, PhysicsError> {
        let mjcf = write_mjcf(scene, None, cancel)?;
        let labels: Vec<_> = scene.bodies.iter().map(|body| body.label.clone()).collect();
        let setting = Box::new(Setting { mjcf, labels, zones: scene.zones.clone(), framing: Framing::of(scene) });
        let mut studio = STUDIO.lock().unwrap_or_else(PoisonError::into_inner);
        let running = match studio.take() {
            Some(running) if running.send(Order::Ping).is_ok() => running,
            // There is no thread yet, or a graphics driver fault ended it.
            _ => studio::start()?,
        };
        *studio = Some(running.clone());
        drop(studio);
        let set = ask(&running, |reply| Order::Open { setting, reply })?;
        Ok(Self { studio: running, set })
    }

    /// Moves the bodies to where they were in a run of the same scene.
    pub fn pose(&mut self, state: &SampledState) -> Result<(), PhysicsError> {
        let (set, poses) = (self.set, state.poses.clone());
        ask(&self.studio, |reply| Order::Pose { set, poses, reply })
    }

    /// Draws the bodies where they are.
    pub fn draw(&mut self, camera: Camera) -> Result<Picture, PhysicsError> {
        let set = self.set;
        ask(&self.studio, |reply| Order::Draw { set, camera, reply })
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // A studio that has ended has nothing open any more.
        let _ = self.studio.send(Order::Close { set: self.set });
    }
}

fn ask<T>(
    studio: &Sender<Order>,
    order: impl FnOnce(Sender<Result<T, PhysicsError>>) -> Order,
) -> Result<T, PhysicsError> {
    let (reply, answer) = channel();
    let ended = || PhysicsError::Render("the drawing thread ended".into());
    studio.send(order(reply)).map_err(|_| ended())?;
    answer.recv().map_err(|_| ended())?
}
