//! Materials, methods and bought parts together, shared by all tools of a session.

use std::sync::Arc;

use catalog::Catalog;

use crate::{
    bought::{BoughtPart, Servo, bought},
    config::{ManufacturingConfig, SESSION_FILE},
};

/// What parts are made of, how, and which can be bought.
#[derive(Clone)]
pub struct Materials {
    /// The mounted `manufacturing_config.yaml`, or the session's own where it has one.
    pub config: Arc<ManufacturingConfig>,
    /// Bought parts.
    pub catalog: Catalog,
}

impl Materials {
    /// Data of a catalogue servo; `None` for any other part.
    pub fn servo(&self, id: &str) -> Option<Servo> {
        let part = self.catalog.part(id)?;
        let figure = |name: &str| part.record.params.get(name).and_then(serde_json::Value::as_f64);
        let of_travel = || figure("seconds_per_60_deg").map(|seconds| std::f64::consts::FRAC_PI_3 / seconds);
        Some(Servo {
            torque_nm: figure("torque_nm")?,
            speed_rad_s: figure("speed_rad_s").or_else(of_travel).filter(|speed| *speed > 0.0),
        })
    }

    /// The same, with a session's own `manufacturing_config.yaml` in place of the platform's.
    ///
    /// # Errors
    /// A message about what is wrong with the file.
    pub fn overridden_by(&self, config: Option<&[u8]>) -> Result<Self, String> {
        let Some(bytes) = config else { return Ok(self.clone()) };
        let text =
            str::from_utf8(bytes).map_err(|error| format!("{SESSION_FILE} is not UTF-8: {error}; save it as UTF-8"))?;
        let config = self.config.overridden_by(text).map_err(|error| error.to_string())?;
        Ok(Self { config: Arc::new(config), ..self.clone() })
    }

    /// A bought part, as the workbench prices it.
    pub fn bought(&self, id: &str) -> Option<BoughtPart> {
        bought(&self.catalog, id)
    }
}
