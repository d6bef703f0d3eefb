//! Served assets: their MIME types, and the sources that stand behind a generated one (INT-061).

/// File names that are looked at, in order, when a `.glb` or `.stl` of the same session is served; the asset's
/// own stem with `.py` comes before them.
pub const SOURCE_CANDIDATES: [&str; 5] = ["main.py", "component.py", "solution.py", "script.py", "result.py"];

/// MIME type of a served asset, by file name.
pub fn mime_type(file_name: &str) -> &'static str {
    let extension = file_name.rsplit_once('.').map(|(_, e)| e.to_ascii_lowercase()).unwrap_or_default();
    match extension.as_str() {
        "glb" => "model/gltf-binary",
        "py" => "text/x-python",
        "stl" => "model/stl",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "mp4" => "video/mp4",
        _ => "application/octet-stream",
    }
}
