//! Recomputes a planner's estimate with the same functions that price the finished design.

use std::collections::BTreeMap;

use contract::{
    assembly::{ASSEMBLY_DEFINITION_FILE, AssemblyDefinition, CostingEstimate, ManufacturedPartEstimate, StockSize},
    catalog_version::CatalogVersion,
    part_metadata::ManufacturingMethod,
    violations::Violation,
};
use materials::{BoughtPart, ManufacturingConfig};

use crate::{
    analysis::material_of,
    electronics::{price_electronics, unknown_cots},
    flaw::Flaw,
    price::{self, Piece},
};

/// Decimals that computed figures keep, money as well as weights.
const FIGURE_DECIMALS: i32 = 4;
/// Decimals of computed volumes, mm³.
const VOLUME_DECIMALS: i32 = 2;

/// Result of recomputing an estimate.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimated {
    /// Prices and sums.
    pub estimate: CostingEstimate,
    /// The definition with its computed figures filled in.
    pub definition: AssemblyDefinition,
    /// What cannot be priced or is contradictory.
    pub violations: Vec<Violation>,
}

/// Recomputes a planner's estimate of one of `units` units: prices, sums, stock and removed volumes, prices of bought
/// parts.
///
/// A part of which a unit has several pieces costs what the pieces of the finished design will cost on average: the
/// first with full set-up or mould, the others with the share that equal parts pay. What the plan leaves open is
/// derived from the block of stock: the surface, and the extent that decides how long a moulded part cools. A plan
/// without a block counts as a cube of the part's volume.
pub fn estimate(
    config: &ManufacturingConfig,
    bought: &dyn Fn(&str) -> Option<BoughtPart>,
    definition: &AssemblyDefinition,
    catalog: CatalogVersion,
    units: u32,
) -> Estimated {
    let mut definition = definition.clone();
    let mut violations = Vec::new();
    let (mut unit_cost, mut weight_g) = (0.0, 0.0);
    let (mut manufactured, mut cots) = (BTreeMap::new(), BTreeMap::new());

    for (index, part) in definition.manufactured_parts.iter_mut().enumerate() {
        fill_volumes(part);
        let place = format!("manufactured_parts[{index}]");
        let Some((each, weight)) = price_planned(config, part, units, &place, &mut violations) else { continue };
        part.estimated_unit_cost_usd = rounded(each, FIGURE_DECIMALS);
        manufactured.insert(part.part_id.clone(), part.estimated_unit_cost_usd);
        unit_cost += each * f64::from(part.quantity);
        weight_g += weight * f64::from(part.quantity);
    }
    for (index, part) in definition.cots_parts.iter_mut().enumerate() {
        let Some(found) = bought(&part.part_id) else {
            violations.push(unknown_cots(format!("cots_parts[{index}].part_id"), &part.part_id));
            continue;
        };
        part.unit_cost_usd = rounded(found.unit_cost, FIGURE_DECIMALS);
        cots.insert(part.part_id.clone(), part.unit_cost_usd);
        unit_cost += found.unit_cost * f64::from(part.quantity);
        weight_g += found.weight_g * f64::from(part.quantity);
    }
    if let Some(electronics) = &definition.electronics {
        let priced = price_electronics(config, bought, electronics, &definition.cots_parts);
        unit_cost += priced.unit_cost;
        weight_g += priced.weight_g;
        violations.extend(priced.violations);
        let components = priced.component_unit_cost_usd.into_iter();
        cots.extend(components.map(|(id, price)| (id, rounded(price, FIGURE_DECIMALS))));
    }

    let estimate = CostingEstimate {
        manufactured_unit_cost_usd: manufactured,
        cots_unit_cost_usd: cots,
        estimated_unit_cost_usd: rounded(unit_cost, FIGURE_DECIMALS),
        estimated_weight_g: rounded(weight_g, FIGURE_DECIMALS),
        catalog: catalog.clone(),
    };
    definition.totals.estimated_unit_cost_usd = estimate.estimated_unit_cost_usd;
    definition.totals.estimated_weight_g = estimate.estimated_weight_g;
    definition.catalog = Some(catalog);
    Estimated { estimate, definition, violations }
}

