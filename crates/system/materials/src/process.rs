//! Limits and rates of each manufacturing method: the sections under `manufacturing_processes`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::material::Material;

/// The sections; a method without one is not offered.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Processes {
    /// Milling.
    #[serde(default)]
    pub cnc: Option<CncProcess>,
    /// Injection moulding.
    #[serde(default)]
    pub im: Option<MouldingProcess>,
    /// 3D print.
    #[serde(default, rename = "3dp")]
    pub three_dp: Option<PrintProcess>,
}

/// Rates that all methods have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rates {
    /// Rate of the machine, USD/h; that of the material when absent.
    #[serde(default)]
    hourly_rate: Option<f64>,
    /// Prices of materials in the form that this method takes, USD/kg, by material id; else the material's own.
    #[serde(default)]
    material_cost_per_kg: BTreeMap<String, f64>,
}

impl Rates {
    /// USD/h.
    pub fn hourly_rate(&self, material: &Material) -> f64 {
        self.hourly_rate.unwrap_or(material.machine_hourly_rate)
    }

    /// USD/kg.
    pub fn cost_per_kg(&self, material_id: &str, material: &Material) -> f64 {
        self.material_cost_per_kg.get(material_id).copied().unwrap_or(material.cost_per_kg)
    }
}

/// Milling with one tool axis.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CncProcess {
    /// Rates.
    #[serde(flatten)]
    pub rates: Rates,
    /// Preparation for a series, USD.
    #[serde(alias = "setup_price")]
    pub setup_fee: f64,
    /// Where the tool comes from.
    #[serde(default)]
    pub axis: ToolAxis,
    /// Smallest radius of an internal vertical corner, mm.
    pub min_tool_radius_mm: f64,
    /// Depth of a corner, in diameters of the tool that fits into it, above which a warning is given.
    #[serde(default = "max_depth_per_diameter")]
    pub max_depth_per_diameter: f64,
    /// Roughing, mm³/min.
    pub mrr_mm3_per_min: f64,
    /// Finishing, mm/min.
    pub finishing_feed_rate_mm_min: f64,
    /// Distance of neighbouring finishing paths, mm.
    pub finishing_stepover_mm: f64,
}

/// Where the tool comes from, relative to the modelled pose. Parts in an unsuitable pose are turned; a file cannot
/// choose another direction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToolAxis {
    /// From above.
    #[default]
    Z,
}

impl std::fmt::Display for ToolAxis {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Z => formatter.write_str("+Z"),
        }
    }
}

/// Injection moulding in two halves that open along z.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MouldingProcess {
    /// Rates.
    #[serde(flatten)]
    pub rates: Rates,
    /// Mould of the simplest part, USD.
    pub base_mold_cost: f64,
    /// Additional cost of the mould per cm² of the part's surface, USD/cm².
    pub mold_cost_per_surface_area_cm2: f64,
    /// Smallest angle of a wall against z, degrees.
    pub min_draft_angle_deg: f64,
    /// Thinnest wall, mm.
    pub min_wall_thickness_mm: f64,
    /// Thickest wall, mm.
    pub max_wall_thickness_mm: f64,
    /// Flow into the mould, cm³/s.
    pub injection_rate_cm3_s: f64,
}

/// 3D print.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PrintProcess {
    /// Rates.
    #[serde(flatten)]
    pub rates: Rates,
    /// Preparation for a series, USD.
    #[serde(alias = "setup_price")]
    pub setup_fee: f64,
    /// Build-up, cm³/h.
    pub deposition_rate_cm3_h: f64,
    /// Thinnest wall that prints reliably, mm; thinner ones give a warning.
    #[serde(default = "min_printed_wall_mm")]
    pub min_wall_thickness_mm: f64,
    /// Largest size that the printer builds, mm; larger parts give a warning.
    #[serde(default = "build_volume_mm")]
    pub build_volume_mm: [f64; 3],
}

/// Longer tools bend and chatter.
fn max_depth_per_diameter() -> f64 {
    6.0
}

/// Two lines of a nozzle of 0.4 mm.
fn min_printed_wall_mm() -> f64 {
    0.8
}

/// A common desktop printer's.
fn build_volume_mm() -> [f64; 3] {
    [256.0; 3]
}

