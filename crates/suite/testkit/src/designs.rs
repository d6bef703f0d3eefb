//! Small designs whose physics a reader can see without running them. Lengths in millimetres, z is up.
//!
//! Every design is a CAD script and an `objectives.yaml`. The moved object is a ball that the objectives spawn; the
//! script adds what is around it.

use crate::{
    files::{Files, Workspace},
    objectives::{Objectives, Region, Shape},
};

/// A script and its objectives.
#[derive(Debug, Clone, PartialEq)]
pub struct Design {
    /// `script.py`.
    pub script: String,
    /// Objectives.
    pub objectives: Objectives,
}

/// What the objectives say; the rest of the file is the same in all designs.
struct Scenario {
    start: [f64; 3],
    goal: Region,
    trap: Option<Region>,
    bounds: Region,
}

/// A script that imports what every script needs and builds `body`, Python that returns a list of parts.
pub fn script(body: &str) -> String {
    let indented: String = body.lines().map(|line| format!("    {line}\n")).collect();
    format!(
        "from build123d import *\n\
         from shared.enums import ManufacturingMethod\n\
         from shared.models.schemas import CompoundMetadata, JointMetadata, PartMetadata\n\n\n\
         def part(shape, label, fixed=False):\n    \
             shape.label = label\n    \
             method = None if fixed else ManufacturingMethod.CNC\n    \
             shape.metadata = PartMetadata(\n        \
                 material_id=\"aluminum_6061\", fixed=fixed, manufacturing_method=method\n    \
             )\n    \
             return shape\n\n\n\
         def build():\n{indented}"
    )
}

/// A fixed block of 40 mm beside the ball's way: a world that is not empty.
pub fn bystander_script() -> String {
    script("return Compound(children=[part(Pos(150, 150, 20) * Box(40, 40, 40), \"bystander\", fixed=True)])")
}

fn design(script: String, scenario: &Scenario) -> Design {
    let objectives = Objectives {
        goal: scenario.goal,
        forbid_zones: scenario.trap.map(|trap| ("trap", trap)).into_iter().collect(),
        build_zone: scenario.bounds,
        bounds: scenario.bounds,
        label: "ball",
        shape: Shape::Named("sphere"),
        radius: Some([10.0, 10.0]),
        start: scenario.start,
        jitter: [0.0; 3],
        jitter_enabled: true,
        max_unit_cost: 100.0,
        max_weight_g: 5000.0,
        more_goals: "",
        more: String::new(),
    };
    Design { script, objectives }
}

impl Workspace for Design {
    fn files(&self) -> Files {
        let (script, objectives) = (self.script.clone(), self.objectives.to_yaml());
        Files([("script.py", script), ("objectives.yaml", objectives)].into())
    }
}

impl Design {
    /// The same with other objectives.
    ///
    /// # Panics
    /// As [`Objectives::with`].
    #[must_use]
    #[track_caller]
    pub fn with(self, change: impl FnOnce(&mut Objectives)) -> Self {
        Self { objectives: self.objectives.with(change), ..self }
    }
}

const ROOMY: Region = [[-300.0, -300.0, -10.0], [300.0, 300.0, 600.0]];

/// A ball 500 mm above a goal that stands on the floor: it falls in.
pub fn ball_above_goal() -> Design {
    design(
        bystander_script(),
        &Scenario {
            start: [0.0, 0.0, 500.0],
            goal: [[-50.0, -50.0, 0.0], [50.0, 50.0, 100.0]],
            trap: None,
            bounds: ROOMY,
        },
    )
}

/// The same, with a forbidden zone across the way.
pub fn ball_above_trap() -> Design {
    design(
        bystander_script(),
        &Scenario {
            start: [0.0, 0.0, 500.0],
            goal: [[-50.0, -50.0, 0.0], [50.0, 50.0, 100.0]],
            trap: Some([[-50.0, -50.0, 200.0], [50.0, 50.0, 250.0]]),
            bounds: ROOMY,
        },
    )
}

/// A ball that lies on the floor with the goal 200 mm away: nothing moves it.
pub fn ball_at_rest_beside_goal() -> Design {
    design(
        bystander_script(),
        &Scenario {
            start: [0.0, 0.0, 10.0],
            goal: [[200.0, -50.0, 0.0], [280.0, 50.0, 80.0]],
            trap: None,
            bounds: ROOMY,
        },
    )
}

/// A ball dropped on a 30° ramp that points away from the goal: it rolls over the edge of the world.
pub fn ball_on_ramp_out_of_bounds() -> Design {
    let ramp = script(
        "with BuildPart() as ramp:\n    \
             with BuildSketch(Plane.XZ):\n        \
                 Polygon((-150, 0), (150, 0), (-150, 173.2), align=None)\n    \
             extrude(amount=50, both=True)\n\
         return Compound(children=[part(ramp.part, \"ramp\", fixed=True)])",
    );
    design(
        ramp,
        &Scenario {
            start: [-100.0, 0.0, 175.0],
            goal: [[-290.0, -50.0, 0.0], [-200.0, 50.0, 80.0]],
            trap: None,
            bounds: ROOMY,
        },
    )
}

/// The ball at rest beside its goal, and a loose block above the goal, which falls in: it is not the ball.
pub fn block_in_goal() -> Design {
    let quiet = ball_at_rest_beside_goal();
    Design {
        script: script("return Compound(children=[part(Pos(240, 0, 60) * Box(20, 20, 20), \"block\")])"),
        objectives: quiet.objectives.with(|it| it.max_unit_cost = 5000.0),
    }
}

/// Four loose blocks in a heap and a goal that none of them can reach: a run that takes its whole 30 s, and the
/// engine a noticeable time.
pub fn busy_heap() -> Design {
    let heap = script(
        "blocks = [\n    \
             part(Pos(30 * (i % 3), 0, 15 + 45 * (i // 3)) * Box(25, 25, 25), f\"block_{i}\")\n    \
             for i in range(4)\n\
         ]\n\
         return Compound(children=blocks)",
    );
    let quiet = ball_at_rest_beside_goal();
    Design {
        script: heap,
        objectives: quiet.objectives.with(|it| {
            it.start = [-200.0, 0.0, 10.0];
            // Four milled blocks cost more than one small part may.
            it.max_unit_cost = 5000.0;
        }),
    }
}
