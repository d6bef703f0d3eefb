//! Price and weight of a piece, by method. The same functions price modelled parts and planned parts.

use contract::{part_metadata::ManufacturingMethod, workbench::CostBreakdown};
use serde_json::{Map, Value};

use crate::solid::Solid;
use materials::{CncProcess, ManufacturingConfig, Material, MouldingProcess, PrintProcess, Rates};

/// Share of the set-up that a part pays when an equal part was set up before.
const REUSED_SETUP: f64 = 0.5;
/// Share of the mould that a part pays when an equal part has a mould: its wear.
const REUSED_MOULD: f64 = 0.1;
/// Cooling of a moulded part, seconds for each mm of its largest extent.
const COOLING_S_PER_MM: f64 = 0.5;

/// Larger than any length, area or volume of a part, in mm: a cube of 100 km.
const LARGEST_FIGURE: f64 = 1e24;

const MM3_PER_CM3: f64 = 1000.0;
const MM2_PER_CM2: f64 = 100.0;
const G_PER_KG: f64 = 1000.0;

/// Geometry that determines the price of a piece.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Piece {
    /// mm³.
    pub volume_mm3: f64,
    /// Surface, mm².
    pub area_mm2: f64,
    /// Extent; what is milled is cut from a block of this size, mm.
    pub size_mm: [f64; 3],
}

impl Piece {
    /// The piece that `solid` is.
    pub fn of(solid: &Solid) -> Self {
        Self { volume_mm3: solid.volume_mm3, area_mm2: solid.area_mm2, size_mm: solid.size_mm() }
    }

    /// Whether the figures are valid for a body, so that its price is a finite number.
    pub fn is_measurable(&self) -> bool {
        let mut figures = [self.volume_mm3, self.area_mm2].into_iter().chain(self.size_mm);
        figures.all(|figure| (0.0..=LARGEST_FIGURE).contains(&figure)) && self.volume_mm3 > 0.0
    }

    fn volume_cm3(&self) -> f64 {
        self.volume_mm3 / MM3_PER_CM3
    }

    /// Volume of the block that it is cut from, mm³.
    pub fn stock_mm3(&self) -> f64 {
        self.size_mm.iter().product()
    }
}

/// Which material, with the id under which it is listed.
pub(crate) type Listed<'a> = (&'a str, &'a Material);

/// Price of a series of pieces, and weight of one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Price {
    /// Where the money goes.
    pub breakdown: CostBreakdown,
    /// g.
    pub weight_g: f64,
}

/// Weight of a piece, g.
pub(crate) fn weight_g(piece: &Piece, material: &Material) -> f64 {
    piece.volume_cm3() * material.density_g_cm3
}

/// Prices `quantity` pieces; `None` when the file does not offer the method.
pub(crate) fn price(
    config: &ManufacturingConfig,
    method: ManufacturingMethod,
    material: Listed,
    piece: &Piece,
    quantity: u32,
    is_reused: bool,
) -> Option<Price> {
    let processes = &config.processes;
    let sum = match method {
        ManufacturingMethod::Cnc => milled(processes.cnc.as_ref()?, material, piece, is_reused),
        ManufacturingMethod::InjectionMolding => moulded(processes.im.as_ref()?, material, piece, is_reused),
        ManufacturingMethod::ThreeDPrint => printed(processes.three_dp.as_ref()?, material, piece, is_reused),
    };
    Some(sum.price(material.1, piece, quantity.max(1), is_reused))
}

/// Components of a price.
struct Sum {
    /// Name of the process.
    process: &'static str,
    /// Once for the series, USD.
    setup: f64,
    /// What `setup` is, in words.
    setup_name: &'static str,
    /// Material of one piece, USD.
    material: f64,
    /// Machine time of one piece, USD.
    run: f64,
    /// Explanation of the machine time.
    run_text: String,
    /// Intermediate figures.
    details: Map<String, Value>,
}

impl Sum {
    fn price(mut self, material: &Material, piece: &Piece, quantity: u32, is_reused: bool) -> Price {
        let pieces = f64::from(quantity);
        let total_cost = self.setup + (self.material + self.run) * pieces;
        let unit_cost = total_cost / pieces;
        let weight_g = weight_g(piece, material);
        for (name, value) in [
            ("quantity", pieces),
            ("part_volume_cm3", piece.volume_cm3()),
            ("density_g_cm3", material.density_g_cm3),
            ("run_cost_per_unit_usd", self.run),
        ] {
            self.details.insert(name.to_owned(), value.into());
        }
        let reused = if is_reused { ", reduced because an equal part has it already" } else { "" };
        let explanation = format!(
            "{} ${:.4}{reused} + {quantity} × (material ${:.4} + machine ${:.4}: {}) = ${total_cost:.4}; \
             ${unit_cost:.4} and {weight_g:.2} g per piece",
            self.setup_name, self.setup, self.material, self.run, self.run_text
        );
        let breakdown = CostBreakdown {
            process: self.process.to_owned(),
            total_cost,
            unit_cost,
            material_cost_per_unit: self.material,
            setup_cost: self.setup,
            is_reused,
            details: self.details,
            pricing_explanation: explanation,
        };
        Price { breakdown, weight_g }
    }
}