/// Stock and removed volume follow from the block of stock.
fn fill_volumes(part: &mut ManufacturedPartEstimate) {
    let Some(stock) = part.stock_bbox_mm else { return };
    let volume = stock.x * stock.y * stock.z;
    part.stock_volume_mm3 = Some(rounded(volume, VOLUME_DECIMALS));
    let removed =
        if part.manufacturing_method == ManufacturingMethod::Cnc { volume - part.part_volume_mm3 } else { 0.0 };
    part.removed_volume_mm3 = Some(rounded(removed.max(0.0), VOLUME_DECIMALS));
}

/// Price and weight of one piece; `None` when a violation says why.
fn price_planned(
    config: &ManufacturingConfig,
    part: &ManufacturedPartEstimate,
    units: u32,
    place: &str,
    violations: &mut Vec<Violation>,
) -> Option<(f64, f64)> {
    let method = part.manufacturing_method;
    let (listed, fault) = match material_of(config, method, Some(&part.material_id)) {
        Ok((listed, fault)) => (Some(listed), fault),
        Err(fault) => (None, Some(fault)),
    };
    violations.extend(fault.map(|fault| by_material(fault, place)));
    violations.extend(stock_violation(part, place));
    let piece = planned_piece(part);
    if !piece.is_measurable() {
        let field = format!("{place}.part_volume_mm3");
        let message =
            format!("{field}: volumes, surfaces and sizes must be finite and not negative, and a part has a volume");
        violations.push(violation("assembly.volume", message, field).measured(part.part_volume_mm3));
        return None;
    }
    let listed = listed?;
    let of_piece = |is_reused| price::price(config, method, listed, &piece, units, is_reused);
    let (Some(first), Some(next)) = (of_piece(false), of_piece(true)) else {
        let field = format!("{place}.manufacturing_method");
        let message = format!("{field}: {} has no section for {}", config.file(), method.name());
        violations.push(violation("assembly.method_unsupported", message, field).measured(method.name()));
        return None;
    };
    let pieces = f64::from(part.quantity.max(1));
    let each = (first.breakdown.unit_cost + (pieces - 1.0) * next.breakdown.unit_cost) / pieces;
    Some((each, first.weight_g))
}

/// The piece that a plan describes.
fn planned_piece(part: &ManufacturedPartEstimate) -> Piece {
    let edge = part.part_volume_mm3.cbrt();
    let StockSize { x, y, z } = part.stock_bbox_mm.unwrap_or(StockSize { x: edge, y: edge, z: edge });
    let area_mm2 = part.surface_area_mm2.unwrap_or(2.0 * (x * y + y * z + z * x));
    Piece { volume_mm3: part.part_volume_mm3, area_mm2, size_mm: [x, y, z] }
}

/// A milled part needs a block, and no part is larger than its block.
fn stock_violation(part: &ManufacturedPartEstimate, place: &str) -> Option<Violation> {
    let field = format!("{place}.stock_bbox_mm");
    let Some(stock) = part.stock_bbox_mm else {
        let needed = part.manufacturing_method == ManufacturingMethod::Cnc;
        let message = format!("{field}: a milled part needs the size of the block that it is cut from (x, y, z)");
        return needed.then(|| violation("assembly.stock_missing", message, field));
    };
    let volume = stock.x * stock.y * stock.z;
    (volume < part.part_volume_mm3 * (1.0 - 1e-9)).then(|| {
        let message = format!(
            "{field}: the stock has {volume:.2} mm³, less than the part's {:.2} mm³ (part_volume_mm3); correct one of them",
            part.part_volume_mm3
        );
        violation("assembly.stock_too_small", message, field).measured(volume).limit(part.part_volume_mm3)
    })
}

/// The same finding, of a plan.
fn by_material(fault: Flaw, place: &str) -> Violation {
    let field = format!("{place}.material_id");
    let rule = fault.rule.replacen("part.", "assembly.", 1);
    let found = violation(&rule, format!("{field}: {}", fault.message), field);
    Violation { measured: fault.measured, limit: fault.limit, ..found }
}

fn violation(rule: &str, message: String, field: String) -> Violation {
    Violation::new(ASSEMBLY_DEFINITION_FILE, rule, message).at(field)
}

