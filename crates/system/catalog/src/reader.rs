//! Opening and reading a catalogue, strictly read-only.

use std::{
    collections::{BTreeMap, HashMap},
    fmt, fs, io,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use contract::{
    catalog::{CatalogAnswer, CatalogMetadata, CatalogQuery},
    catalog_version::CatalogVersion,
};
use rusqlite::{Connection, OpenFlags, OptionalExtension, Row};
use sha2::{Digest, Sha256};

use crate::{CatalogError, Part, part::PartRecord, search, words::Dictionary};

/// Weights of the index's columns in the order of the table: `part_id` (not indexed), kind, ids, words. A word for the
/// kind of a part counts more than one that only describes it.
const RELEVANCE: &str = "bm25(parts_text, 0.0, 8.0, 4.0, 1.0)";

/// An open catalogue. Cloning it shares the connection; searches take turns and need well under a millisecond each.
#[derive(Clone)]
pub struct Catalog {
    inner: Arc<Inner>,
}

struct Inner {
    path: PathBuf,
    version: CatalogVersion,
    parts: Vec<Part>,
    positions: HashMap<String, usize>,
    dictionary: Dictionary,
    connection: Mutex<Connection>,
}

impl fmt::Debug for Catalog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Catalog").field("path", &self.inner.path).field("version", &self.inner.version).finish()
    }
}

impl Catalog {
    /// Opens the catalogue at `path` for reading. The file descriptor is read-only and `SQLite` takes no lock and makes
    /// no journal beside the file, so a read-only folder is enough. The file must not change while it is open; a new
    /// catalogue replaces the old one as a new file, which does not affect the open one.
    pub fn open(path: &Path) -> Result<Self, CatalogError> {
        // SQLite would only say "unable to open"; the operating system knows why.
        fs::File::open(path).map_err(|source| CatalogError::Unreadable { path: path.to_owned(), source })?;
        let no_catalog = |reason: String| CatalogError::NotACatalog { path: path.to_owned(), reason };
        let connection = open_read_only(path).map_err(|error| no_catalog(error.to_string()))?;
        let version = version(&connection)
            .map_err(|error| no_catalog(error.to_string()))?
            .ok_or_else(|| no_catalog("the table catalog_metadata is empty".to_owned()))?;
        let parts = parts(&connection).map_err(|error| no_catalog(error.to_string()))?;
        let vocabulary = vocabulary(&connection).map_err(|error| no_catalog(error.to_string()))?;
        let mut positions = HashMap::new();
        for (position, part) in parts.iter().enumerate() {
            for id in part.ids() {
                positions.entry(id.to_lowercase()).or_insert(position);
            }
        }
        let dictionary = Dictionary::new(vocabulary, &parts);
        let inner =
            Inner { path: path.to_owned(), version, parts, positions, dictionary, connection: Mutex::new(connection) };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The data needed to reproduce an answer of this catalogue.
    pub fn version(&self) -> &CatalogVersion {
        &self.inner.version
    }

    /// The version, the SHA-256 of the file as it is on disk now, and how many parts it has.
    pub fn metadata(&self) -> Result<CatalogMetadata, CatalogError> {
        let path = &self.inner.path;
        let bytes = fs::read(path).map_err(|source| CatalogError::Unreadable { path: path.clone(), source })?;
        let content_sha256 = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        let version = self.inner.version.clone();
        Ok(CatalogMetadata { version, content_sha256, part_count: self.inner.parts.len() as u64 })
    }

    /// The part of this id, upper or lower case; an alias, `<class>_<size>`, or an unambiguous bare size also do.
    pub fn part(&self, id: &str) -> Option<Part> {
        self.inner.positions.get(&id.to_lowercase()).map(|&position| self.inner.parts[position].clone())
    }

    /// Parts that fit a question, best first, or why none does. Any text is a question; only a broken file is an error.
    pub fn search(&self, query: &CatalogQuery) -> Result<CatalogAnswer, CatalogError> {
        search::answer(self, query)
    }

    /// All parts in the order of the file.
    pub(crate) fn parts(&self) -> &[Part] {
        &self.inner.parts
    }

    pub(crate) fn dictionary(&self) -> &Dictionary {
        &self.inner.dictionary
    }

    /// Asks the full-text index: positions of the parts that match, each with its bm25 figure (the smaller, the
    /// better). `expression` is FTS5's own language and never a caller's text.
    pub(crate) fn matches(&self, expression: &str) -> Result<BTreeMap<usize, f64>, CatalogError> {
        let connection = self.connection();
        let sql = format!("SELECT part_id, {RELEVANCE} FROM parts_text WHERE parts_text MATCH ?1");
        let mut statement = connection.prepare_cached(&sql)?;
        let rows = statement.query_map([expression], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))?;
        let mut matches = BTreeMap::new();
        for row in rows {
            let (part_id, relevance) = row?;
            if let Some(&position) = self.inner.positions.get(&part_id.to_lowercase()) {
                matches.insert(position, relevance);
            }
        }
        Ok(matches)
    }

