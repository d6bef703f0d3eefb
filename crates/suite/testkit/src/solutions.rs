//! Whole engineering workspaces: script, objectives, plan, to-do list and assembly definition that belong together and
//! pass every gate. A test changes the one thing that it is about.

use crate::{change::Changed, designs};

/// The files of a solution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Solution {
    /// `script.py`.
    pub script: String,
    /// `objectives.yaml`.
    pub objectives: String,
    /// `plan.md`.
    pub plan: String,
    /// `todo.md`, everything done.
    pub todo: String,
    /// `assembly_definition.yaml`.
    pub assembly: String,
}

/// The plan of [`Solution::bracket`].
const PLAN: &str = "\
# Engineering Plan

## 1. Solution Overview
The ball falls into the goal by itself; a bracket beside it marks the place.

## 2. Parts List
- bracket: a block of aluminium_6061, milled, 20 x 20 x 10 mm

## 3. Assembly Strategy
1. Mill the bracket.
2. Stand it beside the goal.

## 4. Cost & Weight Budget
| part | cost | weight |
|---|---|---|
| bracket | 108.60 USD | 10.8 g |

## 5. Risk Assessment
- The ball may roll against the bracket; it stands 60 mm away.
";

/// What is to be done for [`Solution::bracket`].
const BRACKET_TODO: [&str; 3] = ["Model the bracket", "Check that it can be made", "Submit"];

impl Solution {
    /// A milled block of 20 × 20 × 10 mm beside the goal into which the ball falls.
    ///
    /// Cost at one unit (CNC of aluminium, 6 USD/kg, 2.7 g/cm³, 80 USD/h, set-up 100 USD):
    /// stock 4 cm³ · 2.7 g/cm³ · 6 USD/kg = 0.0648; nothing is cut away; finishing 1600 mm² / (500 mm/min · 0.5 mm) =
    /// 6.4 min = 8.5333 USD; together 108.5981 USD. Weight 4 cm³ · 2.7 g/cm³ = 10.8 g.
    pub fn bracket() -> Self {
        let script = designs::script(
            "bracket = Pos(70, 0, 5) * Box(20, 20, 10)\n\
             return Compound(children=[part(bracket, \"bracket\")])",
        );
        let objectives = designs::ball_above_goal().objectives.with(|it| {
            it.max_unit_cost = 150.0;
            it.max_weight_g = 50.0;
        });
        let todo = BRACKET_TODO.iter().map(|item| format!("- [x] {item}\n")).collect::<String>();
        let assembly = "\
version: \"1.0\"
constraints:
  benchmark_max_unit_cost_usd: 150.0
  benchmark_max_weight_g: 50.0
  planner_target_max_unit_cost_usd: 120.0
  planner_target_max_weight_g: 20.0
manufactured_parts:
  - part_name: bracket
    part_id: bracket_v1
    manufacturing_method: CNC
    material_id: aluminum_6061
    quantity: 1
    part_volume_mm3: 4000.0
    stock_bbox_mm: {x: 20.0, y: 20.0, z: 10.0}
    stock_volume_mm3: 4000.0
    removed_volume_mm3: 0.0
    estimated_unit_cost_usd: 108.5981
cots_parts: []
final_assembly:
  - name: bracket
totals:
  estimated_unit_cost_usd: 108.5981
  estimated_weight_g: 10.8
  estimate_confidence: high
";
        Self {
            script,
            objectives: objectives.to_yaml(),
            plan: PLAN.to_owned(),
            todo: format!("# To do\n\n{todo}"),
            assembly: assembly.to_owned(),
        }
    }

    /// The same as its planner leaves it: nothing of the to-do list is done yet.
    #[must_use]
    pub fn planned(mut self) -> Self {
        self.todo = self.todo.changed("- [x]", "- [ ]");
        self
    }

    /// The bracket of [`Self::bracket`] printed of ABS instead of milled.
    pub fn printed() -> Self {
        Self::bracket().in_abs("3dp", "3DP", "")
    }

    /// The bracket as a plate of 20 × 20 × 3 mm with sides that lean in by 5°, moulded of ABS.
    pub fn moulded() -> Self {
        Self::bracket()
            .with(
                "script.py",
                "Pos(70, 0, 5) * Box(20, 20, 10)",
                "Pos(70, 0, 0) * extrude(Rectangle(20, 20), amount=3, taper=5)",
            )
            .in_abs("im", "IM", "    wall_thickness_mm: 3.0\n")
    }

