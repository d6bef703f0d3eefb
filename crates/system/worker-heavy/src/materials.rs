//! Materials of `manufacturing_config.yaml`. There is no default: a part without a listed material is an error.

use std::{collections::BTreeMap, path::Path};

use anyhow::Context;
use serde::Deserialize;

/// The part of the file that simulation needs.
#[derive(Debug, Clone, Deserialize)]
pub struct Materials {
    materials: BTreeMap<String, Material>,
}

/// One material.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Material {
    /// Density, g/cm³.
    pub density_g_cm3: f64,
    /// Coefficient of sliding friction.
    #[serde(default = "default_friction")]
    pub friction_coef: f64,
    /// `#RRGGBB`.
    #[serde(default = "default_color")]
    pub color: String,
}

fn default_friction() -> f64 {
    0.5
}

fn default_color() -> String {
    "#FFFFFF".to_owned()
}

impl Materials {
    /// Reads the file.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        serde_yaml::from_str(&text).with_context(|| format!("{} is not valid", path.display()))
    }

    /// The material `id`; `-` and `_` mean the same. The error names the materials that exist.
    pub fn get(&self, id: &str) -> Result<&Material, String> {
        self.materials.get(id).or_else(|| self.materials.get(&id.replace('-', "_"))).ok_or_else(|| {
            let known: Vec<_> = self.materials.keys().map(String::as_str).collect();
            format!("material {id:?} is not in manufacturing_config.yaml; it lists {}", known.join(", "))
        })
    }
}

impl Material {
    /// Density, kg/m³.
    pub fn density_kg_m3(&self) -> f64 {
        self.density_g_cm3 * 1000.0
    }

    /// Colour, each channel 0 to 1; mid grey when the text is no `#RRGGBB`.
    pub fn rgb(&self) -> [f64; 3] {
        let channel = |at: usize| {
            self.color.get(at..at + 2).and_then(|hex| u8::from_str_radix(hex, 16).ok()).map(|v| f64::from(v) / 255.0)
        };
        match (channel(1), channel(3), channel(5)) {
            (Some(r), Some(g), Some(b)) if self.color.starts_with('#') => [r, g, b],
            _ => [0.5; 3],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Materials {
        serde_yaml::from_str("materials:\n  abs:\n    density_g_cm3: 1.04\n    color: '#FF0080'\n").expect("valid")
    }

    #[test]
    fn an_unknown_material_is_named_with_the_known_ones() {
        let error = sample().get("unobtainium").expect_err("it is not listed");
        assert!(error.contains("unobtainium") && error.contains("abs"), "{error}");
    }

    #[test]
    fn colours_are_read_channel_by_channel() {
        assert_eq!(sample().get("abs").expect("listed").rgb(), [1.0, 0.0, 128.0 / 255.0]);
    }
}