    /// A thread that panicked while it held the connection left it usable: every statement is its own transaction.
    fn connection(&self) -> std::sync::MutexGuard<'_, Connection> {
        self.inner.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `O_RDONLY` for the operating system, `immutable` and `query_only` for `SQLite`.
fn open_read_only(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(format!("{}?mode=ro&immutable=1", file_uri(path)), flags)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

/// A path as `SQLite`'s URI: whatever has a meaning there is written as a percent code.
fn file_uri(path: &Path) -> String {
    let mut uri = String::from("file:");
    for &byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/._-".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}

fn version(connection: &Connection) -> rusqlite::Result<Option<CatalogVersion>> {
    let sql = "SELECT catalog_version, bd_warehouse_commit, generated_at FROM catalog_metadata ORDER BY id LIMIT 1";
    connection
        .query_row(sql, [], |row| {
            Ok(CatalogVersion {
                catalog_version: row.get(0)?,
                bd_warehouse_commit: row.get(1)?,
                generated_at: row.get(2)?,
            })
        })
        .optional()
}

fn parts(connection: &Connection) -> rusqlite::Result<Vec<Part>> {
    let sql = "SELECT part_id, name, category, unit_cost, weight_g, import_recipe, metadata FROM parts ORDER BY rowid";
    connection.prepare(sql)?.query_map([], part)?.collect()
}

fn part(row: &Row<'_>) -> rusqlite::Result<Part> {
    let metadata: String = row.get(6)?;
    let record: PartRecord = serde_json::from_str(&metadata).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(6, rusqlite::types::Type::Text, Box::new(io::Error::other(error)))
    })?;
    Ok(Part {
        part_id: row.get(0)?,
        name: row.get(1)?,
        category: row.get(2)?,
        unit_cost: row.get(3)?,
        weight_g: row.get(4)?,
        import_recipe: row.get(5)?,
        record,
    })
}

/// Every word that the full-text index knows.
fn vocabulary(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    connection.prepare("SELECT term FROM parts_terms ORDER BY term")?.query_map([], |row| row.get(0))?.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connection_cannot_write_even_without_query_only() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("parts 100%?#.db");
        crate::write(&path).expect("the catalogue is written");
        let before = fs::read(&path).expect("it is there");
        let catalog = Catalog::open(&path).expect("it opens");
        let connection = catalog.connection();

        for guard in [true, false] {
            connection.pragma_update(None, "query_only", guard).expect("the pragma is known");
            for statement in ["DELETE FROM parts", "INSERT INTO catalog_metadata VALUES (2, '', '', '')", "VACUUM"] {
                let refused = connection.execute(statement, []).expect_err(statement);
                assert_eq!(refused.sqlite_error_code(), Some(rusqlite::ErrorCode::ReadOnly), "{statement}: {refused}");
            }
        }
        assert_eq!(fs::read(&path).expect("it is there"), before);
    }
}
