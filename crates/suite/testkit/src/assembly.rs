//! What a solution is made of, costs and weighs, as fields; `assembly_definition.yaml` follows from them. Lengths in
//! millimetres, volumes in mm³.

use std::fmt::Write as _;

use crate::change;

/// The definition of an assembly.
#[derive(Debug, Clone, PartialEq)]
pub struct Assembly {
    /// Version of the format.
    pub version: &'static str,
    /// Caps of the benchmark, as the file repeats them.
    pub benchmark: CostAndWeight,
    /// The planner's own targets.
    pub planner: CostAndWeight,
    /// Parts that are made.
    pub made: Vec<Made>,
    /// Parts that are bought.
    pub bought: Vec<Bought>,
    /// What is put together.
    pub placed: Vec<Placed>,
    /// Sums.
    pub totals: CostAndWeight,
    /// How sure the planner is of the sums.
    pub confidence: &'static str,
    /// Leaves out what the schema supplies: version, an empty list of bought parts, the volume of the stock.
    pub is_brief: bool,
}

/// Cost of one unit and its weight.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CostAndWeight {
    /// USD.
    pub usd: f64,
    /// Grams.
    pub g: f64,
}

/// A part that is made; its id is its name with `_v1`.
#[derive(Debug, Clone, PartialEq)]
pub struct Made {
    /// Name.
    pub name: &'static str,
    /// How.
    pub method: Method,
    /// Of what.
    pub material: &'static str,
    /// Pieces in one unit.
    pub quantity: u32,
    /// Volume of one piece, mm³.
    pub volume_mm3: f64,
    /// Estimate for one piece, USD.
    pub unit_cost_usd: f64,
}

/// How a part is made, with the fields that only this method has.
#[derive(Debug, Clone, PartialEq)]
pub enum Method {
    /// Milled from a block with these edges, of which nothing is cut away.
    Milled([f64; 3]),
    /// Printed.
    Printed,
    /// Moulded with walls of this thickness, mm.
    Moulded(f64),
}

/// A part of the catalogue.
#[derive(Debug, Clone, PartialEq)]
pub struct Bought {
    /// Id.
    pub part_id: String,
    /// Who makes it.
    pub manufacturer: String,
    /// Price of one piece, USD.
    pub unit_cost_usd: f64,
    /// Pieces in one unit.
    pub quantity: u32,
    /// Where it comes from.
    pub source: String,
}

/// A part in its place.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Placed {
    /// Name or id of the part.
    pub name: String,
    /// Ways in which it can move; none, and the file does not mention motion.
    pub dofs: Vec<&'static str>,
    /// What drives it, as YAML on one line.
    pub control: String,
}

impl Bought {
    /// A servo MG996R.
    pub fn servo() -> Self {
        Self {
            part_id: "MG996R".to_owned(),
            manufacturer: "TowerPro".to_owned(),
            unit_cost_usd: 12.0,
            quantity: 1,
            source: "catalog".to_owned(),
        }
    }
}

impl Placed {
    /// A part that does not move by itself.
    pub fn still(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }
}

impl Assembly {
    /// The same with a change.
    ///
    /// # Panics
    /// Nothing was changed.
    #[must_use]
    #[track_caller]
    pub fn with(&self, change: impl FnOnce(&mut Self)) -> Self {
        change::with(self, change)
    }

    /// `assembly_definition.yaml`.
    pub fn to_yaml(&self) -> String {
        let Self { version, benchmark, planner, totals, confidence, .. } = self;
        let mut text = if self.is_brief { String::new() } else { format!("version: {version:?}\n") };
        let _ = write!(
            text,
            "constraints:\n  \
               benchmark_max_unit_cost_usd: {:?}\n  \
               benchmark_max_weight_g: {:?}\n  \
               planner_target_max_unit_cost_usd: {:?}\n  \
               planner_target_max_weight_g: {:?}\n\
             manufactured_parts:\n",
            benchmark.usd, benchmark.g, planner.usd, planner.g,
        );
        for part in &self.made {
            part.write_to(&mut text, self.is_brief);
        }
        match self.bought[..] {
            [] if self.is_brief => {}
            [] => text.push_str("cots_parts: []\n"),
            _ => text.push_str("cots_parts:\n"),
        }
        for Bought { part_id, manufacturer, unit_cost_usd, quantity, source } in &self.bought {
            let _ = writeln!(
                text,
                "  - {{part_id: {part_id}, manufacturer: {manufacturer}, unit_cost_usd: {unit_cost_usd:?}, \
                 quantity: {quantity}, source: {source:?}}}"
            );
        }
        text.push_str("final_assembly:\n");
        for Placed { name, dofs, control } in &self.placed {
            let _ = writeln!(text, "  - name: {name}");
            if !dofs.is_empty() {
                let dofs = dofs.join(", ");
                let _ = writeln!(text, "    config:\n      dofs: [{dofs}]\n      control: {control}");
            }
        }
        let _ = write!(
            text,
            "totals:\n  estimated_unit_cost_usd: {:?}\n  estimated_weight_g: {:?}\n  estimate_confidence: {confidence}\n",
            totals.usd, totals.g,
        );
        text
    }
}

