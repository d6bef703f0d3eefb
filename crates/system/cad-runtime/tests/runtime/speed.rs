//! Figures for the README; run with `--ignored --nocapture`.

use std::time::Instant;

use cad_runtime::{BuildRequest, ScriptSource};

use crate::fixture::{Fixture, PLENTY};

#[tokio::test]
#[ignore = "a measurement, not a check"]
async fn cold_and_warm_times() -> anyhow::Result<()> {
    let started = Instant::now();
    let fixture = Fixture::start().await?;
    println!("cold start: {:?} ({})", started.elapsed(), fixture.runtime.description());
    let session = fixture.session(
        "measured",
        "from build123d import *\nfrom shared.models.schemas import PartMetadata\n\ndef build():\n    \
         part = Box(40, 30, 20) - Cylinder(5, 20)\n    part.metadata = PartMetadata(material_id='steel')\n    \
         return part\n",
    )?;
    for _ in 0..5 {
        let started = Instant::now();
        let run = fixture.execute(&session, "print(1)").await?;
        println!("execute print(1): {:?} (child {:?}) {run:?}", started.elapsed(), run.wall);
    }
    let request = BuildRequest::new(ScriptSource::File("script.py".into()));
    for _ in 0..5 {
        let started = Instant::now();
        let design = fixture.runtime.build(&session, &request, PLENTY).await??;
        println!(
            "build a box with a hole: {:?} ({} triangles)",
            started.elapsed(),
            design.parts[0].mesh.triangles.len()
        );
    }
    Ok(())
}
