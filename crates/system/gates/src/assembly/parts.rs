//! Rules for the parts that are made and bought.

use std::collections::{HashMap, HashSet};

use contract::part_metadata::ManufacturingMethod;

use super::check_named;
use crate::{
    numbers,
    report::{Report, broken},
    wording::quoted,
    yaml::Field,
};

/// Names and ids of all parts that the file lists.
#[derive(Debug, Default)]
pub(super) struct ListedParts {
    names: HashSet<String>,
    made: HashSet<String>,
}

impl ListedParts {
    /// True for the name or id of any part.
    pub(super) fn has(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// True for the name or id of a part that is made.
    pub(super) fn makes(&self, name: &str) -> bool {
        self.made.contains(name)
    }
}

/// Checks `manufactured_parts` and `cots_parts`.
pub(super) fn check(report: &mut Report, root: &Field) -> ListedParts {
    let made = root.at("manufactured_parts").items();
    let bought = root.at("cots_parts").items();
    for part in &made {
        check_made(report, part);
    }
    for part in &bought {
        check_quantity(report, part);
        numbers::not_negative(report, &part.at("unit_cost_usd"), "USD");
    }
    check_names(report, &made, &bought)
}

/// True when the part names a method that is known.
pub(super) fn has_known_method(part: &Field) -> bool {
    part.at("manufacturing_method").text().and_then(|text| ManufacturingMethod::of_any_spelling(&text)).is_some()
}

/// Name of a part in messages.
fn title(part: &Field) -> String {
    let name = ["part_name", "part_id"].iter().find_map(|key| part.at(key).text());
    name.map_or_else(|| part.key().to_owned(), |name| format!("part {}", quoted(&name)))
}

fn check_made(report: &mut Report, part: &Field) {
    check_method(report, part);
    check_quantity(report, part);
    check_named(report, &part.at("material_id"));
    let stock = part.at("stock_bbox_mm");
    for (field, unit) in [
        (part.at("part_volume_mm3"), "mm³"),
        (stock.at("x"), "mm"),
        (stock.at("y"), "mm"),
        (stock.at("z"), "mm"),
        (part.at("stock_volume_mm3"), "mm³"),
        (part.at("removed_volume_mm3"), "mm³"),
        (part.at("surface_area_mm2"), "mm²"),
        (part.at("wall_thickness_mm"), "mm"),
        (part.at("estimated_unit_cost_usd"), "USD"),
    ] {
        numbers::not_negative(report, &field, unit);
    }
}

fn check_method(report: &mut Report, part: &Field) {
    let field = part.at("manufacturing_method");
    let Some(text) = field.text() else { return };
    let Some(method) = ManufacturingMethod::of_any_spelling(&text) else {
        let known: Vec<_> = ManufacturingMethod::ALL.iter().map(|method| method.name()).collect();
        let message = format!("unknown manufacturing method {}; {} are known", quoted(&text), known.join(", "));
        report.add(broken("unknown_method", message).at(field.place()).measured(text).limit(known));
        return;
    };
    let needed: &[&str] = match method {
        ManufacturingMethod::Cnc => &["stock_bbox_mm", "removed_volume_mm3"],
        ManufacturingMethod::InjectionMolding => &["wall_thickness_mm"],
        ManufacturingMethod::ThreeDPrint => &[],
    };
    for field in needed.iter().map(|key| part.at(key)).filter(Field::is_absent) {
        let message = format!("{} is made by {} and needs {}", title(part), method.name(), field.key());
        report.add(broken("method_field", message).at(field.place()).limit(needed));
    }
    if method == ManufacturingMethod::InjectionMolding && part.at("wall_thickness_mm").number() == Some(0.0) {
        numbers::positive(report, &part.at("wall_thickness_mm"), "mm");
    }
}

fn check_quantity(report: &mut Report, part: &Field) {
    let quantity = part.at("quantity");
    // Below zero, the schema has already reported it.
    if quantity.number() == Some(0.0) {
        let message = format!("the quantity of {} must be at least 1, found 0", title(part));
        report.add(broken("quantity", message).at(quantity.place()).measured(0).limit(1));
    }
}

/// A part may have the same name and id; two parts may not share either.
fn check_names(report: &mut Report, made: &[Field], bought: &[Field]) -> ListedParts {
    let mut owners: HashMap<String, String> = HashMap::new();
    let mut parts = ListedParts::default();
    let all = made.iter().map(|part| (part, true)).chain(bought.iter().map(|part| (part, false)));
    for (part, is_made) in all {
        for field in [part.at("part_name"), part.at("part_id")] {
            // A bought part has no name; a `part_name` is ignored like any other unknown key.
            let Some(name) = field.text().filter(|_| is_made || field.key() == "part_id") else { continue };
            if field.key() == "part_id" && part.at("part_name").text().as_ref() == Some(&name) {
                continue;
            }
            check_named(report, &field);
            if let Some(owner) = owners.get(&name).filter(|owner| owner.as_str() != part.place()) {
                let message = format!("{} already names {owner}; names and ids must be unique", quoted(&name));
                report.add(broken("duplicate_part", message).at(field.place()).measured(name));
                continue;
            }
            if is_made {
                parts.made.insert(name.clone());
            }
            parts.names.insert(name.clone());
            owners.insert(name, part.place().to_owned());
        }
    }
    parts
}