impl Made {
    fn write_to(&self, text: &mut String, is_brief: bool) {
        let Self { name, material, quantity, volume_mm3, unit_cost_usd, .. } = self;
        let (method, fields) = match &self.method {
            Method::Milled([x, y, z]) => {
                let volume = if is_brief { String::new() } else { format!("    stock_volume_mm3: {:?}\n", x * y * z) };
                let stock = format!("    stock_bbox_mm: {{x: {x:?}, y: {y:?}, z: {z:?}}}\n");
                ("CNC", format!("{stock}{volume}    removed_volume_mm3: 0.0\n"))
            }
            Method::Printed => ("3DP", String::new()),
            Method::Moulded(wall_mm) => ("IM", format!("    wall_thickness_mm: {wall_mm:?}\n")),
        };
        let _ = write!(
            text,
            "  - part_name: {name}\n    part_id: {name}_v1\n    manufacturing_method: {method}\n    \
             material_id: {material}\n    quantity: {quantity}\n    part_volume_mm3: {volume_mm3:?}\n\
             {fields}    estimated_unit_cost_usd: {unit_cost_usd:?}\n"
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::{mechanisms, solutions::Solution};

    use super::*;

    #[test]
    fn file_says_what_the_fields_say() {
        let servo = "cots_parts:\n  - {part_id: MG996R, manufacturer: TowerPro, unit_cost_usd: 12.0, quantity: 1, \
                     source: \"catalog\"}\n";
        let bracket = Solution::bracket().assembly.with(|it| it.bought.push(Bought::servo()));
        assert_eq!(
            bracket.to_yaml(),
            format!(
                "version: \"1.0\"\nconstraints:\n  benchmark_max_unit_cost_usd: 150.0\n  \
                 benchmark_max_weight_g: 50.0\n  planner_target_max_unit_cost_usd: 120.0\n  \
                 planner_target_max_weight_g: 20.0\nmanufactured_parts:\n  - part_name: bracket\n    \
                 part_id: bracket_v1\n    manufacturing_method: CNC\n    material_id: aluminum_6061\n    \
                 quantity: 1\n    part_volume_mm3: 4000.0\n    stock_bbox_mm: {{x: 20.0, y: 20.0, z: 10.0}}\n    \
                 stock_volume_mm3: 4000.0\n    removed_volume_mm3: 0.0\n    estimated_unit_cost_usd: 108.5981\n\
                 {servo}final_assembly:\n  - name: bracket\ntotals:\n  estimated_unit_cost_usd: 108.5981\n  \
                 estimated_weight_g: 10.8\n  estimate_confidence: high\n"
            )
        );
        let moulded = Solution::moulded().assembly.to_yaml();
        assert!(moulded.contains("  manufacturing_method: IM\n    material_id: abs\n"), "{moulded}");
        assert!(
            moulded.contains("4000.0\n    wall_thickness_mm: 3.0\n    estimated_unit_cost_usd: 1.0\n"),
            "{moulded}"
        );
        assert!(moulded.contains("\ncots_parts: []\n"), "{moulded}");
    }

    #[test]
    fn brief_file_leaves_out_what_the_schema_supplies() {
        let text = mechanisms::driven_disc("{mode: hold}").assembly.to_yaml();
        for absent in ["version", "cots_parts", "stock_volume_mm3"] {
            assert!(!text.contains(absent), "{absent} is in\n{text}");
        }
        let driven = "  - name: disc\n    config:\n      dofs: [rotate_z]\n      control: {mode: hold}\ntotals:";
        assert!(text.contains(driven), "{text}");
    }

    #[test]
    #[should_panic(expected = "nothing was changed")]
    fn change_without_effect_is_refused() {
        let _ = Solution::bracket().assembly.with(|it| it.totals.g = 10.8);
    }
}
