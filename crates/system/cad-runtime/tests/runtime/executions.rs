//! Running code as Python would run a file.

use std::time::Duration;

use contract::execution::ScriptFaultKind;

use crate::fixture::{Fixture, PLENTY};

#[tokio::test]
async fn code_runs_like_a_python_file() -> anyhow::Result<()> {
    let fixture = Fixture::start().await?;
    let session = fixture.session("runs", "")?;

    let run = fixture.execute(&session, "import sys\nprint('out', __name__)\nprint('err', file=sys.stderr)\n").await?;
    assert_eq!((run.stdout.as_str(), run.stderr.as_str(), run.exit_code), ("out __main__\n", "err\n", 0));
    assert!(run.fault.is_none() && !run.timed_out);

    for (code, expected) in
        [("import sys; sys.exit(3)", 3), ("import sys; sys.exit('no')", 1), ("import os; os._exit(7)", 7)]
    {
        let run = fixture.execute(&session, code).await?;
        assert_eq!((run.exit_code, run.fault), (expected, None), "{code}");
    }

    let run = fixture.execute(&session, "def f():\n    raise ValueError('wrong')\n\nf()\n").await?;
    assert_eq!(run.exit_code, 1);
    let expected = "Traceback (most recent call last):\n  File \"<script>\", line 4, in <module>\n    f()\n  \
                    File \"<script>\", line 2, in f\n    raise ValueError('wrong')\nValueError: wrong\n";
    assert_eq!(run.stderr, expected);
    assert_eq!(run.fault, None, "an error of its own is no violation");

    let run = fixture.execute(&session, "x = (\n").await?;
    assert!(run.exit_code == 1 && run.stderr.contains("SyntaxError") && run.stderr.contains("line 1"), "{run:?}");

    let code = "from pathlib import Path\nPath('sub').mkdir()\nPath('sub/a').write_text('hi')\n\
                import os, shutil, tempfile, asyncio\nos.rename('sub/a', 'b')\nshutil.copy('b', 'c')\n\
                tempfile.NamedTemporaryFile().write(b'x')\nasyncio.run(asyncio.sleep(0))\n\
                print(Path('/config/manufacturing_config.yaml').read_text(), os.listdir('/config'))\n";
    let run = fixture.execute(&session, code).await?;
    assert_eq!((run.exit_code, run.stderr.as_str()), (0, ""), "{run:?}");
    assert!(run.stdout.contains("materials"));
    assert_eq!(std::fs::read_to_string(session.join("c"))?, "hi");

    let run = fixture
        .execute(&session, "from shared.observability.events import emit_event\nemit_event('tool', a=1)\n")
        .await?;
    assert_eq!(run.exit_code, 0, "{run:?}");
    let event: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(session.join("events.jsonl"))?)?;
    assert_eq!((&event["event_type"], &event["a"]), (&"tool".into(), &1.into()));
    assert!(event["unix_timestamp"].is_f64() && event["timestamp"].is_string() && event["agent_id"].is_null());

    // Children are copies of one parent, its random state included.
    let draw = "import random, numpy\nprint(random.random())\nprint(numpy.random.random())\n";
    let (first, second) =
        (fixture.execute(&session, draw).await?.stdout, fixture.execute(&session, draw).await?.stdout);
    assert_eq!(first.lines().count(), 2);
    for (one, other) in first.lines().zip(second.lines()) {
        assert_ne!(one, other, "each run draws its own random numbers");
    }

    let run = fixture.execute(&session, "for _ in range(3 << 10): print('x' * 1023)\n").await?;
    assert!(run.stdout.len() < (1 << 20) + 200 && run.stdout.contains("[cut: 3145728 bytes"), "{}", run.stdout.len());
    Ok(())
}

#[tokio::test]
async fn script_finds_nothing_of_the_warm_up() -> anyhow::Result<()> {
    let fixture = Fixture::start().await?;
    let session = fixture.session("fresh", "")?;
    std::fs::write(session.join("runtime.py"), "whose = 'mine'\n")?;
    let code = "import linecache, sys\nfrom build123d import Box, Cylinder\n\
                print([name for name in sys.modules if name.split('.')[0] in ('runtime', 'script')])\n\
                print([name for name in linecache.cache if name != '<script>'])\n\
                import runtime\nprint(runtime.whose, round((Box(4, 4, 4) - Cylinder(1, 4)).volume, 2))\n";
    let run = fixture.execute(&session, code).await?;
    assert_eq!(run.stdout, "[]\n[]\nmine 51.43\n", "{run:?}");
    Ok(())
}

