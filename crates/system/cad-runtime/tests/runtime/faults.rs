//! Faults of incorrect scripts.

use std::time::Duration;

use cad_runtime::{BuildRequest, ScriptSource};
use contract::execution::ScriptFaultKind::{self, *};

use crate::fixture::{Fixture, PLENTY};

const HEADER: &str = "from build123d import *\nfrom shared.models.schemas import *\n";

/// Script after the two header lines, kind, words that the message must hold, line.
const CASES: &[(&str, ScriptFaultKind, &[&str], Option<u32>)] = &[
    ("def build(:\n    pass\n", SyntaxError, &["script.py line 3"], Some(3)),
    ("x = 1\n", BuildMissing, &["script.py", "def build()"], None),
    ("build = 5\n", BuildMissing, &["def build()"], None),
    ("def build(size):\n    pass\n", BuildMissing, &["size"], None),
    ("def build():\n    Box(1, 1, 1)\n", NotAShape, &["None", "return"], None),
    ("def build():\n    return [Box(1, 1, 1), 5]\n", NotAShape, &["item 1 of the list", "is a int"], None),
    ("def build():\n    return []\n", NotAShape, &["empty list"], None),
    ("def build():\n    b = Box(1, 1, 1)\n    return [b, b]\n", NotAShape, &["item 1", "listed before"], None),
    ("def build():\n    return Box(1, 1, 1) - Box(2, 2, 2)\n", NotAShape, &["empty", "left nothing over"], None),
    ("def build():\n    return Box(1, 1, 1) & Pos(5, 0, 0) * Box(1, 1, 1)\n", NotAShape, &["empty"], None),
    ("def build():\n    return [Box(1, 1, 1) - Box(2, 2, 2)]\n", NotAShape, &["item 0", "empty"], None),
    (
        "def build():\n    return Compound([Box(1, 1, 1), Pos(5, 0, 0) * Box(1, 1, 1)])\n",
        Metadata,
        &["Compound(children=[...])", "2 solids"],
        None,
    ),
    (
        "def build():\n    c = Compound([Box(9, 9, 9), Pos(5, 0, 0) * Box(9, 9, 9)])\n    c.label = 'pair'\n    \
         c.metadata = PartMetadata(material_id='s')\n    return c\n",
        NotAShape,
        &["'pair'", "run through each other", "a + b"],
        None,
    ),
    // A bend of radius 8 for a bar of radius 10: its inner side folds over itself.
    (
        "def build():\n    p = Plane.XZ * CenterArc((0, 0), 8, 0, 180)\n    \
         s = sweep(Plane(p @ 0, z_dir=p % 0) * Circle(10), path=p)\n    s.metadata = PartMetadata(material_id='s')\n    \
         return s\n",
        NotAShape,
        &["part_0", "run through each other", "bend"],
        None,
    ),
    ("def build():\n    with BuildPart() as p:\n        Box(1, 1, 1)\n    return p\n", NotAShape, &[".part"], None),
    (
        "def build():\n    f = Rectangle(1, 1)\n    f.label = 'plate'\n    f.metadata = PartMetadata(material_id='s')\n    \
         return f\n",
        NotAShape,
        &["plate", "no solid"],
        None,
    ),
    (
        "def build():\n    b = Box(1, 1, 1)\n    b.label = 'leg'\n    return b\n",
        Metadata,
        &["'leg'", "missing required metadata"],
        None,
    ),
    (
        "def build():\n    b = Box(1, 1, 1)\n    b.metadata = PartMetadata()\n    return b\n",
        Metadata,
        &["line 5", "material_id"],
        Some(5),
    ),
    (
        "def build():\n    b = Box(1, 1, 1)\n    b.label = 'arm'\n    b.metadata = {'material_id': 's', 'colour': 1}\n    \
         return b\n",
        Metadata,
        &["'arm'", "colour"],
        None,
    ),
    ("def build():\n    return 1 / 0\n", ScriptError, &["script.py line 4", "ZeroDivisionError"], Some(4)),
    ("def build():\n    import sys\n    sys.exit(3)\n", ScriptError, &["sys.exit(3)"], None),
    ("def build():\n    import os\n    os._exit(0)\n", ScriptError, &["design"], None),
    ("def build():\n    import nowhere\n", ScriptError, &["ModuleNotFoundError", "nowhere"], Some(4)),
    (
        "def build():\n    x = []\n    while True:\n        x.append(bytearray(1 << 24))\n",
        MemoryLimit,
        &["512 MiB"],
        Some(6),
    ),
    (
        "def build():\n    import subprocess\n    subprocess.run(['ls'])\n",
        ProcessLimit,
        &["subprocess", "process"],
        Some(5),
    ),
    ("def build():\n    import os\n    os.system('ls')\n", ProcessLimit, &["os.system"], Some(5)),
    ("def build():\n    open('big', 'wb').write(bytes(9 << 20))\n", FileSizeLimit, &["8 MiB"], Some(4)),
    (
        "def build():\n    import socket\n    socket.create_connection(('192.0.2.1', 80))\n",
        NetworkDenied,
        &["network"],
        Some(5),
    ),
    (
        "def build():\n    import requests\n    requests.get('http://example.org')\n",
        NetworkDenied,
        &["network"],
        Some(5),
    ),
    ("def build():\n    open('/etc/shadow')\n", FileAccessDenied, &["/etc/shadow", "outside the session"], Some(4)),
    ("def build():\n    open('../other/script.py')\n", FileAccessDenied, &["../other/script.py", "outside"], Some(4)),
    ("def build():\n    open('/config/x', 'w')\n", FileAccessDenied, &["/config/x", "read-only"], Some(4)),
    ("def build():\n    import os\n    os.symlink('/etc', 'link')\n", FileAccessDenied, &["symbolic link"], Some(5)),
    ("def build():\n    import ctypes\n    ctypes.string_at(0)\n", Crashed, &["segmentation fault"], None),
];

