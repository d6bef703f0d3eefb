//! Designs with motors, each small enough that a reader can say what must happen. Lengths in millimetres, z is up.

use crate::{
    change::Changed,
    designs::{self, Design},
    objectives::Objectives,
};

/// A design and the assembly definition that says what drives it.
#[derive(Debug, Clone, PartialEq)]
pub struct Mechanism {
    /// Script and objectives.
    pub design: Design,
    /// `assembly_definition.yaml`.
    pub assembly: String,
}

impl Mechanism {
    /// The same with `from` replaced by `to` in the assembly definition.
    ///
    /// # Panics
    /// As [`Changed::changed`].
    #[must_use]
    #[track_caller]
    pub fn with_assembly(mut self, from: &str, to: &str) -> Self {
        self.assembly = self.assembly.changed(from, to);
        self
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

    /// Every file by its name.
    pub fn files(&self) -> [(&'static str, String); 3] {
        [
            ("script.py", self.design.script.clone()),
            ("objectives.yaml", self.design.objectives.to_yaml()),
            ("assembly_definition.yaml", self.assembly.clone()),
        ]
    }
}

/// Cap on the cost of all mechanisms, USD; none of them is about money.
const COST_CAP: f64 = 5000.0;

/// An assembly definition in which one milled part of `volume` mm³ is driven by `control`.
fn assembly(part: &str, dof: &str, control: &str) -> String {
    format!(
        "constraints:\n  benchmark_max_unit_cost_usd: 5000.0\n  benchmark_max_weight_g: 5000.0\n  \
         planner_target_max_unit_cost_usd: 4000.0\n  planner_target_max_weight_g: 4000.0\n\
         manufactured_parts:\n  - part_name: {part}\n    part_id: {part}_v1\n    manufacturing_method: CNC\n    \
         material_id: aluminum_6061\n    quantity: 1\n    part_volume_mm3: 1000.0\n    \
         stock_bbox_mm: {{x: 10, y: 10, z: 10}}\n    removed_volume_mm3: 0.0\n    estimated_unit_cost_usd: 103.2162\n\
         final_assembly:\n  - name: {part}\n    config:\n      dofs: [{dof}]\n      control: {control}\n\
         totals: {{estimated_unit_cost_usd: 103.2162, estimated_weight_g: 2.7, estimate_confidence: low}}\n"
    )
}

fn objectives(design: Design) -> Design {
    design.with(|it| it.max_unit_cost = COST_CAP)
}

/// A disc of radius 40 mm and height 10 mm that turns about the vertical, 100 mm above the floor, driven by `control`;
/// nothing touches it, and gravity has no lever. The ball rests far away, so a run takes its whole time.
///
/// Volume π·40²·10 mm³, density 2700 kg/m³: mass 0.13572 kg, moment of inertia m·r²/2 = 1.08573·10⁻⁴ kg·m².
pub fn driven_disc(control: &str) -> Mechanism {
    let script = designs::script(
        "disc = part(Pos(0, 150, 100) * Cylinder(40, 10), \"disc\")\n\
         disc.metadata.joint = JointMetadata(type=\"hinge\", axis=(0, 0, 1))\n\
         return Compound(children=[disc])",
    );
    let design = objectives(Design { script, ..designs::ball_at_rest_beside_goal() });
    Mechanism { design, assembly: assembly("disc", "rotate_z", control) }
}

/// Names of the discs of [`three_discs`].
pub const THREE_DISCS: [&str; 3] = ["left", "middle", "right"];

/// Three discs as in [`driven_disc`], 100 mm apart, each with a motor of its own that `control` drives.
pub fn three_discs(control: &str) -> Mechanism {
    let script = designs::script(&format!(
        "discs = []\n\
         for place, label in enumerate({THREE_DISCS:?}):\n    \
             disc = part(Pos(100 * place - 100, 150, 100) * Cylinder(40, 10), label)\n    \
             disc.metadata.joint = JointMetadata(type=\"hinge\", axis=(0, 0, 1))\n    \
             discs.append(disc)\n\
         return Compound(children=discs)"
    ));
    let design = objectives(Design { script, ..designs::ball_at_rest_beside_goal() });
    let [first, others @ ..] = THREE_DISCS;
    let mut whole = assembly(first, "rotate_z", control);
    for name in others {
        let part = |text: &str| text.changed(&format!(" {first}"), &format!(" {name}"));
        let one = assembly(first, "rotate_z", control);
        let section = |from: &str, to: &str| {
            let start = one.find(from).expect("the section begins") + from.len();
            let end = one.find(to).expect("the section ends");
            part(&one[start..end])
        };
        let (made, placed) =
            (section("manufactured_parts:\n", "final_assembly:\n"), section("final_assembly:\n", "totals:"));
        whole = whole.changed("final_assembly:\n", &format!("{made}final_assembly:\n{placed}"));
    }
    Mechanism { design, assembly: whole }
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

fn carriage(axis: &str, dof: &str, control: &str) -> Mechanism {
    let script = designs::script(&format!(
        "carriage = part(Pos(0, 150, 100) * Box(40, 20, 20), \"carriage\")\n\
         carriage.metadata.joint = JointMetadata(type=\"slide\", axis={axis})\n\
         return Compound(children=[carriage])"
    ));
    let design = objectives(Design { script, ..designs::ball_at_rest_beside_goal() });
    Mechanism { design, assembly: assembly("carriage", dof, control) }
}

/// An arm of 150 mm that a motor turns into a fixed post: it can go no further, whatever the motor does.
pub fn blocked_arm(control: &str) -> Mechanism {
    let script = designs::script(
        "arm = part(Pos(75, 150, 100) * Box(150, 10, 10), \"arm\")\n\
         arm.metadata.joint = JointMetadata(type=\"hinge\", axis=(0, 0, 1), range=(-0.2, 0.2))\n\
         post = part(Pos(140, 162, 100) * Box(10, 10, 40), \"post\", fixed=True)\n\
         return Compound(children=[arm, post])",
    );
    let design = objectives(Design { script, ..designs::ball_at_rest_beside_goal() });
    Mechanism { design, assembly: assembly("arm", "rotate_z", control) }
}

/// The disc of [`driven_disc`] on a servo of the catalogue, an MG996R: 0.98 N·m, 6.16 rad/s. The disc is the moved
/// object, so that its course is what the answer reports.
pub fn disc_on_servo(control: &str) -> Mechanism {
    let script = designs::script(
        "servo = Pos(0, 150, 21.45) * Box(40.7, 19.7, 42.9)\n\
         servo.label = \"servo\"\n\
         servo.metadata = PartMetadata(cots_id=\"MG996R\", fixed=True)\n\
         disc = part(Pos(0, 150, 60) * Cylinder(40, 10), \"disc\")\n\
         disc.metadata.joint = JointMetadata(type=\"hinge\", axis=(0, 0, 1), via=\"motor\", to=\"servo\")\n\
         return Compound(children=[servo, disc])",
    );
    let design = objectives(Design { script, ..designs::ball_at_rest_beside_goal() });
    Mechanism { design, assembly: with_servo(&assembly("disc", "rotate_z", control)) }.with(|it| it.label = "disc")
}

/// An assembly definition with an MG996R in it.
fn with_servo(assembly: &str) -> String {
    assembly.changed(
        "final_assembly:\n",
        "cots_parts:\n  - {part_id: MG996R, manufacturer: TowerPro, unit_cost_usd: 12.0, quantity: 1, source: catalog}\n\
         final_assembly:\n  - name: MG996R\n",
    )
}

/// A servo beside a table turns a paddle that sweeps the ball over the table into the goal.
///
/// The table's top is at z = 42; the ball of radius 10 lies on it at (30, 80). The paddle, 160 mm long along x, turns
/// about the vertical through the origin with 1 rad/s: after about 1.1 rad it meets the ball and pushes it towards −x,
/// where the goal reaches from x = −100 to −60.
pub fn paddle() -> Mechanism {
    let script = designs::script(
        "table = part(Pos(0, 130, 21) * Box(200, 200, 42), \"table\", fixed=True)\n\
         servo = Pos(0, 0, 21.45) * Box(40.7, 19.7, 42.9)\n\
         servo.label = \"servo\"\n\
         servo.metadata = PartMetadata(cots_id=\"MG996R\", fixed=True)\n\
         paddle = part(Pos(75, 0, 51.4) * Box(160, 10, 16), \"paddle\")\n\
         paddle.metadata.joint = JointMetadata(type=\"hinge\", axis=(0, 0, 1), via=\"motor\", to=\"servo\")\n\
         return Compound(children=[table, servo, paddle])",
    );
    let objectives = designs::ball_at_rest_beside_goal().objectives.with(|it| {
        it.start = [30.0, 80.0, 52.0];
        it.goal = [[-100.0, 30.0, 42.0], [-60.0, 230.0, 90.0]];
        it.max_unit_cost = COST_CAP;
    });
    let assembly = with_servo(&assembly("paddle", "rotate_z", "{mode: constant, speed: 1.0}"));
    Mechanism { design: Design { script, objectives }, assembly }
}
