//! Removing a tree of any depth.

use std::{
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use uuid::Uuid;

/// Removes a file, or a folder with all that is in it. A missing path is not an error.
///
/// The folders of each level are moved into the top folder before their own folder is removed, so that no path, no
/// stack and no number of open files grows with the depth. A folder whose mode denies access gets another mode first.
///
/// Nothing may use the tree any more: move it out of reach first. Links are removed and not followed.
///
/// # Errors
/// The operating system refuses; part of the tree may then be gone.
pub fn remove(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
        Ok(metadata) if !metadata.is_dir() => return fs::remove_file(path),
        Ok(_) => {}
    }
    let mut lifted = Lifted { top: path, prefix: Uuid::new_v4().simple().to_string(), count: 0 };
    while lifted.empty_once(path)? {}
    fs::remove_dir(path)
}

/// Folders that were moved into the top folder, under unique names.
struct Lifted<'a> {
    top: &'a Path,
    prefix: String,
    count: u64,
}

impl Lifted<'_> {
    /// Removes all that the top folder holds now; false when it held nothing.
    fn empty_once(&mut self, top: &Path) -> io::Result<bool> {
        let mut held_anything = false;
        for entry in list(top)? {
            let entry = entry?;
            held_anything = true;
            if entry.file_type()?.is_dir() {
                self.remove_folder(&entry.path())?;
            } else {
                remove_file(top, &entry.path())?;
            }
        }
        Ok(held_anything)
    }

    /// Removes a folder directly below the top one, after moving its subfolders beside it.
    fn remove_folder(&mut self, folder: &Path) -> io::Result<()> {
        if fs::remove_dir(folder).is_ok() {
            return Ok(());
        }
        for entry in list(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                self.lift(folder, &entry.path())?;
            } else {
                remove_file(folder, &entry.path())?;
            }
        }
        fs::remove_dir(folder)
    }

    fn lift(&mut self, parent: &Path, folder: &Path) -> io::Result<()> {
        let place = self.next_place();
        match fs::rename(folder, &place) {
            // Moving a folder changes its entry `..`, so both it and its parent must be writable.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                open_up(parent)?;
                open_up(folder)?;
                fs::rename(folder, &place)
            }
            renamed => renamed,
        }
    }

    fn next_place(&mut self) -> PathBuf {
        self.count += 1;
        self.top.join(format!("{}-{}", self.prefix, self.count))
    }
}

fn list(folder: &Path) -> io::Result<fs::ReadDir> {
    match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            open_up(folder)?;
            fs::read_dir(folder)
        }
        listed => listed,
    }
}

fn remove_file(folder: &Path, file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            open_up(folder)?;
            fs::remove_file(file)
        }
        removed => removed,
    }
}

/// A script may make folders with any mode; their owner may change it.
fn open_up(folder: &Path) -> io::Result<()> {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Makes some thousand nested folders per round, as a script does: chains that a path still reaches, hung into
    /// each other.
    fn nest(top: &Path, rounds: usize) {
        let chain = ["n"; 1000].join("/");
        fs::create_dir_all(top.join(&chain)).expect("a chain");
        fs::write(top.join(&chain).join("file"), "x").expect("a file at the bottom");
        for round in 0..rounds {
            let next = top.with_extension(round.to_string());
            fs::create_dir_all(next.join(&chain)).expect("a chain");
            fs::rename(top, next.join(&chain).join("n")).expect("hung into it");
            fs::rename(&next, top).expect("renamed");
        }
    }

    #[test]
    fn deep_tree_is_removed_without_recursion() {
        let outside = tempfile::tempdir().expect("a folder");
        let top = outside.path().join("top");
        nest(&top, 20);
        // A recursion of 21 000 levels does not fit into this stack.
        let thread = std::thread::Builder::new().stack_size(128 << 10).spawn(move || remove(&top));
        thread.expect("a thread").join().expect("no overflow").expect("removed");
        assert_eq!(fs::read_dir(outside.path()).expect("readable").count(), 0);
    }

    #[test]
    fn inaccessible_folders_and_links_are_removed() {
        let outside = tempfile::tempdir().expect("a folder");
        let kept = outside.path().join("kept");
        fs::write(&kept, "kept").expect("a file");
        let top = outside.path().join("top");
        let inner = top.join("a/b/c");
        fs::create_dir_all(&inner).expect("folders");
        fs::write(inner.join("file"), "x").expect("a file");
        std::os::unix::fs::symlink(outside.path(), top.join("a/link")).expect("a link");
        for folder in [inner.as_path(), &top.join("a/b"), &top.join("a")] {
            fs::set_permissions(folder, fs::Permissions::from_mode(0o0)).expect("a mode");
        }
        remove(&top).expect("removed");
        assert!(!top.exists() && kept.exists());
        remove(&top).expect("nothing to remove is fine");
        remove(&kept).expect("a file is removed too");
        assert!(!kept.exists());
    }
}