    /// Made of ABS by `method`, which the assembly definition calls `planned_as` and gives these fields. Caps that
    /// leave room for the tooling of a moulding; the estimates are placeholders.
    fn in_abs(self, method: &str, planned_as: &str, fields: &str) -> Self {
        let part = format!(
            "bracket.label = \"bracket\"\n    \
             bracket.metadata = PartMetadata(material_id=\"abs\", manufacturing_method=\"{method}\")\n    \
             return Compound(children=[bracket])"
        );
        let milled = "    stock_bbox_mm: {x: 20.0, y: 20.0, z: 10.0}\n    stock_volume_mm3: 4000.0\n    \
                      removed_volume_mm3: 0.0\n    estimated_unit_cost_usd: 108.5981\n";
        self.with("script.py", "return Compound(children=[part(bracket, \"bracket\")])", &part)
            .with("objectives.yaml", "max_unit_cost: 150.0", "max_unit_cost: 9000.0")
            .with("plan.md", "aluminium_6061, milled", "ABS")
            .with(
                "assembly_definition.yaml",
                "CNC\n    material_id: aluminum_6061",
                &format!("{planned_as}\n    material_id: abs"),
            )
            .with("assembly_definition.yaml", milled, &format!("{fields}    estimated_unit_cost_usd: 1.0\n"))
            .with("assembly_definition.yaml", "max_unit_cost_usd: 150.0", "max_unit_cost_usd: 9000.0")
            .with("assembly_definition.yaml", "max_unit_cost_usd: 120.0", "max_unit_cost_usd: 8000.0")
    }

    /// Every file by its name.
    pub fn files(&self) -> [(&'static str, &str); 5] {
        [
            ("script.py", &self.script),
            ("objectives.yaml", &self.objectives),
            ("plan.md", &self.plan),
            ("todo.md", &self.todo),
            ("assembly_definition.yaml", &self.assembly),
        ]
    }

    /// The same with `from` replaced by `to` in one file.
    ///
    /// # Panics
    /// When the file does not hold `from`: a change that changes nothing would make a test that tests nothing.
    #[must_use]
    #[track_caller]
    pub fn with(mut self, file: &str, from: &str, to: &str) -> Self {
        let text = match file {
            "script.py" => &mut self.script,
            "objectives.yaml" => &mut self.objectives,
            "plan.md" => &mut self.plan,
            "todo.md" => &mut self.todo,
            "assembly_definition.yaml" => &mut self.assembly,
            other => panic!("a solution has no file {other}"),
        };
        *text = text.changed(from, to);
        self
    }
}

/// The files of a benchmark: an environment and what is to be reached in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Benchmark {
    /// `script.py`: the environment.
    pub script: String,
    /// `objectives.yaml`.
    pub objectives: String,
    /// `plan.md`.
    pub plan: String,
    /// `todo.md`, everything done.
    pub todo: String,
}

impl Benchmark {
    /// A ball above its goal, and a fixed block beside it. [`Solution::bracket`] solves it.
    pub fn bystander() -> Self {
        Self {
            script: designs::bystander_script(),
            objectives: Solution::bracket().objectives,
            plan: "# Benchmark Scenario Plan\n\n## Learning Objective\nFree fall.\n\n## Geometry\nA block of 40 mm \
                   beside the way.\n\n## Objectives\nThe goal stands below the ball.\n"
                .to_owned(),
            todo: "- [x] Model the block\n- [x] Submit\n".to_owned(),
        }
    }

    /// Every file by its name.
    pub fn files(&self) -> [(&'static str, &str); 4] {
        [
            ("script.py", &self.script),
            ("objectives.yaml", &self.objectives),
            ("plan.md", &self.plan),
            ("todo.md", &self.todo),
        ]
    }
}

impl Solution {
    /// The bracket beside the environment of a benchmark that was handed over, as `environment.py` builds it.
    pub fn bracket_in_environment() -> Self {
        let script = designs::script(
            "from environment import build as build_environment\n\
             bracket = part(Pos(70, 0, 5) * Box(20, 20, 10), \"bracket\")\n\
             return Compound(children=[*build_environment().children, bracket])",
        );
        Self { script, ..Self::bracket() }
    }
}
