//! A circuit's price and weight: bought components and wires.

use std::collections::BTreeMap;

use contract::{
    assembly::{ASSEMBLY_DEFINITION_FILE, CotsPartEstimate, ElectronicsSection},
    violations::Violation,
};

use materials::{BoughtPart, ManufacturingConfig, wires};

/// Price and weight of a circuit.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PricedElectronics {
    /// Components and wires, USD.
    pub unit_cost: f64,
    /// Components and wires, g.
    pub weight_g: f64,
    /// Price of one piece of each component, USD, by catalogue id.
    pub component_unit_cost_usd: BTreeMap<String, f64>,
    /// Components that the catalogue does not have.
    pub violations: Vec<Violation>,
}

/// Prices the components that have a catalogue id, and the wires.
///
/// `listed` are the parts that are bought anyway: a component among them is one of those pieces, and only those beyond
/// the listed quantity are added.
pub fn price_electronics(
    config: &ManufacturingConfig,
    bought: &dyn Fn(&str) -> Option<BoughtPart>,
    electronics: &ElectronicsSection,
    listed: &[CotsPartEstimate],
) -> PricedElectronics {
    let mut priced = PricedElectronics::default();
    let mut at_hand: BTreeMap<&str, u32> = BTreeMap::new();
    for part in listed {
        let pieces = at_hand.entry(&part.part_id).or_default();
        *pieces = pieces.saturating_add(part.quantity);
    }
    for (index, component) in electronics.components.iter().enumerate() {
        let Some(id) = component.cots_part_id.as_deref() else { continue };
        if let Some(pieces) = at_hand.get_mut(id).filter(|pieces| **pieces > 0) {
            *pieces -= 1;
            continue;
        }
        let Some(part) = bought(id) else {
            priced.violations.push(unknown_cots(format!("electronics.components[{index}].cots_part_id"), id));
            continue;
        };
        priced.unit_cost += part.unit_cost;
        priced.weight_g += part.weight_g;
        priced.component_unit_cost_usd.insert(id.to_owned(), part.unit_cost);
    }
    for wire in electronics.wiring.iter().filter(|wire| wire.length_mm.is_finite() && wire.length_mm > 0.0) {
        priced.unit_cost += wires::cost(config, wire.gauge_awg, wire.length_mm);
        priced.weight_g += wires::weight_g(wire.gauge_awg, wire.length_mm);
    }
    priced
}

/// A part of the assembly definition that the catalogue does not have.
pub(crate) fn unknown_cots(place: String, id: &str) -> Violation {
    let message = format!("{place}: the catalogue has no part {id:?}; search it and take a part_id from its answer");
    Violation::new(ASSEMBLY_DEFINITION_FILE, "assembly.unknown_cots", message).at(place).measured(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample_config::shipped;

    fn catalogue(id: &str) -> Option<BoughtPart> {
        let (unit_cost, weight_g) = match id {
            "supply" => (35.0, 760.0),
            "relay" => (1.5, 10.0),
            _ => return None,
        };
        Some(BoughtPart { part_id: id.into(), category: "electrical".into(), unit_cost, weight_g })
    }

    #[test]
    fn components_and_wires_are_each_counted_once() {
        let electronics: ElectronicsSection = serde_yaml::from_str(
            "power_supply: {voltage_dc: 24, max_current_a: 5}\n\
             components:\n\
             - {component_id: psu, type: power_supply, cots_part_id: supply}\n\
             - {component_id: r1, type: relay, cots_part_id: relay}\n\
             - {component_id: r2, type: relay, cots_part_id: relay}\n\
             - {component_id: m, type: motor}\n\
             - {component_id: x, type: connector, cots_part_id: plug}\n\
             wiring:\n\
             - wire_id: w\n  \
               from: {component: supply, terminal: v+}\n  \
               to: {component: m, terminal: +}\n  \
               gauge_awg: 18\n  \
               length_mm: 2000\n",
        )
        .expect("it fits");
        let relay = CotsPartEstimate {
            part_id: "relay".into(),
            manufacturer: "Generic".into(),
            unit_cost_usd: 0.0,
            quantity: 1,
            source: "catalog".into(),
        };
        let priced = price_electronics(&shipped(), &catalogue, &electronics, &[relay]);
        // 35 + the second relay 1.5 + 2 m at 0.5; 760 + 10 + 14.758 g of copper.
        assert!((priced.unit_cost - 37.5).abs() < 1e-12, "{priced:?}");
        assert!((priced.weight_g - 784.758).abs() < 1e-4, "{priced:?}");
        let [violation] = priced.violations.as_slice() else { panic!("{priced:?}") };
        assert_eq!(violation.place.as_deref(), Some("electronics.components[4].cots_part_id"));
        assert!(violation.message.contains("\"plug\""), "{violation}");
    }
}
