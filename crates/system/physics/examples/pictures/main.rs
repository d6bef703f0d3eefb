//! Draws the pictures of the documentation: `cargo run -p physics --example pictures -- docs/pictures`.

mod paddle;

use std::{error::Error, path::PathBuf, sync::atomic::AtomicBool};

use physics::{Camera, Mujoco, PhysicsBackend, RunSettings, Stage, Start};

/// The side from which the sweep is followed.
const SIDE: Camera = Camera { pitch_deg: -35.0, yaw_deg: 60.0 };

fn main() -> Result<(), Box<dyn Error>> {
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) else {
        return Err("name the folder that the pictures go to, such as docs/pictures".into());
    };
    std::fs::create_dir_all(&folder)?;
    let scene = paddle::scene();
    let settings = RunSettings { keep_states: true, ..RunSettings::full() };
    let go_on = AtomicBool::new(false);
    let prepared = Mujoco.prepare(&scene, &settings, &go_on)?;
    let start = Start { seed: 0, offset_mm: [0.0; 3] };
    let report = prepared.run(&[start], 1, &go_on)?.individual_results.remove(0).report;
    let [Some(before), Some(during), Some(after)] =
        [report.states.first(), report.states.get(report.states.len() * 3 / 5), report.states.last()]
    else {
        return Err("the run kept no states".into());
    };

    let mut stage = Stage::open(&scene, &go_on)?;
    for (name, state, camera) in [
        ("paddle_before.png", before, SIDE),
        ("paddle_during.png", during, SIDE),
        ("paddle_after.png", after, SIDE),
        ("paddle_from_above.png", during, Camera { pitch_deg: -89.0, yaw_deg: 90.0 }),
        ("paddle_from_the_side.png", before, Camera { pitch_deg: -12.0, yaw_deg: 115.0 }),
    ] {
        stage.pose(state)?;
        std::fs::write(folder.join(name), stage.draw(camera)?.png()?)?;
        println!("{} at {:.2} s", folder.join(name).display(), state.time_s);
    }
    println!("success: {}, after {:.2} s", report.success, report.ended.time_s);
    Ok(())
}
