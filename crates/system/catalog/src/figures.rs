//! Quantities that a question can ask for, and the key figures of parts that answer them.

use std::f64::consts::PI;

use serde::Deserialize;

/// A quantity as a person writes it. Its meaning depends on the part: 24 V is the output of a supply, the coil of a
/// relay, and the least rating of a switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Quantity {
    Voltage,
    Current,
    Power,
    Torque,
    /// rad/s.
    Speed,
    Force,
    /// Nominal diameter of a thread, mm: the 3 of `M3`.
    Thread,
    Pitch,
    /// A length of unspecified kind, mm.
    Millimetres,
    Length,
    Bore,
    OuterDiameter,
    Diameter,
    Width,
    Height,
    Thickness,
    Gauge,
    /// Number of contacts of a connector.
    Contacts,
    /// Size of a motor's flange as NEMA numbers it.
    Frame,
    Weight,
    Price,
    /// A quantity that the catalogue does not record: degrees, Ah.
    Unrecorded,
}

/// How a value answers a wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Comparison {
    /// The same value.
    Equal,
    /// The same value within [`ABOUT`].
    About,
    /// The value or more.
    AtLeast,
    /// The value or less.
    AtMost,
}

/// Relative tolerance of `Equal`: covers rounding and unit conversion.
const EQUAL: f64 = 1e-3;
/// Relative tolerance of `About`: a 4.8 V servo runs on 5 V.
const ABOUT: f64 = 0.1;
/// Relative slack of a lower bound: 20 kg·cm are 1.961 N·m, and the part is sold with 1.96.
const SLACK: f64 = 5e-3;

/// A key figure that answers a quantity.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answering {
    /// Name of the figure.
    pub(crate) figure: &'static str,
    /// Default comparison, unless the question says otherwise.
    pub(crate) comparison: Comparison,
    /// From the quantity's unit to the figure's.
    pub(crate) factor: f64,
}

const fn by(figure: &'static str, comparison: Comparison) -> Answering {
    Answering { figure, comparison, factor: 1.0 }
}

impl Quantity {
    /// The figures that answer this quantity; the first that a part has is used.
    pub(crate) fn answered_by(self) -> &'static [Answering] {
        use Comparison::{About, AtLeast, AtMost, Equal};
        match self {
            Self::Voltage => {
                const {
                    &[
                        by("voltage_v", Equal),
                        by("coil_voltage_v", Equal),
                        by("operating_voltage_v", About),
                        by("rated_voltage_v", AtLeast),
                    ]
                }
            }
            Self::Current => {
                const { &[by("current_a", AtLeast), by("contact_current_a", AtLeast), by("stall_current_a", AtMost)] }
            }
            Self::Power => const { &[by("power_w", AtLeast)] },
            Self::Torque => const { &[by("torque_nm", AtLeast)] },
            Self::Speed => {
                const {
                    &[
                        by("speed_rad_s", AtLeast),
                        Answering { figure: "speed_limit_rpm", comparison: AtLeast, factor: 60.0 / (2.0 * PI) },
                    ]
                }
            }
            Self::Force => const { &[by("dynamic_load_n", AtLeast), by("tensile_strength_n", AtLeast)] },
            Self::Thread => const { &[by("thread_diameter_mm", Equal), by("bore_mm", Equal)] },
            Self::Pitch => const { &[by("pitch_mm", Equal)] },
            Self::Millimetres => {
                const {
                    &[
                        by("length_mm", Equal),
                        by("bore_mm", Equal),
                        by("thread_diameter_mm", Equal),
                        by("diameter_mm", About),
                        by("body_length_mm", About),
                    ]
                }
            }
            Self::Length => const { &[by("length_mm", Equal), by("body_length_mm", About)] },
            Self::Bore => const { &[by("bore_mm", Equal), by("inner_diameter_mm", About)] },
            Self::OuterDiameter => {
                const { &[by("outer_diameter_mm", Equal), by("head_diameter_mm", About), by("diameter_mm", About)] }
            }
            Self::Diameter => {
                const {
                    &[
                        by("thread_diameter_mm", Equal),
                        by("bore_mm", Equal),
                        by("inner_diameter_mm", Equal),
                        by("diameter_mm", About),
                    ]
                }
            }
            Self::Width => const { &[by("width_mm", Equal), by("across_flats_mm", Equal), by("body_width_mm", About)] },
            Self::Height => {
                const { &[by("height_mm", Equal), by("head_height_mm", Equal), by("body_height_mm", About)] }
            }
            Self::Thickness => const { &[by("thickness_mm", Equal), by("width_mm", Equal), by("height_mm", Equal)] },
            Self::Gauge => const { &[by("gauge_awg", Equal)] },
            Self::Contacts => const { &[by("pins", Equal)] },
            Self::Frame => const { &[by("frame_nema", Equal)] },
            Self::Weight => const { &[by("weight_g", AtMost)] },
            Self::Price => const { &[by("unit_cost", AtMost)] },
            Self::Unrecorded => &[],
        }
    }
}

impl Comparison {
    /// True when `value` answers `asked`.
    pub(crate) fn holds(self, value: f64, asked: f64) -> bool {
        let within = |relative: f64| (value - asked).abs() <= relative * asked.abs().max(f64::MIN_POSITIVE);
        match self {
            Self::Equal => within(EQUAL),
            Self::About => within(ABOUT),
            Self::AtLeast => value >= asked - SLACK * asked.abs(),
            Self::AtMost => value <= asked,
        }
    }
}

/// How far apart two values are, without a unit: 0 for the same, symmetric in twice and half.
pub(crate) fn distance(value: f64, asked: f64) -> f64 {
    if value > 0.0 && asked > 0.0 { (value / asked).ln().abs() } else { (value - asked).abs() }
}

/// A number as a person writes it: at most four decimals, no trailing zeros.
pub(crate) fn number(value: f64) -> String {
    if !value.is_finite() {
        return value.to_string();
    }
    let text = format!("{value:.4}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// A figure with its unit for people: `voltage_v` 24 is `24 V`.
pub(crate) fn with_unit(figure: &str, value: f64) -> String {
    const UNITS: [(&str, &str); 10] = [
        ("_rad_s", "rad/s"),
        ("_ohm_per_m", "Ω/m"),
        ("_rpm", "rpm"),
        ("_mm", "mm"),
        ("_nm", "N·m"),
        ("_v", "V"),
        ("_a", "A"),
        ("_w", "W"),
        ("_g", "g"),
        ("_n", "N"),
    ];
    let number = number(value);
    if figure == "unit_cost" {
        return format!("{number} USD");
    }
    if figure == "gauge_awg" {
        return format!("AWG {number}");
    }
    match UNITS.iter().find(|(suffix, _)| figure.ends_with(suffix)) {
        Some((_, unit)) => format!("{number} {unit}"),
        None => number,
    }
}
