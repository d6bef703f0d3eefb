//! Which rigid connections a design declares. Two parts may both declare the same one; it counts once.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, Ordering},
};

use contract::limits::MIN_FASTENERS;
use contract::part_metadata::{HolePair, RigidConnection};
use contract::violations::Violation;
use design::{Design, Part, PartRole};

use crate::holes::{HoleOf, check_meeting};
use crate::{SCRIPT, at_part, between_parts};

/// All connections between two parts, from whichever side they were declared.
pub(crate) struct Connection<'design> {
    pub(crate) part: &'design Part,
    pub(crate) other: &'design Part,
    /// Holes of `part` and of `other`, each pair once.
    pairs: Vec<HolePair>,
}

/// How often a hole is used, by part and hole.
pub(crate) type Uses<'design> = BTreeMap<(&'design str, String), usize>;

/// The part of this label; zones cannot be connected to.
pub(crate) fn part_named<'design>(design: &'design Design, label: &str) -> Option<&'design Part> {
    design.parts.iter().find(|part| part.label == label && !part.is_zone())
}

/// Collects the connections of a design, and the violations of their ends.
pub(crate) fn gather(design: &Design) -> (Vec<Connection<'_>>, Vec<Violation>) {
    let (mut connections, mut violations) = (Vec::<Connection<'_>>::new(), Vec::new());
    for part in &design.parts {
        let PartRole::Part(metadata) = &part.role else { continue };
        for RigidConnection { to, holes } in &metadata.rigid_connections {
            match other_end(design, part, to, "rigid_connections") {
                Ok(other) => add(&mut connections, part, other, holes),
                Err(violation) => violations.push(*violation),
            }
        }
    }
    (connections, violations)
}

/// The part that `to` names, or the violation when it does not exist or is the part itself.
pub(crate) fn other_end<'design>(
    design: &'design Design,
    part: &Part,
    to: &str,
    field: &str,
) -> Result<&'design Part, Box<Violation>> {
    let label = &part.label;
    if to == *label {
        let message = format!("Part {label:?} names itself in {field}; name the part that it is joined to");
        return Err(Box::new(Violation::new(SCRIPT, "joint.self_connection", message).at(at_part(label))));
    }
    part_named(design, to).ok_or_else(|| {
        let labels: Vec<&str> =
            design.parts.iter().filter(|part| !part.is_zone()).map(|part| part.label.as_str()).collect();
        let message = format!(
            "Part {label:?} names {to:?} in {field}, but the design has no such part; it has {}",
            labels.join(", ")
        );
        Box::new(Violation::new(SCRIPT, "joint.unknown_part", message).at(between_parts(label, to)).measured(to))
    })
}

fn add<'design>(
    connections: &mut Vec<Connection<'design>>,
    part: &'design Part,
    other: &'design Part,
    holes: &[HolePair],
) {
    let index = connections.iter().position(|known| known.joins(part, other)).unwrap_or_else(|| {
        connections.push(Connection { part, other, pairs: Vec::new() });
        connections.len() - 1
    });
    let connection = &mut connections[index];
    for pair in holes {
        let pair = if connection.part.label == part.label { pair.clone() } else { reversed(pair) };
        if !connection.pairs.contains(&pair) {
            connection.pairs.push(pair);
        }
    }
}

fn reversed(pair: &HolePair) -> HolePair {
    HolePair { own: pair.other.clone(), other: pair.own.clone() }
}

impl<'design> Connection<'design> {
    /// Whether it is between these two, in either direction.
    pub(crate) fn joins(&self, part: &Part, other: &Part) -> bool {
        let ends = [self.part.label.as_str(), self.other.label.as_str()];
        ends == [part.label.as_str(), other.label.as_str()] || ends == [other.label.as_str(), part.label.as_str()]
    }

    fn place(&self) -> String {
        between_parts(&self.part.label, &self.other.label)
    }

