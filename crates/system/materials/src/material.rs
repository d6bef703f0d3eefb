//! One material: density, price, strength, and the methods that can work it.

use contract::part_metadata::ManufacturingMethod;
use serde::Deserialize;

/// One entry under `materials`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Material {
    /// Name for people.
    pub name: String,
    /// Density, g/cm³.
    pub density_g_cm3: f64,
    /// Price, USD/kg. A method may have its own price (`material_cost_per_kg` of the process).
    pub cost_per_kg: f64,
    /// The same density in kg/m³, where the file gives it too.
    #[serde(default)]
    pub density_kg_m3: Option<f64>,
    /// `#RRGGBB`.
    #[serde(default = "white")]
    pub color: String,
    /// Stress above which it stays deformed, megapascals.
    #[serde(default)]
    pub elongation_stress_mpa: f64,
    /// Coefficient of restitution, 0 to 1.
    #[serde(default = "half")]
    pub restitution: f64,
    /// Coefficient of sliding friction.
    #[serde(default = "half")]
    pub friction_coef: f64,
    /// Rate of a machine that works it, USD/h; counts for processes that give no rate themselves.
    #[serde(default)]
    pub machine_hourly_rate: f64,
    /// Methods by which it can be worked.
    #[serde(default)]
    pub compatibility: Vec<ManufacturingMethod>,
    /// Young's modulus, Pa.
    #[serde(default)]
    pub youngs_modulus_pa: Option<f64>,
    /// Poisson's ratio.
    #[serde(default)]
    pub poissons_ratio: Option<f64>,
    /// Yield stress, Pa.
    #[serde(default)]
    pub yield_stress_pa: Option<f64>,
    /// Stress at which it breaks, Pa.
    #[serde(default)]
    pub ultimate_stress_pa: Option<f64>,
    /// Elongation at which it breaks, as a fraction.
    #[serde(default)]
    pub elongation_at_break: Option<f64>,
    /// How it deforms.
    #[serde(default)]
    pub material_class: MaterialClass,
}

/// How a material deforms.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MaterialClass {
    /// Hardly.
    #[default]
    Rigid,
    /// Visibly.
    Soft,
    /// Like rubber.
    Elastomer,
}

fn white() -> String {
    "#FFFFFF".to_owned()
}

fn half() -> f64 {
    0.5
}

impl Material {
    /// Density, kg/m³.
    pub fn density_kg_m3(&self) -> f64 {
        self.density_kg_m3.unwrap_or(self.density_g_cm3 * 1000.0)
    }

    /// Colour, each channel 0 to 1; mid grey when the text is not `#RRGGBB`.
    pub fn rgb(&self) -> [f64; 3] {
        let channel = |at: usize| {
            self.color.get(at..at + 2).and_then(|hex| u8::from_str_radix(hex, 16).ok()).map(|v| f64::from(v) / 255.0)
        };
        match (channel(1), channel(3), channel(5)) {
            (Some(r), Some(g), Some(b)) if self.color.starts_with('#') => [r, g, b],
            _ => [0.5; 3],
        }
    }

    /// Whether it can be worked by `method`.
    pub fn allows(&self, method: ManufacturingMethod) -> bool {
        self.compatibility.contains(&method)
    }

    /// Fields that stress analysis needs and that the file does not give.
    pub fn missing_fem_fields(&self) -> Vec<&'static str> {
        [
            ("youngs_modulus_pa", self.youngs_modulus_pa),
            ("poissons_ratio", self.poissons_ratio),
            ("yield_stress_pa", self.yield_stress_pa),
            ("ultimate_stress_pa", self.ultimate_stress_pa),
        ]
        .into_iter()
        .filter_map(|(name, value)| value.is_none().then_some(name))
        .collect()
    }

    /// The first implausible figure, as field and remark.
    pub fn fault(&self) -> Option<(&'static str, String)> {
        let positive = |value: f64| value.is_finite() && value > 0.0;
        let not_negative = |value: f64| value.is_finite() && value >= 0.0;
        if !positive(self.density_g_cm3) {
            return Some(("density_g_cm3", format!("is {}, and must be above 0 g/cm³", self.density_g_cm3)));
        }
        if let Some(given) = self.density_kg_m3 {
            let expected = self.density_g_cm3 * 1000.0;
            if !positive(given) || (given - expected).abs() > expected * DENSITY_AGREEMENT {
                let remark = format!("is {given}, but density_g_cm3 means {expected:.1} kg/m³; correct one of them");
                return Some(("density_kg_m3", remark));
            }
        }
        [("cost_per_kg", self.cost_per_kg), ("machine_hourly_rate", self.machine_hourly_rate)]
            .into_iter()
            .find(|(_, value)| !not_negative(*value))
            .map(|(field, value)| (field, format!("is {value}, and must not be negative")))
    }
}

/// Largest deviation of the two densities of a material from each other, as a fraction: prices use one, physics the other.
const DENSITY_AGREEMENT: f64 = 0.01;