/// Price of `volume_cm3` of a material, USD.
fn material_cost(rates: &Rates, (id, material): Listed, volume_cm3: f64) -> f64 {
    volume_cm3 * material.density_g_cm3 / G_PER_KG * rates.cost_per_kg(id, material)
}

/// The whole block is bought; the material outside the piece is roughed off, and the surface is finished in close
/// paths.
fn milled(process: &CncProcess, material: Listed, piece: &Piece, is_reused: bool) -> Sum {
    let stock_cm3 = piece.stock_mm3() / MM3_PER_CM3;
    let removed_cm3 = (stock_cm3 - piece.volume_cm3()).max(0.0);
    let roughing_min = removed_cm3 * MM3_PER_CM3 / process.mrr_mm3_per_min;
    let finishing_min = piece.area_mm2 / (process.finishing_feed_rate_mm_min * process.finishing_stepover_mm);
    let hourly = process.rates.hourly_rate(material.1);
    Sum {
        process: "cnc_milling",
        setup: process.setup_fee * if is_reused { REUSED_SETUP } else { 1.0 },
        setup_name: "set-up",
        material: material_cost(&process.rates, material, stock_cm3),
        run: (roughing_min + finishing_min) / 60.0 * hourly,
        run_text: format!(
            "{removed_cm3:.3} cm³ roughed in {roughing_min:.2} min, {:.2} cm² finished in {finishing_min:.2} min, at \
             ${hourly:.2}/h",
            piece.area_mm2 / MM2_PER_CM2
        ),
        details: figures([
            ("stock_volume_cm3", stock_cm3),
            ("removed_volume_cm3", removed_cm3),
            ("surface_area_cm2", piece.area_mm2 / MM2_PER_CM2),
            ("roughing_time_min", roughing_min),
            ("finishing_time_min", finishing_min),
            ("hourly_rate_usd", hourly),
            ("material_cost_per_kg_usd", process.rates.cost_per_kg(material.0, material.1)),
        ]),
    }
}

/// The mould costs more with the surface; a shot takes as long as filling or cooling, whichever is longer.
fn moulded(process: &MouldingProcess, material: Listed, piece: &Piece, is_reused: bool) -> Sum {
    let surface_cm2 = piece.area_mm2 / MM2_PER_CM2;
    let mould = process.base_mold_cost + process.mold_cost_per_surface_area_cm2 * surface_cm2;
    let filling_s = piece.volume_cm3() / process.injection_rate_cm3_s;
    let cooling_s = COOLING_S_PER_MM * piece.size_mm.into_iter().fold(0.0, f64::max);
    let cycle_s = filling_s.max(cooling_s);
    let hourly = process.rates.hourly_rate(material.1);
    Sum {
        process: "injection_molding",
        setup: mould * if is_reused { REUSED_MOULD } else { 1.0 },
        setup_name: "mould",
        material: material_cost(&process.rates, material, piece.volume_cm3()),
        run: cycle_s / 3600.0 * hourly,
        run_text: format!("a cycle of {cycle_s:.2} s at ${hourly:.2}/h"),
        details: figures([
            ("surface_area_cm2", surface_cm2),
            ("mold_cost_usd", mould),
            ("filling_time_s", filling_s),
            ("cooling_time_s", cooling_s),
            ("cycle_time_s", cycle_s),
            ("hourly_rate_usd", hourly),
            ("material_cost_per_kg_usd", process.rates.cost_per_kg(material.0, material.1)),
        ]),
    }
}

/// The volume is built up at a steady rate.
fn printed(process: &PrintProcess, material: Listed, piece: &Piece, is_reused: bool) -> Sum {
    let hours = piece.volume_cm3() / process.deposition_rate_cm3_h;
    let hourly = process.rates.hourly_rate(material.1);
    Sum {
        process: "print_3d",
        setup: process.setup_fee * if is_reused { REUSED_SETUP } else { 1.0 },
        setup_name: "set-up",
        material: material_cost(&process.rates, material, piece.volume_cm3()),
        run: hours * hourly,
        run_text: format!("{:.3} cm³ printed in {hours:.3} h at ${hourly:.2}/h", piece.volume_cm3()),
        details: figures([
            ("print_time_h", hours),
            ("deposition_rate_cm3_h", process.deposition_rate_cm3_h),
            ("hourly_rate_usd", hourly),
            ("material_cost_per_kg_usd", process.rates.cost_per_kg(material.0, material.1)),
        ]),
    }
}

