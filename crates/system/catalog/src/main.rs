//! Command `catalog`: makes the file of bought parts, and queries it as the services do.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context;
use catalog::Catalog;
use clap::{Args, Parser, Subcommand};
use contract::catalog::{CatalogAnswer, CatalogQuery};

/// The catalogue of bought parts.
#[derive(Parser)]
#[command(
    name = "catalog",
    after_help = "Examples:\n  catalog build --out parts.db\n  catalog search 24 V 5 A supply\n  \
                  catalog search M3x10 screw --max-cost 0.20 --db parts.db\n  catalog show LRS-350-24"
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write the catalogue's file: the same bytes every time, and read-only.
    #[command(after_help = "Example:\n  catalog build --out parts.db")]
    Build {
        /// The file; one that is there is replaced.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Find parts that fit a question.
    #[command(after_help = "Examples:\n  catalog search awg 18 wire\n  catalog search relay --max-weight-g 11")]
    Search {
        /// What is wanted, in words.
        #[arg(required = true, value_name = "TEXT")]
        text: Vec<String>,
        /// At most this many candidates.
        #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=100))]
        limit: u32,
        /// Only this category.
        #[arg(long)]
        category: Option<String>,
        /// Only parts up to this price, USD.
        #[arg(long, value_name = "USD")]
        max_cost: Option<f64>,
        /// Only parts up to this weight.
        #[arg(long, value_name = "GRAMS")]
        max_weight_g: Option<f64>,
        /// Print the answer as JSON.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        source: Source,
    },
    /// Show everything about one part, as JSON.
    #[command(after_help = "Example:\n  catalog show SocketHeadCapScrew_M3-0.5_10mm")]
    Show {
        /// Its id, upper or lower case.
        id: String,
        #[command(flatten)]
        source: Source,
    },
}

#[derive(Args)]
struct Source {
    /// Catalogue to read; without it, one is made in a temporary folder from what this program carries.
    #[arg(long, value_name = "FILE")]
    db: Option<PathBuf>,
}

impl Source {
    /// The open catalogue. A temporary one stays readable while it is open, even after its folder is removed.
    fn open(&self) -> anyhow::Result<Catalog> {
        if let Some(path) = &self.db {
            return Ok(Catalog::open(path)?);
        }
        let folder = tempfile::tempdir().context("no temporary folder for the catalogue")?;
        let path = folder.path().join("parts.db");
        catalog::write(&path)?;
        Ok(Catalog::open(&path)?)
    }
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// A search without a result and an unknown id end with failure, so that a script can check the exit code.
fn run(command: Command) -> anyhow::Result<ExitCode> {
    let mut out = io::stdout().lock();
    match command {
        Command::Build { out: path } => {
            build(&path, &mut out)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Search { text, limit, category, max_cost, max_weight_g, json, source } => {
            let mut query = CatalogQuery::new(text.join(" "));
            query.limit = limit;
            (query.category, query.max_cost, query.max_weight_g) = (category, max_cost, max_weight_g);
            let answer = source.open()?.search(&query)?;
            if json {
                writeln!(out, "{}", serde_json::to_string_pretty(&answer)?)?;
            } else {
                print(&answer, &mut out)?;
            }
            Ok(if answer.candidates.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
        }
        Command::Show { id, source } => {
            let catalog = source.open()?;
            let part = catalog.part(&id).with_context(|| format!("no part {id:?}; try `catalog search {id}`"))?;
            let shown = serde_json::json!({
                "part_id": part.part_id,
                "name": part.name,
                "category": part.category,
                "unit_cost": part.unit_cost,
                "weight_g": part.weight_g,
                "import_recipe": part.import_recipe,
                "record": part.record,
            });
            writeln!(out, "{}", serde_json::to_string_pretty(&shown)?)?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn build(path: &Path, out: &mut impl Write) -> anyhow::Result<()> {
    catalog::write(path)?;
    let metadata = Catalog::open(path)?.metadata()?;
    writeln!(
        out,
        "{}: {} parts, version {}, sha256 {}",
        path.display(),
        metadata.part_count,
        metadata.version.catalog_version,
        metadata.content_sha256
    )?;
    Ok(())
}

fn print(answer: &CatalogAnswer, out: &mut impl Write) -> io::Result<()> {
    for found in &answer.candidates {
        writeln!(
            out,
            "{:<44} {:>7.2} USD {:>9.2} g  {}",
            found.part_id, found.price, found.weight_g, found.fit_rationale
        )?;
    }
    if let Some(rationale) = &answer.no_match_rationale {
        writeln!(out, "{rationale}")?;
    }
    Ok(())
}
