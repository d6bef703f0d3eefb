//! Several starts of one scene, and the end of a run that no one waits for.

use std::{
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    time::Duration,
};

use contract::simulation::FailureReason;
use physics::{Geometry, ManyReport, Mobility, RunSettings, Scene, Start, ZoneKind};

use crate::scenes::{self, AS_BUILT, ball, prepared, solid, zone};

/// A ball above the edge of a table: to the left of it is the goal.
fn edge() -> Scene {
    Scene {
        bodies: vec![
            solid("table", Geometry::Cuboid { half_size: [50.0; 3] }, [50.0, 0.0, 50.0], Mobility::Fixed),
            ball("ball", [0.0, 0.0, 130.0]),
        ],
        zones: vec![zone(ZoneKind::Goal, [-200.0, -50.0, 0.0], [-5.0, 50.0, 40.0])],
        moved_object: Some("ball".into()),
        ..Scene::default()
    }
}

fn run_many(starts: &[Start], threads: usize) -> ManyReport {
    scenes::run_many(&edge(), RunSettings { max_steps: 1000, ..RunSettings::full() }, starts, threads)
}

#[test]
fn parallel_runs_equal_sequential_runs() {
    let starts: Vec<Start> = (42..47).map(|seed| Start::jittered(seed, [8.0, 2.0, 1.0])).collect();
    let timeless = |mut report: ManyReport| {
        report.individual_results.iter_mut().for_each(|result| result.report.compute_time = Duration::ZERO);
        report
    };
    let together = timeless(run_many(&starts, 2));
    assert_eq!(together, timeless(run_many(&starts, 1)));
    for (result, start) in together.individual_results.iter().zip(&starts) {
        assert_eq!(result.start, *start);
        let begin = result.report.trajectory[0].position_mm;
        assert!((begin[0] - start.offset_mm[0]).abs() < 1e-9, "it starts at {begin:?}, not at {start:?}");
    }
}

#[test]
fn the_aggregate_counts_successes_and_reasons() {
    let start = |seed: u64, x: f64| Start { seed, offset_mm: [x, 0.0, 0.0] };
    let mixed = run_many(&[start(1, -20.0), start(2, 50.0), start(3, -25.0), start(4, 60.0)], 2);
    assert_eq!((mixed.num_runs, mixed.success_count, mixed.success_rate), (4, 2, 0.5));
    assert_eq!(mixed.fail_reasons, [FailureReason::Timeout]);
    assert!(!mixed.is_consistent);
    let alike = run_many(&[start(1, -20.0), start(2, -25.0)], 2);
    assert!(alike.is_consistent && alike.success_rate == 1.0);
}

#[test]
fn running_simulation_ends_when_cancelled() {
    // Fifty steel blocks that rest on each other: the model with the slowest steps of these tests. How long the end
    // takes, `make bench` shows.
    let blocks = (0..50).map(|i| {
        let place = [30.0 * f64::from(i % 5), 30.0 * f64::from(i / 5 % 2), 12.5 + 25.0 * f64::from(i / 10)];
        solid(&format!("block_{i}"), Geometry::Cuboid { half_size: [12.5; 3] }, place, Mobility::Free)
    });
    let scene = Scene { bodies: blocks.collect(), ..Scene::default() };
    let settings = RunSettings { max_steps: u64::MAX, sample_steps: u64::MAX, ..RunSettings::full() };
    let prepared = prepared(&scene, settings);
    let cancel = AtomicBool::new(false);
    let (send, receive) = mpsc::channel();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            send.send(prepared.run(&[AS_BUILT], 1, &cancel)).expect("somebody waits");
        });
        let early = receive.recv_timeout(Duration::from_millis(300));
        assert!(early.is_err(), "it ended by itself: {early:?}");
        cancel.store(true, Ordering::Relaxed);
        let report = receive.recv().expect("it ends").expect("it ran").individual_results.remove(0).report;
        assert_eq!(report.failure, Some(FailureReason::Cancelled));
        assert!(report.steps > 0);
    });
}
