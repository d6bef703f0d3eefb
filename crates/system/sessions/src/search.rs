//! Searching a session's files for a text.

use std::path::Path;

use contract::files::GrepMatch;
use globset::{GlobBuilder, GlobMatcher};

use crate::{
    FileError, MAX_FILE_BYTES, MAX_MATCHES, Workspace,
    mount::Mount,
    virtual_path::{Place, VirtualPath},
    walk::{Found, walk},
    workspace::{or_here, read_whole, shown_as},
};

/// Characters of a matching line that are returned.
const MAX_LINE_CHARACTERS: usize = 2_000;
/// A file with a NUL in its first bytes is not text and is skipped.
const SNIFFED_BYTES: usize = 8 * 1024;

/// What is searched for, and what was found so far.
struct Search<'a> {
    pattern: &'a str,
    glob: Option<GlobMatcher>,
    matches: Vec<GrepMatch>,
}

impl Workspace {
    /// Lines that hold `pattern`, taken literally, sorted by file and line. Without `path` all of the session and then
    /// its mounts are searched. `glob` is matched against the file's name, its path from the session root and its path
    /// from where the search starts. Skipped: `.git`, links, files that are not text or larger than [`MAX_FILE_BYTES`].
    /// A line longer than 2000 characters is cut.
    ///
    /// # Errors
    /// `path` does not exist or leads outside, the glob does not parse, or more than [`MAX_MATCHES`] lines match.
    pub fn grep(&self, pattern: &str, path: Option<&str>, glob: Option<&str>) -> Result<Vec<GrepMatch>, FileError> {
        let mut search = Search { pattern, glob: glob.map(compile).transpose()?, matches: Vec::new() };
        let path = VirtualPath::parse(path.unwrap_or("/"))?;
        match path.place() {
            Place::Workspace(inner) => {
                self.grep_below(self.root(), None, inner, &path, &mut search)?;
                if inner.as_os_str().is_empty() {
                    for mount in Mount::all() {
                        // A mount without a folder behind it is not there.
                        let Ok(folder) = self.mount(mount) else { continue };
                        self.grep_below(&folder, Some(mount), Path::new(""), &path, &mut search)?;
                    }
                }
            }
            Place::Mount(mount, inner) => {
                let folder = self.mount(*mount).map_err(|error| FileError::from_io("search", path.given(), error))?;
                self.grep_below(&folder, Some(*mount), inner, &path, &mut search)?;
            }
        }
        Ok(search.matches)
    }

    fn grep_below(
        &self,
        base: &cap_std::fs::Dir,
        mount: Option<Mount>,
        inner: &Path,
        path: &VirtualPath,
        search: &mut Search<'_>,
    ) -> Result<(), FileError> {
        let fail = |error| FileError::from_io("search", path.given(), error);
        if !base.metadata(or_here(inner)).map_err(fail)?.is_dir() {
            let shown = shown_as(mount, inner);
            let shown = shown.trim_end_matches('/');
            let bytes = self.read_bytes(path.given())?;
            return search.look_into(shown, Path::new(inner.file_name().unwrap_or_default()), &bytes);
        }
        let folder = base.open_dir(or_here(inner)).map_err(fail)?;
        let prefix = shown_as(mount, inner);
        let own_root = mount.is_none() && inner.as_os_str().is_empty();
        let enter = |relative: &Path| {
            let name = relative.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let hidden_by_mount = own_root && Mount::named(name).is_some() && relative.components().count() == 1;
            name != ".git" && !hidden_by_mount
        };
        walk(&folder, &enter, &mut |found: &Found<'_>| {
            let shown = format!("{prefix}{}", found.path.display());
            if !search.wants(&shown, found.path) {
                return Ok(());
            }
            let fail = |error| FileError::from_io("search", &shown, error);
            let Some(file) = found.open().map_err(fail)? else { return Ok(()) };
            if file.metadata().map_err(fail)?.len() > MAX_FILE_BYTES {
                return Ok(());
            }
            let bytes = read_whole(file, &shown)?;
            search.look_into(&shown, found.path, &bytes)
        })
    }
}

impl Search<'_> {
    fn wants(&self, shown: &str, relative: &Path) -> bool {
        let Some(glob) = &self.glob else { return true };
        let by_name = relative.file_name().is_some_and(|name| glob.is_match(name));
        by_name || glob.is_match(shown) || glob.is_match(shown.trim_start_matches('/')) || glob.is_match(relative)
    }

    fn look_into(&mut self, shown: &str, relative: &Path, bytes: &[u8]) -> Result<(), FileError> {
        if !self.wants(shown, relative) || bytes[..bytes.len().min(SNIFFED_BYTES)].contains(&0) {
            return Ok(());
        }
        for (index, line) in String::from_utf8_lossy(bytes).lines().enumerate() {
            if !line.contains(self.pattern) {
                continue;
            }
            if self.matches.len() == MAX_MATCHES {
                return Err(FileError::TooManyMatches);
            }
            let text = line.chars().take(MAX_LINE_CHARACTERS).collect();
            self.matches.push(GrepMatch { path: shown.to_owned(), line: index as u64 + 1, text });
        }
        Ok(())
    }
}

fn compile(glob: &str) -> Result<GlobMatcher, FileError> {
    GlobBuilder::new(glob)
        .literal_separator(true)
        .build()
        .map(|glob| glob.compile_matcher())
        .map_err(|error| FileError::InvalidGlob { glob: glob.to_owned(), reason: error.kind().to_string() })
}
