//! What ordinary scripts do, and must remain able to do: the list of allowed system calls is short.

use rstest::rstest;

use crate::fixture::{Fixture, ISOLATIONS};

/// Name and script. Each ends without an error, or an assertion in it says what does not work.
const SCRIPTS: &[(&str, &str)] = &[
    (
        "sweep along a spline",
        "from build123d import *\npath = Spline((0, 0, 0), (20, 10, 10), (40, 0, 30))\n\
         solid = sweep(Plane(path @ 0, z_dir=path % 0) * Circle(3), path)\nassert solid.volume > 1000\n",
    ),
    (
        "loft between sections",
        "from build123d import *\nsolid = loft([Rectangle(20, 20), Plane.XY.offset(30) * Circle(6)])\n\
         assert solid.is_valid and solid.volume > 4000\n",
    ),
    (
        "revolve, shell and fillet",
        "from build123d import *\nwith BuildPart() as cup:\n    with BuildSketch(Plane.XZ):\n        \
         Rectangle(20, 40, align=(Align.MIN, Align.MIN))\n    revolve(axis=Axis.Z)\n    \
         offset(amount=-2, openings=cup.faces().sort_by(Axis.Z)[-1])\n    fillet(cup.edges().sort_by(Axis.Z)[0], 1)\n\
         assert cup.part.volume > 0\n",
    ),
    (
        "screw with a real thread",
        "from bd_warehouse.thread import IsoThread\nthread = IsoThread(major_diameter=6, pitch=1, length=4, external=True)\n\
         assert thread.bounding_box().size.Z > 3\n",
    ),
    (
        "fasteners of a catalogue",
        "from bd_warehouse.fastener import SocketHeadCapScrew\n\
         screw = SocketHeadCapScrew(size='M6-1', length=20, simple=True)\nassert screw.volume > 500\n",
    ),
    (
        "text",
        "from build123d import *\nplate = extrude(Text('Aß9', font_size=12), amount=1)\nassert plate.volume > 10\n",
    ),
    (
        "export and import of STEP",
        "from build123d import *\nexport_step(Box(10, 20, 30), 'box.step')\nassert abs(import_step('box.step').volume - 6000) < 1\n",
    ),
    (
        "export of STL, BREP, GLTF and SVG",
        "from build123d import *\nimport os\nbox = Box(1, 2, 3)\nexport_stl(box, 'a.stl')\nexport_brep(box, 'a.brep')\n\
         export_gltf(box, 'a.glb', binary=True)\nsvg = ExportSVG()\nsvg.add_shape(box.faces()[0].outer_wire())\n\
         svg.write('a.svg')\nassert all(os.path.getsize(f'a.{kind}') for kind in ('stl', 'brep', 'glb', 'svg'))\n",
    ),
    (
        "sketch with constraints of arcs",
        "from build123d import *\nwith BuildSketch() as sketch:\n    with BuildLine():\n        \
         line = Line((0, 0), (30, 0))\n        arc = TangentArc(line @ 1, (30, 20), tangent=line % 1)\n        \
         Polyline(arc @ 1, (0, 20), (0, 0))\n    make_face()\nassert sketch.sketch.area > 500\n",
    ),
    (
        "pattern of holes and a boolean of many",
        "from build123d import *\nplate = Box(60, 60, 5)\n\
         plate -= [location * Cylinder(2, 5) for location in GridLocations(10, 10, 5, 5)]\nassert plate.is_valid\n",
    ),
    (
        "assembly with joints",
        "from build123d import *\nbase, arm = Box(20, 20, 5), Box(5, 5, 30)\n\
         hinge = RevoluteJoint('hinge', base, Axis((0, 0, 2.5), (0, 0, 1)))\n\
         hinge.connect_to(RigidJoint('foot', arm, Location((0, 0, -15))), angle=30)\nassert Compound(children=[base, arm]).volume\n",
    ),
    (
        "linear algebra and Fourier transform",
        "import numpy\nmatrix = numpy.random.rand(400, 400) + 400 * numpy.eye(400)\n\
         assert numpy.allclose(matrix @ numpy.linalg.inv(matrix), numpy.eye(400))\nnumpy.linalg.svd(matrix)\n\
         numpy.fft.fft2(matrix)\nnumpy.save('m.npy', matrix)\nassert numpy.load('m.npy', mmap_mode='r').shape == (400, 400)\n",
    ),
    (
        "optimisation and interpolation",
        "import scipy.optimize, scipy.spatial, scipy.interpolate, numpy\n\
         assert abs(scipy.optimize.minimize(lambda x: (x[0] - 3) ** 2, [0]).x[0] - 3) < 1e-3\n\
         scipy.spatial.ConvexHull(numpy.random.rand(100, 3))\nscipy.interpolate.CubicSpline([0, 1, 2], [0, 1, 4])(0.5)\n",
    ),
    (
        "several threads of a numeric library",
        "import os\nos.environ['OPENBLAS_NUM_THREADS'] = '4'\nfrom concurrent.futures import ThreadPoolExecutor\nimport numpy\n\
         def work(seed):\n    return numpy.linalg.norm(numpy.random.default_rng(seed).random((300, 300)) @ numpy.ones((300, 300)))\n\
         with ThreadPoolExecutor(8) as pool:\n    assert len(list(pool.map(work, range(32)))) == 32\n",
    ),
    (
        "kernel in parallel",
        "from build123d import *\nfrom OCP.BRepMesh import BRepMesh_IncrementalMesh\n\
         BRepMesh_IncrementalMesh(fillet(Box(20, 20, 20).edges(), 3).wrapped, 0.01, False, 0.1, True)\n",
    ),
    (
        "temporary files and folders",
        "import os, pathlib, shutil, tempfile\nwith tempfile.TemporaryDirectory() as folder:\n    \
         pathlib.Path(folder, 'a').write_text('x')\n    shutil.copytree(folder, 'copied')\n    \
         shutil.copy2(os.path.join(folder, 'a'), 'b')\nshutil.make_archive('packed', 'zip', 'copied')\n\
         shutil.rmtree('copied')\nos.replace('b', 'c')\nassert shutil.disk_usage('.').free > 0\nassert os.path.samefile('c', './c')\n",
    ),
    (
        "maps, locks and links of files",
        "import fcntl, mmap, os\nwith open('a', 'w+b') as file:\n    file.truncate(8192)\n    fcntl.flock(file, fcntl.LOCK_EX)\n    \
         fcntl.lockf(file, fcntl.LOCK_EX)\n    mapped = mmap.mmap(file.fileno(), 8192)\n    mapped[:5] = b'hello'\n    mapped.flush()\n    \
         os.fsync(file.fileno())\n    os.posix_fallocate(file.fileno(), 0, 1 << 16)\nos.link('a', 'b')\nassert os.stat('b').st_nlink == 2\n",
    ),
    (
        "database in a file",
        "import sqlite3\nwith sqlite3.connect('x.db') as database:\n    database.execute('create table t (a)')\n    \
         database.executemany('insert into t values (?)', [(i,) for i in range(1000)])\n\
         assert sqlite3.connect('x.db').execute('select sum(a) from t').fetchone() == (499500,)\n",
    ),
    (
        "event loop with threads and timers",
        "import asyncio, queue, signal, threading, time\nasync def main():\n    \
         await asyncio.gather(*(asyncio.to_thread(time.sleep, 0.01) for _ in range(8)))\n    \
         await asyncio.wait_for(asyncio.sleep(0), 1)\nasyncio.run(main())\nsignal.signal(signal.SIGALRM, lambda *_: None)\n\
         signal.setitimer(signal.ITIMER_REAL, 0.01)\nsignal.pause()\nthreading.Timer(0.01, print).start()\n\
         try:\n    queue.Queue().get(timeout=0.01)\nexcept queue.Empty:\n    pass\n",
    ),
    (
        "questions about the machine",
        "import os, platform, resource, sys, time, uuid, socket\nos.cpu_count(), os.sched_getaffinity(0), os.getloadavg\n\
         platform.platform(), resource.getrusage(resource.RUSAGE_SELF), os.getpgid(0), os.getgroups(), os.uname()\n\
         uuid.uuid4(), time.perf_counter_ns(), time.process_time(), os.urandom(8), os.get_terminal_size, sys.stdout.isatty()\n\
         resource.setrlimit(resource.RLIMIT_NOFILE, (100, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))\n",
    ),
    (
        "refusal of a process as an ordinary error",
        "import multiprocessing, os, subprocess\nfor way in (lambda: subprocess.run(['ls']), os.fork, lambda: os.system('ls')):\n    \
         try:\n        way()\n    except PermissionError as error:\n        assert 'process' in str(error)\n    else:\n        raise AssertionError\n",
    ),
    (
        "documents and pictures",
        "import csv, gzip, json, pickle, zipfile, xml.etree.ElementTree as tree\njson.dump({'a': 1}, open('a.json', 'w'))\n\
         pickle.dump([1], open('a.p', 'wb'))\nwith gzip.open('a.gz', 'wt') as file:\n    csv.writer(file).writerow([1, 2])\n\
         with zipfile.ZipFile('a.zip', 'w') as packed:\n    packed.write('a.json')\ntree.fromstring('<a/>')\n",
    ),
    (
        "crash that the script handles itself",
        "import faulthandler, signal, os\nfaulthandler.enable()\nsignal.signal(signal.SIGUSR1, lambda *_: print('heard'))\n\
         os.kill(os.getpid(), signal.SIGUSR1)\nsignal.raise_signal(signal.SIGUSR1)\n",
    ),
];

#[rstest]
#[case::with_bubblewrap(0)]
#[case::without_bubblewrap(1)]
#[tokio::test]
async fn ordinary_scripts_run(#[case] isolation: usize) -> anyhow::Result<()> {
    let fixture = Fixture::start_with(|config| config.bubblewrap = ISOLATIONS[isolation]).await?;
    let mut failed = Vec::new();
    for (number, (name, script)) in SCRIPTS.iter().enumerate() {
        let session = fixture.session(&format!("everyday_{number}"), "")?;
        let run = fixture.execute(&session, script).await?;
        if run.exit_code != 0 || run.fault.is_some() {
            failed.push(format!("{name}: exit code {}, {:?}\n{}", run.exit_code, run.fault, run.stderr));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    Ok(())
}
