//! Which body is carried by which: the tree that the engine moves, from joints and welds.
//!
//! Bodies that are welded together become one rigid group: exact, and cheaper than a constraint. A group moves on the
//! joint of its one jointed member, is fixed if a member is fixed, or flies freely. Only a weld that would close a loop
//! (two jointed members, or a jointed and a fixed one) is left to the engine as a constraint.

use std::collections::BTreeSet;

use crate::{
    PhysicsError,
    scene::{Mobility, Scene},
};

/// The tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Assembly {
    /// For each body of the scene, the body that carries it; the world when absent.
    pub carrier: Vec<Option<usize>>,
    /// For each body, whether it moves against its carrier by its own joint.
    pub has_joint: Vec<bool>,
    /// Welds that close a loop.
    pub loops: Vec<[usize; 2]>,
    /// Pairs that pass through each other.
    pub excluded: BTreeSet<[usize; 2]>,
}

impl Assembly {
    /// The tree of a scene that was checked.
    pub fn of(scene: &Scene) -> Result<Self, PhysicsError> {
        let index = |label: &str| {
            scene.index_of(label).ok_or_else(|| PhysicsError::Scene(format!("{label:?} is not in the scene")))
        };
        let (group, loops) = rigid_groups(scene, &index)?;
        let count = scene.bodies.len();
        let mut assembly =
            Self { carrier: vec![None; count], has_joint: vec![false; count], loops, excluded: BTreeSet::new() };
        for (place, body) in scene.bodies.iter().enumerate() {
            let leader = group[place];
            let stands = |leader: usize| scene.bodies[leader].mobility == Mobility::Fixed;
            if leader != place {
                assembly.carrier[place] = Some(leader).filter(|leader| !stands(*leader));
                continue;
            }
            assembly.has_joint[place] = body.mobility != Mobility::Fixed;
            if let Some(parent) = &body.parent {
                let parent = index(parent)?;
                assembly.carrier[place] = Some(parent).filter(|parent| !stands(group[*parent]));
                assembly.excluded.insert([place.min(parent), place.max(parent)]);
            }
        }
        for (place, body) in scene.bodies.iter().enumerate() {
            let mut at = place;
            for _ in 0..=count {
                let Some(next) = assembly.carrier[at] else { break };
                at = next;
            }
            if assembly.carrier[at].is_some() {
                let sentence =
                    format!("body {:?} ends up riding on itself: its joints and welds form a ring", body.label);
                return Err(PhysicsError::Scene(sentence));
            }
        }
        Ok(assembly)
    }

    /// The body whose joint moves a body; `None` for one that does not move.
    pub fn group(&self, place: usize) -> Option<usize> {
        let mut at = place;
        while !self.has_joint[at] {
            at = self.carrier[at]?;
        }
        Some(at)
    }

    /// Bodies that move on their own joint: as many as there are rigid groups that can meet.
    pub fn moving_groups(&self) -> usize {
        self.has_joint.iter().filter(|has_joint| **has_joint).count()
    }

    /// True for a body that no joint moves.
    pub fn is_static(&self, place: usize) -> bool {
        self.carrier[place].is_none() && !self.has_joint[place]
    }
}

/// For each body the leader of its group, and the welds that close a loop.
fn rigid_groups(
    scene: &Scene,
    index: &dyn Fn(&str) -> Result<usize, PhysicsError>,
) -> Result<(Vec<usize>, Vec<[usize; 2]>), PhysicsError> {
    let mut leader: Vec<usize> = (0..scene.bodies.len()).collect();
    let mut loops = Vec::new();
    let mobility = |place: usize| scene.bodies[place].mobility;
    for weld in &scene.welds {
        let ends = [index(&weld.one)?, index(&weld.other)?];
        let [one, other] = ends.map(|end| leader[end]);
        let (keeps, joins) = match (mobility(one), mobility(other)) {
            _ if one == other => continue,
            (Mobility::Fixed, Mobility::Fixed) => continue,
            (Mobility::Free, Mobility::Free) => (one.min(other), one.max(other)),
            (Mobility::Free, _) => (other, one),
            (_, Mobility::Free) => (one, other),
            _ => {
                loops.push(ends);
                continue;
            }
        };
        leader.iter_mut().filter(|leader| **leader == joins).for_each(|leader| *leader = keeps);
    }
    Ok((leader, loops))
}
