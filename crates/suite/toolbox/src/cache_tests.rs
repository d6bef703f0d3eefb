//! The promises of the cache: complete or absent, one setup at a time, nothing of others touched.

use std::cell::Cell;

use super::*;

fn cache() -> (tempfile::TempDir, Cache) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let cache = Cache::at(directory.path().join("cache"));
    (directory, cache)
}

fn names(cache: &Cache) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(cache.root())
        .expect("the cache exists")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn most_specific_variable_names_the_cache() {
    let variables = |set: &'static [(&str, &str)]| {
        Cache::from_variables(move |name| set.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into()))
            .map(|cache| cache.root().to_path_buf())
            .ok()
    };

    assert_eq!(
        variables(&[("PROVING_GROUND_CACHE", "/p"), ("XDG_CACHE_HOME", "/x"), ("HOME", "/h")]),
        Some("/p".into())
    );
    assert_eq!(variables(&[("XDG_CACHE_HOME", "/x"), ("HOME", "/h")]), Some("/x/proving-ground".into()));
    assert_eq!(variables(&[("XDG_CACHE_HOME", ""), ("HOME", "/h")]), Some("/h/.cache/proving-ground".into()));
    assert_eq!(variables(&[]), None);
}

#[test]
fn finished_construction_moves_into_place() {
    let (_directory, cache) = cache();
    let slot = cache.slot("tool-1.0");
    let lock = slot.lock(|| ()).expect("a free lock");
    let construction = lock.stage().expect("a staging directory");
    std::fs::write(construction.path().join("program"), "content").expect("write");
    assert!(!slot.path().exists(), "nothing is in the final place before it is finished");

    let place = construction.finish("tool 1.0").expect("it can be finished");

    assert_eq!(place, slot.path());
    assert!(slot.is_complete());
    assert_eq!(std::fs::read_to_string(place.join("program")).expect("read"), "content");
    assert_eq!(names(&cache), ["locks", "tool-1.0"]);
}

#[test]
fn finished_construction_replaces_a_broken_one() {
    let (_directory, cache) = cache();
    let slot = cache.slot("tool-1.0");
    std::fs::create_dir_all(slot.path().join("broken")).expect("a broken installation");
    let lock = slot.lock(|| ()).expect("a free lock");

    lock.stage().expect("a staging directory").finish("again").expect("it can be finished");

    assert!(slot.is_complete());
    assert!(!slot.path().join("broken").exists());
}

#[test]
fn dropped_construction_leaves_nothing() {
    let (_directory, cache) = cache();
    let staged = cache.slot("staged-1.0").lock(|| ()).expect("a free lock");
    let in_place = cache.slot("in-place-1.0").lock(|| ()).expect("a free lock");
    for construction in [staged.stage(), in_place.build_in_place()] {
        let construction = construction.expect("a directory to work in");
        std::fs::write(construction.path().join("half"), "half").expect("write");
    }

    assert_eq!(names(&cache), ["locks"]);
}

#[test]
fn in_place_construction_counts_only_when_finished() {
    let (_directory, cache) = cache();
    let slot = cache.slot("environment-1");
    let lock = slot.lock(|| ()).expect("a free lock");
    let construction = lock.build_in_place().expect("a directory");
    assert_eq!(construction.path(), slot.path());
    assert!(!slot.is_complete());

    construction.finish("environment").expect("it can be finished");

    assert!(slot.is_complete());
}

#[test]
fn second_setup_waits_for_the_first_and_reports_it() {
    let (_directory, cache) = cache();
    let slot = cache.slot("tool-1.0");
    let held = slot.lock(|| ()).expect("a free lock");
    assert!(slot.try_lock().expect("the lock file is readable").is_none());

    let (told, was_told) = std::sync::mpsc::channel();
    let waiting = std::thread::spawn({
        let slot = slot.clone();
        move || slot.lock(|| told.send(()).expect("the test listens")).map(drop)
    });
    was_told.recv().expect("the second setup says that it waits");
    drop(held);

    waiting.join().expect("no panic").expect("the second setup gets the lock");
}

#[test]
fn free_lock_is_acquired_silently() {
    let (_directory, cache) = cache();
    let told = Cell::new(false);

    let _lock = cache.slot("tool-1.0").lock(|| told.set(true)).expect("a free lock");

    assert!(!told.get());
}

#[test]
fn sweep_removes_only_leftovers_of_killed_setups() {
    let (_directory, cache) = cache();
    let complete = cache.slot("complete-1.0");
    complete.lock(|| ()).and_then(|lock| lock.stage()?.finish("done")).expect("an installation");
    for abandoned in ["tool-1.0", "environment-1"] {
        drop(cache.slot(abandoned).lock(|| ()).expect("a free lock"));
    }
    let left_over = [cache.root().join("tool-1.0.partial-4242"), cache.root().join("environment-1")];
    let foreign = cache.root().join("somebody-elses-directory");
    for directory in left_over.iter().chain([&foreign]) {
        std::fs::create_dir_all(directory.join("content")).expect("create");
    }

    let mut removed = cache.sweep().expect("it can sweep");
    removed.sort();

    assert_eq!(removed, [left_over[1].clone(), left_over[0].clone()]);
    assert!(foreign.is_dir());
    assert!(complete.is_complete());
}

#[test]
fn sweep_spares_the_work_of_a_living_setup() {
    let (_directory, cache) = cache();
    let slot = cache.slot("tool-1.0");
    let lock = slot.lock(|| ()).expect("a free lock");
    let construction = lock.stage().expect("a staging directory");

    assert!(cache.sweep().expect("it can sweep").is_empty());

    assert!(construction.path().is_dir());
}
