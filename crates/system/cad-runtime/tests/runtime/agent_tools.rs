//! Tools of the platform as functions of a script: the library's input, and how its answer is used.
//!
//! The library here is a stand-in that repeats its input and gives a fixed answer: the real one has its own tests.

use std::path::Path;

use anyhow::Context as _;
use cad_runtime::Mount;
use serde_json::{Value, json};

use crate::fixture::Fixture;

/// Answers a question about anything but the catalogue with a costing. `free` counts, so that a leak shows.
const STAND_IN: &str = r#"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static int given = 0;
char *agent_tool(const char *name, const char *input) {
    const char *answer = COSTING;
    char *text = malloc(strlen(answer) + strlen(input) + 200);
    if (strcmp(name, "search_cots_catalog") == 0)
        sprintf(text, "{\"ok\": {\"candidates\": [], \"asked\": %s, \"given\": %d, \"events\": [{\"event_type\": "
                      "\"cots_search\", \"results_count\": 0}]}}", input, given);
    else if (strstr(input, "unreadable"))
        strcpy(text, "{\"error\": \"the plan is no YAML\"}");
    else
        strcpy(text, answer);
    given++;
    return text;
}
void agent_tool_free(char *text) { free(text); given--; }
"#;

fn build_stand_in(folder: &Path) -> anyhow::Result<std::path::PathBuf> {
    let costing = json!({ "ok": {
        "success": false,
        "violations": [{
            "file": "assembly_definition.yaml", "place": "totals.estimated_weight_g", "rule": "assembly.target_weight",
            "message": "12.5 g exceeds target limit 10 g", "measured": 12.5, "limit": 10.0,
        }],
        "estimate": {
            "manufactured_unit_cost_usd": { "base": 103.25 }, "cots_unit_cost_usd": {},
            "estimated_unit_cost_usd": 103.25, "estimated_weight_g": 12.5,
            "catalog": { "catalog_version": "1", "bd_warehouse_commit": "abc", "generated_at": "2026-01-01T00:00:00Z" },
        },
        "assembly_yaml": "totals: computed\n",
        "events": [{ "event_type": "logic_failure", "constraint_name": "assembly.target_weight" }],
    }});
    let (source, library) = (folder.join("stand_in.c"), folder.join("libstand_in.so"));
    // A JSON text is a valid C string literal around another JSON text, as long as that is ASCII.
    std::fs::write(&source, STAND_IN.replace("COSTING", &json!(costing.to_string()).to_string()))?;
    let status = std::process::Command::new("cc")
        .args(["-shared", "-fPIC", "-o"])
        .arg(&library)
        .arg(&source)
        .status()
        .context("a C compiler (`cc`) is needed, as it is to link Rust")?;
    anyhow::ensure!(status.success(), "the stand-in could not be compiled");
    Ok(library)
}

#[tokio::test]
async fn tools_called_by_scripts_write_files_and_events() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let library = build_stand_in(folder.path())?;
    let skills = Path::new(env!("CARGO_MANIFEST_DIR")).join("mounts/skills");
    let fixture = Fixture::start_with(|config| {
        config.agent_tools_library = Some(library);
        config.mounts.push(Mount { name: "skills".into(), source: skills });
    })
    .await?;
    let session = fixture.session("tools", "")?;
    let assembly = session.join("assembly_definition.yaml");
    let events = || -> anyhow::Result<Vec<Value>> {
        let text = std::fs::read_to_string(session.join("events.jsonl")).unwrap_or_default();
        Ok(text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?)
    };

    let search = "import json\nfrom utils import search_cots_catalog\n\
                  search_cots_catalog('M3')\nprint(json.dumps(search_cots_catalog('608', max_cost=5.0)))\n";
    let run = fixture.execute(&session, search).await?;
    let answer: Value = serde_json::from_str(&run.stdout).with_context(|| format!("{run:?}"))?;
    let asked = json!({ "catalog_path": "/config/parts.db", "q": "608", "limit": 5, "max_cost": 5.0 });
    assert_eq!((&answer["asked"], &answer["given"]), (&asked, &json!(0)), "the first answer was given back");
    assert!(answer.get("events").is_none() && events()?.len() == 2 && events()?[1]["unix_timestamp"].is_f64());

    let price =
        "import runpy\nrunpy.run_path('/skills/manufacturing-knowledge/scripts/NAME.py', run_name='__main__')\n";
    for name in ["validate_costing_and_price", "validate_and_price"] {
        std::fs::write(&assembly, "totals: declared\n")?;
        let run = fixture.execute(&session, &price.replace("NAME", name)).await?;
        assert_eq!(run.exit_code, 1, "{run:?}");
        assert!(run.stdout.contains("base: 103.25 USD") && run.stdout.contains("Weight: 12.5 g"), "{}", run.stdout);
        let violation = "assembly_definition.yaml: totals.estimated_weight_g: 12.5 g exceeds target limit 10 g";
        assert!(run.stderr.starts_with(violation), "{}", run.stderr);
        assert_eq!(std::fs::read_to_string(&assembly)?, "totals: computed\n");
    }
    assert_eq!(events()?[3]["constraint_name"], "assembly.target_weight");

    std::fs::write(&assembly, "unreadable")?;
    let run = fixture.execute(&session, &price.replace("NAME", "validate_and_price")).await?;
    let refusal = "assembly_definition.yaml cannot be priced: the plan is no YAML\n";
    assert_eq!((run.exit_code, run.stderr.as_str()), (1, refusal));
    std::fs::remove_file(&assembly)?;
    let run = fixture.execute(&session, &price.replace("NAME", "validate_and_price")).await?;
    assert_eq!((run.exit_code, run.stderr.as_str()), (1, "assembly_definition.yaml does not exist.\n"));

    // The library came with the fork; without it, the functions are there and say so.
    let without = "import shared.agent_tools as tools\ntools._library = None\ntools.search_cots_catalog('M3')\n";
    let run = fixture.execute(&session, without).await?;
    assert!(
        run.stderr.ends_with("RuntimeError: search_cots_catalog is not available: this worker has no agent tools\n")
    );
    Ok(())
}
