//! Designs with motors, each small enough that a reader can say what must happen. Lengths in millimetres, z is up.

use crate::{
    assembly::{Assembly, Bought, CostAndWeight, Made, Method, Placed},
    designs::{self, Design},
    files::{Files, Workspace},
    objectives::Objectives,
};

/// A design and what drives it.
#[derive(Debug, Clone, PartialEq)]
pub struct Mechanism {
    /// Script and objectives.
    pub design: Design,
    /// Assembly definition.
    pub assembly: Assembly,
}

impl Workspace for Mechanism {
    fn files(&self) -> Files {
        self.design.files().with("assembly_definition.yaml", self.assembly.to_yaml())
    }
}

impl Mechanism {
    /// What `body`, Python that returns a list of parts, builds, driven as `assembly` says. The ball rests far away, so a
    /// run takes its whole time.
    pub fn new(body: &str, assembly: Assembly) -> Self {
        let design = Design { script: designs::script(body), ..designs::ball_at_rest_beside_goal() };
        Self { design, assembly }.with(|it| it.max_unit_cost = COST_CAP)
    }

    /// The same with other objectives.
    ///
    /// # Panics
    /// As [`Objectives::with`].
    #[must_use]
    #[track_caller]
    pub fn with(self, change: impl FnOnce(&mut Objectives)) -> Self {
        Self { design: self.design.with(change), ..self }
    }

    /// The same with another assembly definition.
    ///
    /// # Panics
    /// As [`Assembly::with`].
    #[must_use]
    #[track_caller]
    pub fn with_assembly(self, change: impl FnOnce(&mut Assembly)) -> Self {
        Self { assembly: self.assembly.with(change), ..self }
    }
}

/// Cap on the cost of all mechanisms, USD; none of them is about money.
const COST_CAP: f64 = 5000.0;

/// An assembly of one milled part that moves along `dof`, driven by `control`.
pub fn driven(part: &'static str, dof: &'static str, control: &str) -> Assembly {
    Assembly {
        version: "1.0",
        benchmark: CostAndWeight { usd: COST_CAP, g: 5000.0 },
        planner: CostAndWeight { usd: 4000.0, g: 4000.0 },
        made: vec![Made {
            name: part,
            method: Method::Milled([10.0; 3]),
            material: "aluminum_6061",
            quantity: 1,
            volume_mm3: 1000.0,
            unit_cost_usd: 103.2162,
        }],
        bought: Vec::new(),
        placed: vec![Placed { name: part.to_owned(), dofs: vec![dof], control: control.to_owned() }],
        totals: CostAndWeight { usd: 103.2162, g: 2.7 },
        confidence: "low",
        is_brief: true,
    }
}

/// A disc of radius 40 mm and height 10 mm that turns about the vertical, 100 mm above the floor, driven by `control`;
/// nothing touches it, and gravity has no lever.
///
/// Volume π·40²·10 mm³, density 2700 kg/m³: mass 0.13572 kg, moment of inertia m·r²/2 = 1.08573·10⁻⁴ kg·m².
pub fn driven_disc(control: &str) -> Mechanism {
    Mechanism::new(
        "disc = part(Pos(0, 150, 100) * Cylinder(40, 10), \"disc\")\n\
         disc.metadata.joint = JointMetadata(type=\"hinge\", axis=(0, 0, 1))\n\
         return Compound(children=[disc])",
        driven("disc", "rotate_z", control),
    )
}

/// Names of the discs of [`three_discs`].
pub const THREE_DISCS: [&str; 3] = ["left", "middle", "right"];

/// Three discs as in [`driven_disc`], 100 mm apart, each with a motor of its own that `control` drives.
pub fn three_discs(control: &str) -> Mechanism {
    let script = format!(
        "discs = []\n\
         for place, label in enumerate({THREE_DISCS:?}):\n    \
             disc = part(Pos(100 * place - 100, 150, 100) * Cylinder(40, 10), label)\n    \
             disc.metadata.joint = JointMetadata(type=\"hinge\", axis=(0, 0, 1))\n    \
             discs.append(disc)\n\
         return Compound(children=discs)"
    );
    let [mut all, others @ ..] = THREE_DISCS.map(|name| driven(name, "rotate_z", control));
    for disc in others {
        all.made.extend(disc.made);
        // Placed in another order than made.
        all.placed = [disc.placed, all.placed].concat();
    }
    Mechanism::new(&script, all)
}

