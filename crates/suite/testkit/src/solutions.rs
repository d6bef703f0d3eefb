//! Whole engineering workspaces: script, objectives, plan, to-do list and assembly definition that belong together and
//! pass every gate. A test changes the one thing that it is about.

use crate::{
    assembly::{Assembly, CostAndWeight, Made, Method, Placed},
    change, designs,
    files::{Files, Workspace},
    objectives::Objectives,
};

/// A workspace of an engineer.
#[derive(Debug, Clone, PartialEq)]
pub struct Solution {
    /// Script.
    pub script: BracketScript,
    /// Objectives.
    pub objectives: Objectives,
    /// `plan.md`.
    pub plan: String,
    /// `todo.md`.
    pub todo: String,
    /// Assembly definition.
    pub assembly: Assembly,
}

/// A script that builds the part `bracket`, in Python.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BracketScript {
    /// Statements before the part is built, each with its line break.
    pub before: String,
    /// Its shape.
    pub shape: String,
    /// Its metadata.
    pub metadata: String,
    /// Statements after that, each with its line break.
    pub after: String,
    /// Parts of the design.
    pub children: Vec<&'static str>,
}

impl BracketScript {
    /// `script.py`.
    pub fn to_python(&self) -> String {
        let Self { before, shape, metadata, after, children } = self;
        designs::script(&format!(
            "{before}bracket = {shape}\nbracket.label = \"bracket\"\nbracket.metadata = {metadata}\n{after}\
             return Compound(children=[{}])",
            children.join(", ")
        ))
    }
}

/// The plan for a bracket of a material.
fn plan(material: &str) -> String {
    format!(
        "\
# Engineering Plan

## 1. Solution Overview
The ball falls into the goal by itself; a bracket beside it marks the place.

## 2. Parts List
- bracket: a block of {material}, 20 x 20 x 10 mm

## 3. Assembly Strategy
1. Mill the bracket.
2. Stand it beside the goal.

## 4. Cost & Weight Budget
| part | cost | weight |
|---|---|---|
| bracket | 108.60 USD | 10.8 g |

## 5. Risk Assessment
- The ball may roll against the bracket; it stands 60 mm away.
"
    )
}

/// What is to be done for [`Solution::bracket`], every item with this mark.
fn todo(mark: char) -> String {
    let items = ["Model the bracket", "Check that it can be made", "Submit"];
    format!("# To do\n\n{}", items.map(|item| format!("- [{mark}] {item}\n")).concat())
}

impl Workspace for Solution {
    fn files(&self) -> Files {
        let files = [
            ("script.py", self.script.to_python()),
            ("objectives.yaml", self.objectives.to_yaml()),
            ("plan.md", self.plan.clone()),
            ("todo.md", self.todo.clone()),
            ("assembly_definition.yaml", self.assembly.to_yaml()),
        ];
        Files(files.into())
    }
}

impl Solution {
    /// A milled block of 20 × 20 × 10 mm beside the goal into which the ball falls.
    ///
    /// Cost at one unit (CNC of aluminium, 6 USD/kg, 2.7 g/cm³, 80 USD/h, set-up 100 USD):
    /// stock 4 cm³ · 2.7 g/cm³ · 6 USD/kg = 0.0648; nothing is cut away; finishing 1600 mm² / (500 mm/min · 0.5 mm) =
    /// 6.4 min = 8.5333 USD; together 108.5981 USD. Weight 4 cm³ · 2.7 g/cm³ = 10.8 g.
    pub fn bracket() -> Self {
        let script = BracketScript {
            before: String::new(),
            shape: "Pos(70, 0, 5) * Box(20, 20, 10)".to_owned(),
            metadata: "PartMetadata(material_id=\"aluminum_6061\", manufacturing_method=ManufacturingMethod.CNC)"
                .to_owned(),
            after: String::new(),
            children: vec!["bracket"],
        };
        let objectives = designs::ball_above_goal().objectives.with(|it| {
            it.max_unit_cost = 150.0;
            it.max_weight_g = 50.0;
        });
        let assembly = Assembly {
            version: "1.0",
            benchmark: CostAndWeight { usd: 150.0, g: 50.0 },
            planner: CostAndWeight { usd: 120.0, g: 20.0 },
            made: vec![Made {
                name: "bracket",
                method: Method::Milled([20.0, 20.0, 10.0]),
                material: "aluminum_6061",
                quantity: 1,
                volume_mm3: 4000.0,
                unit_cost_usd: 108.5981,
            }],
            bought: Vec::new(),
            placed: vec![Placed::still("bracket")],
            totals: CostAndWeight { usd: 108.5981, g: 10.8 },
            confidence: "high",
            is_brief: false,
        };
        Self { script, objectives, plan: plan("aluminium_6061, milled"), todo: todo('x'), assembly }
    }