    /// All violations by the fasteners and holes of this connection.
    pub(crate) fn check(&self, cancel: &AtomicBool) -> Vec<Violation> {
        let mut violations = Vec::new();
        let count = self.places();
        if count < MIN_FASTENERS {
            let (label, other) = (&self.part.label, &self.other.label);
            let message = format!(
                "The rigid connection of {label:?} and {other:?} has {count} fastener{}, {MIN_FASTENERS} at least, holes \
                 on one axis counted once: with fewer the parts can turn against each other; add a pair of holes at \
                 another place",
                if count == 1 { "" } else { "s" },
            );
            let violation = Violation::new(SCRIPT, "joint.too_few_fasteners", message).at(self.place());
            violations.push(violation.measured(count).limit(MIN_FASTENERS));
        }
        for pair in self.pairs.iter().take_while(|_| !cancel.load(Ordering::Relaxed)) {
            match ends_of(self.part, self.other, pair) {
                Ok((own, other)) => {
                    violations.extend(check_fastener(own, other));
                    violations.extend(check_meeting(own, other));
                }
                Err(missing) => violations.extend(missing),
            }
        }
        violations
    }

    /// Number of places of its fasteners: holes on one axis count once, whatever their names. A hole that is not
    /// declared has its own violation, and counts.
    fn places(&self) -> usize {
        let mut places = Vec::<HoleOf<'_>>::new();
        let mut unknown = 0;
        for pair in &self.pairs {
            match HoleOf::named(self.part, &pair.own) {
                Some(hole) if places.iter().any(|known| known.is_beside(hole)) => {}
                Some(hole) => places.push(hole),
                None => unknown += 1,
            }
        }
        places.len() + unknown
    }

    /// Records which holes it uses.
    pub(crate) fn take(&self, uses: &mut Uses<'design>) {
        for pair in &self.pairs {
            *uses.entry((&self.part.label, pair.own.clone())).or_default() += 1;
            *uses.entry((&self.other.label, pair.other.clone())).or_default() += 1;
        }
    }
}

/// Both holes of a pair, or one violation for each that is not declared.
pub(crate) fn ends_of<'design>(
    part: &'design Part,
    other: &'design Part,
    pair: &HolePair,
) -> Result<(HoleOf<'design>, HoleOf<'design>), Vec<Violation>> {
    let ends = [(part, &pair.own), (other, &pair.other)].map(|(part, id)| HoleOf::named(part, id).ok_or((part, id)));
    match ends {
        [Ok(own), Ok(other)] => Ok((own, other)),
        ends => {
            let place = between_parts(&part.label, &other.label);
            Err(ends.into_iter().filter_map(Result::err).map(|(holder, id)| unknown_hole(holder, id, &place)).collect())
        }
    }
}

/// The violation of a joint or connection that names a hole which its part does not declare.
pub(crate) fn unknown_hole(holder: &Part, id: &str, place: &str) -> Violation {
    let declared: Vec<&str> = holder.holes.iter().map(|hole| hole.hole_id.as_str()).collect();
    let declared = if declared.is_empty() { "no hole".to_owned() } else { declared.join(", ") };
    let message = format!(
        "Part {:?} has no hole {id:?}; it declares {declared}; make it with utils.fasteners.fastener_hole",
        holder.label
    );
    Violation::new(SCRIPT, "joint.unknown_hole", message).at(place).measured(id)
}

/// Exactly one of two mated holes adds the fastener.
fn check_fastener(own: HoleOf<'_>, other: HoleOf<'_>) -> Option<Violation> {
    let (rule, found, remedy) = match (own.hole.adds_fastener, other.hole.adds_fastener) {
        (true, true) => ("joint.fastener_twice", "both add a fastener", "leave add_fastener away on one of them"),
        (false, false) => ("joint.fastener_missing", "neither adds a fastener", "set add_fastener on one of them"),
        _ => return None,
    };
    let count = if own.hole.adds_fastener { 2 } else { 0 };
    let message = format!(
        "Holes {:?} of {:?} and {:?} of {:?}: {found}, and one fastener passes both; {remedy}",
        own.hole.hole_id, own.part.label, other.hole.hole_id, other.part.label
    );
    let place = between_parts(&own.part.label, &other.part.label);
    Some(Violation::new(SCRIPT, rule, message).at(place).measured(count).limit(1))
}
