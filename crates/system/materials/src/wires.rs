//! Wires by American wire gauge: diameter, weight and price.

use std::f64::consts::PI;

use crate::config::ManufacturingConfig;

/// Density of copper, g/cm³. A wire of 1 mm² weighs as many grams a metre.
pub const COPPER_DENSITY_G_CM3: f64 = 8.96;

/// Price of a wire of a gauge that `manufacturing_config.yaml` does not list, USD/m.
pub const UNLISTED_PRICE_PER_M: f64 = 0.5;

/// Diameter of a solid wire, mm. The law of the gauge; the even gauges from 10 to 26 as the trade's tables round them.
pub fn diameter_mm(gauge_awg: u32) -> f64 {
    let diameter = 0.127 * 92.0_f64.powf((36.0 - f64::from(gauge_awg)) / 39.0);
    let is_in_tables = (10..=26).contains(&gauge_awg) && gauge_awg.is_multiple_of(2);
    if is_in_tables { (diameter * 1000.0).round() / 1000.0 } else { diameter }
}

/// Weight, g.
pub fn weight_g(gauge_awg: u32, length_mm: f64) -> f64 {
    let area_mm2 = PI / 4.0 * diameter_mm(gauge_awg).powi(2);
    length_mm / 1000.0 * area_mm2 * COPPER_DENSITY_G_CM3
}

/// Price, USD.
pub fn cost(config: &ManufacturingConfig, gauge_awg: u32, length_mm: f64) -> f64 {
    length_mm / 1000.0 * config.wire_price_per_m(gauge_awg).unwrap_or(UNLISTED_PRICE_PER_M)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::config::tests::shipped;

    #[rstest]
    #[case(10, 2.588)]
    #[case(12, 2.053)]
    #[case(14, 1.628)]
    #[case(16, 1.291)]
    #[case(18, 1.024)]
    #[case(20, 0.812)]
    #[case(22, 0.644)]
    #[case(24, 0.511)]
    #[case(26, 0.405)]
    fn awg_law_matches_the_tabled_diameters(#[case] gauge: u32, #[case] diameter: f64) {
        assert_eq!(diameter_mm(gauge), diameter);
    }

    #[test]
    fn untabled_gauges_follow_the_awg_law() {
        // Gauge 36 is 0.127 mm by definition; 39 steps further up the wire is 92 times as thick.
        assert!((diameter_mm(36) - 0.127).abs() < 1e-15);
        assert!((diameter_mm(30) - 0.127 * 92.0_f64.powf(6.0 / 39.0)).abs() < 1e-15);
    }

    #[test]
    fn weight_and_price_follow_from_length() {
        // π/4 · 1.024² mm² = 0.823550 mm²; · 8.96 g/cm³ · 2 m = 14.7580 g.
        assert!((weight_g(18, 2000.0) - 14.7580).abs() < 1e-4);
        assert_eq!(cost(&shipped(), 18, 2000.0), 1.0);
        assert_eq!(cost(&shipped(), 24, 500.0), 0.1);
        assert_eq!(cost(&shipped(), 30, 500.0), 0.25);
    }
}