#[tokio::test]
async fn clustering_library_is_imported_on_first_use() -> anyhow::Result<()> {
    let fixture = Fixture::start().await?;
    let session = fixture.session("meshes", "")?;
    let run = fixture.execute(&session, "import sys\nprint('sklearn' in sys.modules)\n").await?;
    assert_eq!(run.stdout, "False\n", "a third of the start, for a function that hardly any script calls");
    let code = "from build123d import *\nout = Mesher()\nout.add_shape(Cylinder(5, 10))\nout.write('c.3mf')\n\
                faces, left, _ = detect_primitives(Mesher().read('c.3mf')[0])\n\
                print(sorted(face.geom_type.name for face in faces), len(left))\n\
                from sklearn.cluster import DBSCAN\nprint(DBSCAN.__name__, isinstance(DBSCAN, type))\n";
    let run = fixture.execute(&session, code).await?;
    assert_eq!(run.exit_code, 0, "{run:?}");
    assert_eq!(run.stdout, "['CYLINDER', 'PLANE', 'PLANE'] 0\nDBSCAN True\n");
    Ok(())
}

#[tokio::test]
async fn a_run_ends_at_its_limit_or_when_cancelled() -> anyhow::Result<()> {
    let fixture = Fixture::start().await?;
    let session = fixture.session("ends", "")?;
    let endless = "print('begun')\nwhile True: pass\n";

    let run = fixture.runtime.execute(&session, endless, Duration::from_secs(1), std::future::pending()).await?;
    assert_eq!((run.exit_code, run.timed_out, run.stdout.as_str()), (-1, true, "begun\n"));
    assert_eq!(run.stderr, "Execution timed out after 1 seconds\n");
    assert_eq!(run.fault.map(|fault| fault.kind), Some(ScriptFaultKind::TimeLimit));

    let after = tokio::time::sleep(Duration::from_millis(200));
    let run = fixture.runtime.execute(&session, endless, PLENTY, after).await?;
    assert_eq!(run.fault.map(|fault| fault.kind), Some(ScriptFaultKind::Cancelled));
    assert!(!run.timed_out && run.wall < PLENTY / 2);
    Ok(())
}

/// What the original platform promises to agents: each name exists and works as documented.
#[tokio::test]
async fn promised_names_can_be_imported() -> anyhow::Result<()> {
    let fixture = Fixture::start().await?;
    let session = fixture.session("promised", "")?;
    let code = "import yaml, numpy\n\
                from build123d import Box, Location\n\
                from shared.enums import ManufacturingMethod\n\
                from shared.models.schemas import PartMetadata\n\
                from shared.observability.events import emit_event\n\
                from shared.workers.workbench_models import WorkbenchResult\n\
                from utils import HoleType, fastener_hole, refuse_plan, simulate, submit_for_review, validate_and_price\n\
                from utils.controllers import position_based, time_based\n\
                from worker_heavy.utils.cad import fastener_hole as alias\n\
                assert alias is fastener_hole\n\
                plate = Box(40, 40, 10)\n\
                sunk = fastener_hole(plate, location=Location((0, 0, 5)), hole_type=HoleType.CounterBoreHole)\n\
                plain = fastener_hole(plate, location=Location((0, 0, 5)), hole_type=HoleType.SimpleHole)\n\
                assert sunk.volume < plain.volume < plate.volume and list(sunk.joints) == ['hole_1']\n\
                side = fastener_hole(plate, location=Location((20, 0, 0), (0, 90, 0)), hole_type='SimpleHole')\n\
                print(side.joints['hole_1'].described(Location())['axis'])\n\
                print(yaml.safe_dump({'speed': time_based.sinusoidal(2.0, 0.25)(1.0)}).strip())\n\
                print(position_based.waypoint([(0, 0), (2, 1)]).control())\n\
                for tool in (simulate, submit_for_review, refuse_plan):\n\
                \x20   try:\n\
                \x20       tool('script.py')\n\
                \x20   except RuntimeError as error:\n\
                \x20       print(str(error).split(' did nothing')[0], '/' in str(error))\n";
    let run = fixture.execute(&session, code).await?;
    let expected = "(-1.0, 0.0, 0.0)\nspeed: 2.0\n{'mode': 'waypoint', 'waypoints': [[0.0, 0.0], [2.0, 1.0]]}\n\
                    simulate True\nsubmit_for_review True\nrefuse_plan True\n";
    assert_eq!((run.stdout.as_str(), run.stderr.as_str(), run.exit_code), (expected, "", 0));
    Ok(())
}