/// Rounded to this many decimals.
fn rounded(value: f64, decimals: i32) -> f64 {
    let scale = 10.0_f64.powi(decimals);
    (value * scale).round() / scale
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::sample_config::shipped;

    fn catalogue(id: &str) -> Option<BoughtPart> {
        (id == "screw").then(|| BoughtPart {
            part_id: id.into(),
            category: "fastener".into(),
            unit_cost: 0.15,
            weight_g: 1.2,
        })
    }

    fn version() -> CatalogVersion {
        CatalogVersion {
            catalog_version: "1.0.0".into(),
            bd_warehouse_commit: "a048a73".into(),
            generated_at: "2026-02-19T00:00:00Z".into(),
        }
    }

    /// A definition with these parts.
    fn definition(manufactured: &str, cots: &str, electronics: &str) -> AssemblyDefinition {
        serde_yaml::from_str(&format!(
            "constraints: {{benchmark_max_unit_cost_usd: 500, benchmark_max_weight_g: 500,\n  \
             planner_target_max_unit_cost_usd: 400, planner_target_max_weight_g: 400}}\n\
             manufactured_parts: [{manufactured}]\n\
             cots_parts: [{cots}]\n\
             electronics: {electronics}\n\
             totals: {{estimated_unit_cost_usd: 1, estimated_weight_g: 1, estimate_confidence: low}}\n"
        ))
        .expect("it fits")
    }

    fn part(method: &str, material: &str, quantity: u32, rest: &str) -> String {
        format!(
            "{{part_name: arm, part_id: arm_1, manufacturing_method: {method}, material_id: {material}, quantity: \
             {quantity}, estimated_unit_cost_usd: 0, {rest}}}"
        )
    }

    const CUBE_STOCK: &str = "stock_bbox_mm: {x: 10, y: 10, z: 10}";

    #[rstest]
    // The cube of 10 mm: as the finished part, 103.2162 and 2.7 g.
    #[case::cube(
        "cnc",
        "aluminum_6061",
        1,
        "part_volume_mm3: 1000, stock_bbox_mm: {x: 10, y: 10, z: 10}",
        103.2162,
        2.7
    )]
    // (103.2162 + 53.2162) / 2.
    #[case::twins(
        "cnc",
        "aluminum_6061",
        2,
        "part_volume_mm3: 1000, stock_bbox_mm: {x: 10, y: 10, z: 10}",
        78.2162,
        2.7
    )]
    // Removed 600 mm³ take 0.6 min; the surface of 750 mm² takes 3 min; 3.6 min at 80 $/h = 4.8. 100.0162 + 4.8.
    #[case::pocket(
        "CNC",
        "aluminum_6061",
        1,
        "part_volume_mm3: 400, stock_bbox_mm: {x: 10, y: 10, z: 10}, surface_area_mm2: 750",
        104.8162,
        1.08
    )]
    // 10 cm³: 0.208 of material and 2/3 h at 20 $/h, 10 for the set-up.
    #[case::print("3d_printing", "abs", 1, "part_volume_mm3: 10000", 23.5413, 10.4)]
    // Without a block a cube of 8 cm³ with 24 cm²: mould 5012; 8.32 g cost 0.0208; 10 s at 60 $/h = 1/6.
    #[case::mould("im", "abs", 1, "part_volume_mm3: 8000, wall_thickness_mm: 2", 5012.1875, 8.32)]
    fn planned_part_costs_the_same_as_a_finished_one(
        #[case] method: &str,
        #[case] material: &str,
        #[case] quantity: u32,
        #[case] rest: &str,
        #[case] each: f64,
        #[case] weight_g: f64,
    ) {
        let plan = definition(&part(method, material, quantity, rest), "", "null");
        let Estimated { estimate, definition, violations } = estimate(&shipped(), &catalogue, &plan, version(), 1);
        assert_eq!(violations, Vec::new());
        assert_eq!(estimate.manufactured_unit_cost_usd["arm_1"], each);
        assert_eq!(definition.manufactured_parts[0].estimated_unit_cost_usd, each);
        assert!((estimate.estimated_unit_cost_usd - each * f64::from(quantity)).abs() < 1e-9);
        assert!((estimate.estimated_weight_g - weight_g * f64::from(quantity)).abs() < 1e-9);
        assert_eq!(definition.totals.estimated_unit_cost_usd, estimate.estimated_unit_cost_usd);
        assert_eq!(definition.totals.estimated_weight_g, estimate.estimated_weight_g);
        assert_eq!(definition.catalog, Some(version()));
    }

    #[test]
    fn volumes_are_filled_in() {
        let milled = part("cnc", "aluminum_6061", 1, "part_volume_mm3: 400, stock_bbox_mm: {x: 10.001, y: 10, z: 10}");
        let printed = part("3dp", "abs", 1, "part_volume_mm3: 400, stock_bbox_mm: {x: 10, y: 10, z: 10}");
        let plan = definition(&format!("{milled}, {printed}"), "", "null");
        let filled = estimate(&shipped(), &catalogue, &plan, version(), 1).definition.manufactured_parts;
        assert_eq!((filled[0].stock_volume_mm3, filled[0].removed_volume_mm3), (Some(1000.1), Some(600.1)));
        assert_eq!((filled[1].stock_volume_mm3, filled[1].removed_volume_mm3), (Some(1000.0), Some(0.0)));
    }

    #[test]
    fn bought_parts_and_wires_add_catalogue_prices() {
        let screws = "{part_id: screw, manufacturer: M, unit_cost_usd: 99, quantity: 4, source: catalog}";
        let circuit = "{power_supply: {voltage_dc: 24, max_current_a: 5}, wiring: [{wire_id: w, from: {component: a, \
                       terminal: x}, to: {component: b, terminal: y}, gauge_awg: 24, length_mm: 1000}]}";
        let Estimated { estimate, definition, violations } =
            estimate(&shipped(), &catalogue, &definition("", screws, circuit), version(), 1);
        assert_eq!(violations, Vec::new());
        assert_eq!(definition.cots_parts[0].unit_cost_usd, 0.15);
        // Four screws and a metre of wire at 0.20.
        assert_eq!(estimate.estimated_unit_cost_usd, 0.8);
        // 4 · 1.2 g, and π/4 · 0.511² mm² = 0.205084 mm² of copper: 1.8376 g.
        assert_eq!(estimate.estimated_weight_g, 6.6376);
    }

    #[test]
    fn a_series_shares_its_mould() {
        let plan = definition(&part("im", "abs", 1, "part_volume_mm3: 8000"), "", "null");
        // 5012 / 1000 + 0.0208 + 1/6.
        let series = estimate(&shipped(), &catalogue, &plan, version(), 1000);
        assert_eq!(series.estimate.estimated_unit_cost_usd, 5.1995);
    }

    #[rstest]
    #[case::unknown_material("cnc", "wood", CUBE_STOCK, 1000.0, "assembly.unknown_material", "\"wood\"")]
    #[case::wrong_method("cnc", "abs", CUBE_STOCK, 1000.0, "assembly.material_method", "cannot be worked by cnc")]
    #[case::small_stock("cnc", "aluminum_6061", CUBE_STOCK, 1001.0, "assembly.stock_too_small", "1000.00 mm³")]
    #[case::no_stock("cnc", "aluminum_6061", "version: x", 1000.0, "assembly.stock_missing", "block")]
    #[case::no_volume("3dp", "abs", "version: x", 0.0, "assembly.volume", "part_volume_mm3")]
    #[case::not_a_number("3dp", "abs", "surface_area_mm2: .nan", 5.0, "assembly.volume", "finite")]
    fn contradictions_of_a_plan_are_named(
        #[case] method: &str,
        #[case] material: &str,
        #[case] rest: &str,
        #[case] volume: f64,
        #[case] rule: &str,
        #[case] text: &str,
    ) {
        let rest = format!("part_volume_mm3: {volume:?}, {rest}");
        let plan = definition(&part(method, material, 1, &rest), "", "null");
        let Estimated { violations, estimate, .. } = estimate(&shipped(), &catalogue, &plan, version(), 1);
        let [violation] = violations.as_slice() else { panic!("{violations:?}") };
        assert_eq!((violation.file.as_str(), violation.rule.as_str()), (ASSEMBLY_DEFINITION_FILE, rule));
        assert!(violation.place.as_deref().is_some_and(|place| place.starts_with("manufactured_parts[0].")));
        assert!(violation.message.contains(text), "{}", violation.message);
        assert!(estimate.estimated_unit_cost_usd.is_finite());
    }

    #[test]
    fn an_unknown_bought_part_is_named() {
        let nail = "{part_id: nail, manufacturer: M, unit_cost_usd: 1, quantity: 4, source: catalog}";
        let violations = estimate(&shipped(), &catalogue, &definition("", nail, "null"), version(), 1).violations;
        let [violation] = violations.as_slice() else { panic!("{violations:?}") };
        assert_eq!(
            (violation.rule.as_str(), violation.place.as_deref()),
            ("assembly.unknown_cots", Some("cots_parts[0].part_id"))
        );
    }
}
