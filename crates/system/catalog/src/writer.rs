//! Making the catalogue's file: the one place that opens a catalogue for writing.

use std::{fs, io, os::unix::fs::PermissionsExt, path::Path};

use rusqlite::{Connection, params};

use crate::{CatalogError, content, content::Entry};

/// Mode of a finished catalogue: read-only for everyone, including its owner.
const READ_ONLY: u32 = 0o444;

/// The tables of the specification, the full-text index beside them, and the index's own list of words.
const SCHEMA: &str = "
    PRAGMA page_size = 4096;
    PRAGMA journal_mode = OFF;
    PRAGMA synchronous = OFF;
    CREATE TABLE parts (
        part_id TEXT PRIMARY KEY NOT NULL,
        name TEXT NOT NULL,
        category TEXT NOT NULL,
        unit_cost REAL NOT NULL,
        weight_g REAL NOT NULL,
        import_recipe TEXT NOT NULL,
        metadata TEXT NOT NULL
    );
    CREATE TABLE catalog_metadata (
        id INTEGER PRIMARY KEY NOT NULL,
        catalog_version TEXT NOT NULL,
        bd_warehouse_commit TEXT NOT NULL,
        generated_at TEXT NOT NULL
    );
    CREATE VIRTUAL TABLE parts_text USING fts5 (part_id UNINDEXED, kind, ids, words, tokenize = 'unicode61');
    CREATE VIRTUAL TABLE parts_terms USING fts5vocab (parts_text, row);
";

/// Writes the catalogue to `path`, which it replaces as a whole, and makes it read-only for everyone. The bytes are the
/// same every time: they depend on the content and on the `SQLite` that this program was built with.
pub fn write(path: &Path) -> Result<(), CatalogError> {
    let unwritable = |source: io::Error| CatalogError::Unwritable { path: path.to_owned(), source };
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let draft = tempfile::Builder::new().prefix(".parts-").tempfile_in(folder).map_err(unwritable)?;
    fill(&mut Connection::open(draft.path())?)?;
    fs::set_permissions(draft.path(), fs::Permissions::from_mode(READ_ONLY)).map_err(unwritable)?;
    draft.persist(path).map_err(|refused| unwritable(refused.error))?;
    Ok(())
}

fn fill(connection: &mut Connection) -> Result<(), CatalogError> {
    connection.execute_batch(SCHEMA)?;
    let transaction = connection.transaction()?;
    for entry in content::entries()? {
        insert(&transaction, &entry)?;
    }
    let version = content::version()?;
    transaction.execute(
        "INSERT INTO catalog_metadata VALUES (1, ?1, ?2, ?3)",
        params![version.catalog_version, version.bd_warehouse_commit, version.generated_at],
    )?;
    transaction.commit()?;
    // One segment, and pages in the order of the tables: the file does not depend on how it grew.
    connection.execute_batch("INSERT INTO parts_text (parts_text) VALUES ('optimize'); VACUUM;")?;
    Ok(())
}

fn insert(connection: &Connection, Entry { part, kind, keywords }: &Entry) -> Result<(), CatalogError> {
    let metadata = serde_json::Value::Object(part.metadata()).to_string();
    connection.execute(
        "INSERT INTO parts VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![part.part_id, part.name, part.category, part.unit_cost, part.weight_g, part.import_recipe, metadata],
    )?;
    let ids = part.ids().join(" ");
    let texts: Vec<&str> = part.record.params.values().filter_map(serde_json::Value::as_str).collect();
    // Sizes are figures, not words: the 14 in M7-14-3.5 is not a designation.
    let words = format!("{} {keywords} {} {}", part.record.class, part.record.manufacturer, texts.join(" "));
    connection.execute("INSERT INTO parts_text VALUES (?1, ?2, ?3, ?4)", params![part.part_id, kind, ids, words])?;
    Ok(())
}