    /// The same as its planner leaves it: nothing of the to-do list is done yet.
    #[must_use]
    pub fn planned(self) -> Self {
        Self { todo: todo(' '), ..self }
    }

    /// The bracket of [`Self::bracket`] printed of ABS instead of milled.
    pub fn printed() -> Self {
        Self::bracket().in_abs("3dp", Method::Printed)
    }

    /// The bracket as a plate of 20 × 20 × 3 mm with sides that lean in by 5°, moulded of ABS.
    pub fn moulded() -> Self {
        let plate = "Pos(70, 0, 0) * extrude(Rectangle(20, 20), amount=3, taper=5)";
        Self::bracket().with_script(|it| it.shape = plate.into()).in_abs("im", Method::Moulded(3.0))
    }

    /// Made of ABS by a method, with its name in scripts. Caps that leave room for the tooling of a moulding; the
    /// estimates are placeholders.
    fn in_abs(self, name: &str, method: Method) -> Self {
        let metadata = format!("PartMetadata(material_id=\"abs\", manufacturing_method=\"{name}\")");
        let changed = self
            .with_script(|it| it.metadata = metadata)
            .with_objectives(|it| it.max_unit_cost = 9000.0)
            .with_assembly(|it| {
                (it.benchmark.usd, it.planner.usd) = (9000.0, 8000.0);
                it.made[0] = Made { method, material: "abs", unit_cost_usd: 1.0, ..it.made[0] };
            });
        Self { plan: plan("ABS"), ..changed }
    }

    /// The bracket beside the environment of a benchmark that was handed over, as `environment.py` builds it.
    pub fn bracket_in_environment() -> Self {
        Self::bracket().with_script(|it| {
            it.before = "from environment import build as build_environment\n".into();
            it.children = vec!["*build_environment().children", "bracket"];
        })
    }

    /// The same with another script.
    ///
    /// # Panics
    /// Nothing was changed.
    #[must_use]
    #[track_caller]
    pub fn with_script(self, change: impl FnOnce(&mut BracketScript)) -> Self {
        Self { script: change::with(&self.script, change), ..self }
    }

    /// The same with other objectives.
    ///
    /// # Panics
    /// Nothing was changed.
    #[must_use]
    #[track_caller]
    pub fn with_objectives(self, change: impl FnOnce(&mut Objectives)) -> Self {
        Self { objectives: self.objectives.with(change), ..self }
    }

    /// The same with another assembly definition.
    ///
    /// # Panics
    /// Nothing was changed.
    #[must_use]
    #[track_caller]
    pub fn with_assembly(self, change: impl FnOnce(&mut Assembly)) -> Self {
        Self { assembly: self.assembly.with(change), ..self }
    }
}

/// A workspace of a benchmark: an environment and what is to be reached in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Benchmark {
    /// `script.py`: the environment.
    pub script: String,
    /// Objectives.
    pub objectives: Objectives,
    /// `plan.md`.
    pub plan: &'static str,
    /// `todo.md`, everything done.
    pub todo: &'static str,
}

impl Workspace for Benchmark {
    fn files(&self) -> Files {
        let files = [
            ("script.py", self.script.clone()),
            ("objectives.yaml", self.objectives.to_yaml()),
            ("plan.md", self.plan.to_owned()),
            ("todo.md", self.todo.to_owned()),
        ];
        Files(files.into())
    }
}

impl Benchmark {
    /// A ball above its goal, and a fixed block beside it. [`Solution::bracket`] solves it.
    pub fn bystander() -> Self {
        Self {
            script: designs::bystander_script(),
            objectives: Solution::bracket().objectives,
            plan: "# Benchmark Scenario Plan\n\n## Learning Objective\nFree fall.\n\n## Geometry\nA block of 40 mm \
                   beside the way.\n\n## Objectives\nThe goal stands below the ball.\n",
            todo: "- [x] Model the block\n- [x] Submit\n",
        }
    }

    /// The same with other objectives.
    ///
    /// # Panics
    /// Nothing was changed.
    #[must_use]
    #[track_caller]
    pub fn with_objectives(self, change: impl FnOnce(&mut Objectives)) -> Self {
        Self { objectives: self.objectives.with(change), ..self }
    }
}