fn figures<const N: usize>(named: [(&str, f64); N]) -> Map<String, Value> {
    named.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::sample_config::shipped;

    /// A cube with edges of 10 mm: 1 cm³ and 6 cm².
    const CUBE: Piece = Piece { volume_mm3: 1000.0, area_mm2: 600.0, size_mm: [10.0; 3] };
    /// A plate of 50 × 40 × 10 mm with a pocket: 12 of 20 cm³ are left, with 70 cm² of surface.
    const POCKET: Piece = Piece { volume_mm3: 12_000.0, area_mm2: 7000.0, size_mm: [50.0, 40.0, 10.0] };

    use ManufacturingMethod::{Cnc, InjectionMolding as Im, ThreeDPrint as Print};

    #[rstest]
    // Stock 1 cm³ · 2.7 g/cm³ = 2.7 g at 6 $/kg = 0.0162. Nothing is roughed off. 600 mm² / (500 · 0.5) mm²/min =
    // 2.4 min at 80 $/h = 3.20. With the set-up of 100: 103.2162.
    #[case::cnc_cube(Cnc, "aluminum_6061", CUBE, 1, false, 103.2162, 2.7)]
    // Half the set-up: 50 + 3.2162.
    #[case::cnc_cube_again(Cnc, "aluminum_6061", CUBE, 1, true, 53.2162, 2.7)]
    // A tenth of the set-up for each: 10 + 3.2162.
    #[case::cnc_ten_cubes(Cnc, "aluminum_6061", CUBE, 10, false, 13.2162, 2.7)]
    // Stock 20 cm³ · 2.7 · 0.006 = 0.324. Roughing 8000 mm³ / 1000 = 8 min, finishing 7000/250 = 28 min; 36 min at
    // 80 $/h = 48. 100 + 48.324; 12 · 2.7 = 32.4 g.
    #[case::cnc_pocket(Cnc, "aluminum_6061", POCKET, 1, false, 148.324, 32.4)]
    // Mould 5000 + 0.5 · 6 = 5003. Material 1.04 g at 2.5 $/kg = 0.0026. Cycle max(0.1, 5) = 5 s at 60 $/h = 1/12.
    #[case::im_cube(Im, "abs", CUBE, 1, false, 5003.0 + 0.0026 + 1.0 / 12.0, 1.04)]
    // A tenth of the mould: 500.3.
    #[case::im_cube_again(Im, "abs", CUBE, 1, true, 500.3 + 0.0026 + 1.0 / 12.0, 1.04)]
    #[case::im_thousand(Im, "abs", CUBE, 1000, false, 5.003 + 0.0026 + 1.0 / 12.0, 1.04)]
    // Mould 5035; material 12 · 1.1 g at 15 $/kg = 0.198; cycle 25 s at 60 $/h = 5/12.
    #[case::im_silicone(Im, "silicone_rubber", POCKET, 1, false, 5035.198 + 5.0 / 12.0, 13.2)]
    // Printed material costs 20 $/kg: 0.0208. 1 cm³ / 15 cm³/h at 20 $/h = 4/3. With the set-up of 10: 11.354.
    #[case::print_cube(Print, "abs", CUBE, 1, false, 10.0208 + 4.0 / 3.0, 1.04)]
    #[case::print_cube_again(Print, "abs", CUBE, 1, true, 5.0208 + 4.0 / 3.0, 1.04)]
    #[case::print_hundred(Print, "abs", CUBE, 100, false, 0.1208 + 4.0 / 3.0, 1.04)]
    fn prices_match_the_hand_computation(
        #[case] method: ManufacturingMethod,
        #[case] material: &str,
        #[case] piece: Piece,
        #[case] quantity: u32,
        #[case] is_reused: bool,
        #[case] unit_cost: f64,
        #[case] weight_g: f64,
    ) {
        let config = shipped();
        let listed = config.listed(material).expect("listed");
        let price = price(&config, method, listed, &piece, quantity, is_reused).expect("offered");
        assert!((price.breakdown.unit_cost - unit_cost).abs() < 1e-9, "{}", price.breakdown.pricing_explanation);
        assert!((price.breakdown.total_cost - unit_cost * f64::from(quantity)).abs() < 1e-6);
        assert!((price.weight_g - weight_g).abs() < 1e-9);
        assert_eq!(price.breakdown.is_reused, is_reused);
    }

    #[test]
    fn large_part_cycle_is_bound_by_filling() {
        // 200 cm³ at 10 cm³/s take 20 s; cooling 20 mm takes 10 s.
        let config = shipped();
        let piece = Piece { volume_mm3: 200_000.0, area_mm2: 1.0, size_mm: [20.0; 3] };
        let price = price(&config, Im, config.listed("abs").expect("listed"), &piece, 1, false).expect("offered");
        assert_eq!(price.breakdown.details["cycle_time_s"], 20.0);
    }

    #[test]
    fn price_is_explained_in_words() {
        let config = shipped();
        let listed = config.listed("aluminum_6061").expect("listed");
        let price = price(&config, Cnc, listed, &CUBE, 1, false).expect("offered");
        assert_eq!(
            price.breakdown.pricing_explanation,
            "set-up $100.0000 + 1 × (material $0.0162 + machine $3.2000: 0.000 cm³ roughed in 0.00 min, 6.00 cm² \
             finished in 2.40 min, at $80.00/h) = $103.2162; $103.2162 and 2.70 g per piece"
        );
    }
}