impl Processes {
    /// Removes prices of unknown materials.
    pub fn keep_prices_of(&mut self, knows_material: impl Fn(&str) -> bool) {
        let rates = [
            self.cnc.as_mut().map(|process| &mut process.rates),
            self.im.as_mut().map(|process| &mut process.rates),
            self.three_dp.as_mut().map(|process| &mut process.rates),
        ];
        for rates in rates.into_iter().flatten() {
            rates.material_cost_per_kg.retain(|id, _| knows_material(id));
        }
    }

    /// The first implausible figure, as field below `manufacturing_processes` and remark.
    pub fn fault(&self, knows_material: impl Fn(&str) -> bool) -> Option<(String, String)> {
        let mut figures: Vec<(&str, &str, f64, Sign)> = Vec::new();
        let mut rates: Vec<(&str, &Rates)> = Vec::new();
        if let Some(cnc) = &self.cnc {
            rates.push(("cnc", &cnc.rates));
            figures.extend([
                ("cnc", "setup_fee", cnc.setup_fee, Sign::NotNegative),
                ("cnc", "min_tool_radius_mm", cnc.min_tool_radius_mm, Sign::NotNegative),
                ("cnc", "max_depth_per_diameter", cnc.max_depth_per_diameter, Sign::Positive),
                ("cnc", "mrr_mm3_per_min", cnc.mrr_mm3_per_min, Sign::Positive),
                ("cnc", "finishing_feed_rate_mm_min", cnc.finishing_feed_rate_mm_min, Sign::Positive),
                ("cnc", "finishing_stepover_mm", cnc.finishing_stepover_mm, Sign::Positive),
            ]);
        }
        if let Some(im) = &self.im {
            rates.push(("im", &im.rates));
            figures.extend([
                ("im", "base_mold_cost", im.base_mold_cost, Sign::NotNegative),
                ("im", "mold_cost_per_surface_area_cm2", im.mold_cost_per_surface_area_cm2, Sign::NotNegative),
                ("im", "min_draft_angle_deg", im.min_draft_angle_deg, Sign::NotNegative),
                ("im", "min_wall_thickness_mm", im.min_wall_thickness_mm, Sign::NotNegative),
                ("im", "max_wall_thickness_mm", im.max_wall_thickness_mm, Sign::Positive),
                ("im", "injection_rate_cm3_s", im.injection_rate_cm3_s, Sign::Positive),
            ]);
        }
        if let Some(print) = &self.three_dp {
            rates.push(("3dp", &print.rates));
            figures.extend([
                ("3dp", "setup_fee", print.setup_fee, Sign::NotNegative),
                ("3dp", "deposition_rate_cm3_h", print.deposition_rate_cm3_h, Sign::Positive),
                ("3dp", "min_wall_thickness_mm", print.min_wall_thickness_mm, Sign::NotNegative),
            ]);
            figures.extend(print.build_volume_mm.map(|edge| ("3dp", "build_volume_mm", edge, Sign::Positive)));
        }
        for (process, rates) in rates {
            figures.extend(rates.hourly_rate.map(|rate| (process, "hourly_rate", rate, Sign::NotNegative)));
            for (material, price) in &rates.material_cost_per_kg {
                if !knows_material(material) {
                    let remark = "is a price of a material that the file does not list".to_owned();
                    return Some((format!("{process}.material_cost_per_kg.{material}"), remark));
                }
                figures.push((process, "material_cost_per_kg", *price, Sign::NotNegative));
            }
        }
        let fault = figures.into_iter().find(|(.., value, sign)| !sign.fits(*value));
        fault.map(|(process, field, value, sign)| (format!("{process}.{field}"), format!("is {value}, and {sign}")))
    }
}

/// Valid range of a figure.
#[derive(Debug, Clone, Copy)]
enum Sign {
    Positive,
    NotNegative,
}

impl Sign {
    fn fits(self, value: f64) -> bool {
        value.is_finite()
            && match self {
                Self::Positive => value > 0.0,
                Self::NotNegative => value >= 0.0,
            }
    }
}

impl std::fmt::Display for Sign {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Positive => "must be above 0",
            Self::NotNegative => "must not be negative",
        })
    }
}