#[tokio::test]
async fn every_fault_names_its_cause() -> anyhow::Result<()> {
    let fixture = Fixture::start_with(|config| {
        config.limits.memory_bytes = 512 << 20;
        config.limits.max_file_bytes = 8 << 20;
    })
    .await?;
    fixture.session("other", "SECRET = 1\n")?;
    for (index, (script, kind, words, line)) in CASES.iter().enumerate() {
        let session = fixture.session(&format!("case_{index}"), &format!("{HEADER}{script}"))?;
        let request = BuildRequest::new(ScriptSource::File("script.py".into()));
        match fixture.runtime.build(&session, &request, PLENTY).await? {
            Ok(_) => anyhow::bail!("this script must not build:\n{script}"),
            Err(fault) => {
                assert_eq!(fault.kind, *kind, "{script}\n{fault:?}");
                for word in *words {
                    assert!(fault.message.contains(word), "`{word}` is missing in: {}", fault.message);
                }
                assert_eq!(fault.line, *line, "{script}\n{fault:?}");
            }
        }
    }
    let session = fixture.session("late", &format!("{HEADER}def build():\n    while True: pass\n"))?;
    let request = BuildRequest::new(ScriptSource::File("script.py".into()));
    let late = fixture.runtime.build(&session, &request, Duration::from_secs(1)).await?;
    assert!(matches!(late, Err(fault) if fault.kind == TimeLimit && fault.message.contains("1 s")));
    // Whether the thread limit or the memory for their stacks ends it first depends on the machine.
    let threads = "def build():\n    import threading, time\n    threading.stack_size(65536)\n    while True:\n        \
                   threading.Thread(target=time.sleep, args=(9,), daemon=True).start()\n";
    let threads = BuildRequest::new(ScriptSource::Text(threads.into()));
    let threads = fixture.runtime.build(&session, &threads, PLENTY).await?;
    assert!(matches!(threads, Err(fault) if fault.kind == ProcessLimit && fault.message.contains("threads")));
    let absent = BuildRequest::new(ScriptSource::File("absent.py".into()));
    let absent = fixture.runtime.build(&session, &absent, PLENTY).await?;
    assert!(matches!(absent, Err(fault) if fault.kind == ScriptMissing && fault.message.contains("absent.py")));

    assert!(fixture.leftover_runs()?.is_empty(), "run folders are cleared");
    Ok(())
}
