//! Removing a tree of any depth: scripts under test may leave folders that are nested deeper than a recursion reaches.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use rand::Rng;

/// Removes a folder with all that is in it; links are removed and not followed.
///
/// The folders of each level are moved into the top folder before their own folder is removed, so that no path, no
/// stack and no number of open files grows with the depth.
pub fn remove(top: &Path) -> io::Result<()> {
    let prefix: u64 = rand::rng().random();
    let mut places = (0_u64..).map(|count| top.join(format!("{prefix:016x}-{count}")));
    while empty_once(top, &mut places)? {}
    fs::remove_dir(top)
}

/// Removes what the folder holds now; false when it held nothing.
fn empty_once(top: &Path, places: &mut impl Iterator<Item = PathBuf>) -> io::Result<bool> {
    let mut held_anything = false;
    for entry in fs::read_dir(top)? {
        let entry = entry?;
        held_anything = true;
        if !entry.file_type()?.is_dir() {
            fs::remove_file(entry.path())?;
        } else if fs::remove_dir(entry.path()).is_err() {
            empty_folder(&entry.path(), places)?;
            fs::remove_dir(entry.path())?;
        }
    }
    Ok(held_anything)
}

/// Removes a folder's files, and moves its folders to places where they are found later.
fn empty_folder(folder: &Path, places: &mut impl Iterator<Item = PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            let place = places.next().ok_or_else(|| io::Error::other("no name is left"))?;
            fs::rename(entry.path(), place)?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn deep_tree_is_removed_without_recursion() {
        let outside = tempfile::tempdir().unwrap();
        let kept = outside.path().join("kept");
        fs::write(&kept, "kept").unwrap();
        let top = outside.path().join("top");
        // Chains that a path still reaches, hung into each other: some 20 000 levels.
        let chain = ["n"; 1000].join("/");
        fs::create_dir_all(top.join(&chain)).unwrap();
        symlink(outside.path(), top.join("link")).unwrap();
        for round in 0..20 {
            let next = outside.path().join(format!("next-{round}"));
            fs::create_dir_all(next.join(&chain)).unwrap();
            fs::rename(&top, next.join(&chain).join("n")).unwrap();
            fs::rename(&next, &top).unwrap();
        }
        let gone = top.clone();
        // A recursion of that depth does not fit into this stack.
        let thread = std::thread::Builder::new().stack_size(128 << 10).spawn(move || remove(&gone)).unwrap();
        thread.join().expect("no overflow").unwrap();
        assert!(!top.exists() && kept.exists());
    }
}
