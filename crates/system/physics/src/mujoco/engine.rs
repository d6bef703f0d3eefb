//! The engine itself: settings, loading of models, names, warnings.

use std::sync::Once;

use mujoco_rs::{prelude::*, wrappers::mj_auxiliary::MjVfs};

use super::mjcf::Mjcf;
use crate::PhysicsError;

/// Keeps the engine from writing its warnings to a file in the working directory, and from caching compiled meshes: it
/// identifies a mesh by its file name and a checksum that different plates share, so a changed part could get its
/// former shape. The cache also holds 500 MB.
static ENGINE_SETTINGS: Once = Once::new();

pub(crate) fn load(mjcf: &Mjcf, xml: &str) -> Result<MjModel, PhysicsError> {
    let refused = |error: &dyn std::fmt::Display| PhysicsError::Engine(error.to_string());
    ENGINE_SETTINGS.call_once(|| {
        // SAFETY: every use of the engine in this crate begins with a call of this function, and all of them wait here.
        unsafe { set_log_config(log_config().with_logto_file(false)) };
        MjCache::current().set_capacity(0);
    });
    let mut files = MjVfs::new();
    for (name, content) in &mjcf.meshes {
        files.add_from_buffer(name, content.as_bytes()).map_err(|error| refused(&error))?;
    }
    files.add_from_buffer("scene.xml", xml.as_bytes()).map_err(|error| refused(&error))?;
    MjModel::from_xml_vfs("scene.xml", &files).map_err(|error| refused(&error))
}

pub(crate) fn find(model: &MjModel, kind: MjtObjBase, name: &str) -> Result<usize, PhysicsError> {
    model.name_to_id(kind, name).ok_or_else(|| PhysicsError::Engine(format!("{name:?} is missing in the model")))
}

/// Warnings that the engine only counts; from then on it computed something other than the scene.
pub(super) fn engine_warnings(data: &MjData<&MjModel>) -> Vec<String> {
    let sentences = [
        (MjtWarning::mjWARN_INERTIA, "an inertia became singular"),
        (
            MjtWarning::mjWARN_CONTACTFULL,
            "there were more contacts than the engine has room for, and some were ignored",
        ),
        (
            MjtWarning::mjWARN_CNSTRFULL,
            "there were more constraints than the engine has room for, and some were ignored",
        ),
        (MjtWarning::mjWARN_BADCTRL, "a motor's command was not a number, and all motors stopped"),
    ];
    let counted = |kind: MjtWarning| data.warning()[kind as usize].number;
    let told = sentences.into_iter().filter(|(kind, _)| counted(*kind) > 0);
    told.map(|(kind, sentence)| format!("the physics engine warns, {} times: {sentence}", counted(kind))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn engine_warnings_are_reported_only_if_counted() {
        let model = MjModel::from_xml_string("<mujoco/>").expect("an empty world");
        let mut data = MjData::try_new(&model).expect("a state");
        assert_eq!(engine_warnings(&data), Vec::<String>::new());
        data.warning_mut()[MjtWarning::mjWARN_CONTACTFULL as usize].number = 3;
        let told = engine_warnings(&data);
        assert!(matches!(&told[..], [one] if one.contains("3 times") && one.contains("contacts")), "{told:?}");
    }
}
