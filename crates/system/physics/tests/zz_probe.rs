use physics::*;
#[test]
fn probe() {
    let mut files: Vec<_> = std::fs::read_dir("/tmp/probe/meshes").unwrap().map(|f| f.unwrap().path()).collect();
    files.sort();
    for f in files {
        let j: serde_json::Value = serde_json::from_slice(&std::fs::read(&f).unwrap()).unwrap();
        let v: Vec<[f64; 3]> = j["v"].as_array().unwrap().iter().map(|p| std::array::from_fn(|i| p[i].as_f64().unwrap())).collect();
        let t: Vec<[u32; 3]> = j["t"].as_array().unwrap().iter().map(|p| std::array::from_fn(|i| p[i].as_u64().unwrap() as u32)).collect();
        let b = std::time::Instant::now();
        let p = convex_pieces(&v, &t);
        let e = b.elapsed();
        let vol: f64 = p.iter().map(|p| MassProperties::of_mesh(&p.vertices, &p.triangles, 1.0).map_or(-1e9, |m| m.mass_kg * 1e9)).sum();
        let m = MassProperties::of_mesh(&v, &t, 1.0).unwrap().mass_kg * 1e9;
        println!("{:?} tris {} pieces {} {:?} vol/mesh {:.5} cad/mesh {:.4}", f.file_stem().unwrap(), t.len(), p.len(), e, vol / m, j["vol"].as_f64().unwrap() / m);
        let g = Geometry::Mesh { vertices: v, triangles: t };
        let mass = g.mass_properties([0.0; 3], 1000.0).unwrap();
        let body = Body { label: "b".into(), geometry: g, mass, mobility: Mobility::Free, parent: None, friction: 0.5, restitution: 0.3, color: [0.5; 3] };
        let s = Scene { bodies: vec![body], ..Scene::default() };
        let x = write_mjcf(&s, None).unwrap();
        let r = Mujoco.run(&s, &x, &RunSettings { max_steps: 5, ..RunSettings::full() }, &false.into());
        println!("   {:?}", r.map(|r| r.failure));
    }
}