/// Moment of inertia of the disc of [`driven_disc`] about its axis, kg·m².
pub const DISC_INERTIA_KG_M2: f64 = std::f64::consts::PI * 0.04 * 0.04 * 0.01 * 2700.0 * 0.04 * 0.04 / 2.0;

/// A carriage of 40 × 20 × 20 mm that slides along x, 100 mm above the floor, driven by `control`.
pub fn driven_carriage(control: &str) -> Mechanism {
    carriage("(1, 0, 0)", "slide_x", control)
}

/// The carriage of [`driven_carriage`] on an upright rail: it slides along z, and its motor carries its weight.
pub fn lifted_carriage(control: &str) -> Mechanism {
    carriage("(0, 0, 1)", "slide_z", control)
}

fn carriage(axis: &str, dof: &'static str, control: &str) -> Mechanism {
    let script = format!(
        "carriage = part(Pos(0, 150, 100) * Box(40, 20, 20), \"carriage\")\n\
         carriage.metadata.joint = JointMetadata(type=\"slide\", axis={axis})\n\
         return Compound(children=[carriage])"
    );
    Mechanism::new(&script, driven("carriage", dof, control))
}

/// An arm of 150 mm that a motor turns into a fixed post: it can go no further, whatever the motor does.
pub fn blocked_arm(control: &str) -> Mechanism {
    Mechanism::new(
        "arm = part(Pos(75, 150, 100) * Box(150, 10, 10), \"arm\")\n\
         arm.metadata.joint = JointMetadata(type=\"hinge\", axis=(0, 0, 1), range=(-0.2, 0.2))\n\
         post = part(Pos(140, 162, 100) * Box(10, 10, 40), \"post\", fixed=True)\n\
         return Compound(children=[arm, post])",
        driven("arm", "rotate_z", control),
    )
}

/// The disc of [`driven_disc`] on a servo of the catalogue, an MG996R: 0.98 N·m, 6.16 rad/s. The disc is the moved
/// object, so that its course is what the answer reports.
pub fn disc_on_servo(control: &str) -> Mechanism {
    Mechanism::new(
        "servo = Pos(0, 150, 21.45) * Box(40.7, 19.7, 42.9)\n\
         servo.label = \"servo\"\n\
         servo.metadata = PartMetadata(cots_id=\"MG996R\", fixed=True)\n\
         disc = part(Pos(0, 150, 60) * Cylinder(40, 10), \"disc\")\n\
         disc.metadata.joint = JointMetadata(type=\"hinge\", axis=(0, 0, 1), via=\"motor\", to=\"servo\")\n\
         return Compound(children=[servo, disc])",
        with_servo(driven("disc", "rotate_z", control)),
    )
    .with(|it| it.label = "disc")
}

/// The same with a servo, placed first.
fn with_servo(mut assembly: Assembly) -> Assembly {
    assembly.bought.push(Bought::servo());
    assembly.placed.insert(0, Placed::still("MG996R"));
    assembly
}

/// A servo beside a table turns a paddle that sweeps the ball over the table into the goal.
///
/// The table's top is at z = 42; the ball of radius 10 lies on it at (30, 80). The paddle, 160 mm long along x, turns
/// about the vertical through the origin with 1 rad/s: after about 1.1 rad it meets the ball and pushes it towards −x,
/// where the goal reaches from x = −100 to −60.
pub fn paddle() -> Mechanism {
    Mechanism::new(
        "table = part(Pos(0, 130, 21) * Box(200, 200, 42), \"table\", fixed=True)\n\
         servo = Pos(0, 0, 21.45) * Box(40.7, 19.7, 42.9)\n\
         servo.label = \"servo\"\n\
         servo.metadata = PartMetadata(cots_id=\"MG996R\", fixed=True)\n\
         paddle = part(Pos(75, 0, 51.4) * Box(160, 10, 16), \"paddle\")\n\
         paddle.metadata.joint = JointMetadata(type=\"hinge\", axis=(0, 0, 1), via=\"motor\", to=\"servo\")\n\
         return Compound(children=[table, servo, paddle])",
        with_servo(driven("paddle", "rotate_z", "{mode: constant, speed: 1.0}")),
    )
    .with(|it| {
        it.start = [30.0, 80.0, 52.0];
        it.goal = [[-100.0, 30.0, 42.0], [-60.0, 230.0, 90.0]];
    })
}
