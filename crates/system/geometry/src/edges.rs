//! Edges of triangles with shared corners: which triangles meet, and which make one shell.

use std::collections::HashMap;

use crate::Groups;

/// The edges of a triangle, directed so that the triangle is on their left, seen from outside.
pub fn edges_of([a, b, c]: [u32; 3]) -> [[u32; 2]; 3] {
    [[a, b], [b, c], [c, a]]
}

/// The edge run the other way.
fn reversed([from, to]: [u32; 2]) -> [u32; 2] {
    [to, from]
}

/// The triangle on the left of each directed edge. Where a surface is not closed or touches itself, an edge may have
/// several; the last one counts.
#[derive(Debug)]
pub struct Edges<'a> {
    triangles: &'a [[u32; 3]],
    left_of: HashMap<[u32; 2], usize>,
}

/// An edge between two triangles, by their indices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Joint {
    /// The edge, from the lower corner to the higher one.
    pub edge: [u32; 2],
    /// The triangle on its left.
    pub left: usize,
    /// The triangle on its right.
    pub right: usize,
}

impl<'a> Edges<'a> {
    /// The edges of all triangles.
    pub fn of(triangles: &'a [[u32; 3]]) -> Self {
        let sides = triangles.iter().enumerate();
        let left_of = sides.flat_map(|(index, corners)| edges_of(*corners).map(|edge| (edge, index))).collect();
        Self { triangles, left_of }
    }

    /// The triangle on the left of an edge.
    pub fn left_of(&self, edge: [u32; 2]) -> Option<usize> {
        self.left_of.get(&edge).copied()
    }

    /// The triangles across the edges of a triangle.
    pub fn neighbours(&self, triangle: usize) -> impl Iterator<Item = usize> + '_ {
        edges_of(self.triangles[triangle]).into_iter().filter_map(|edge| self.left_of(reversed(edge)))
    }

    /// Every edge between two triangles once, in the order of the triangles on the left.
    pub fn joints(&self) -> impl Iterator<Item = Joint> + '_ {
        let all = self.triangles.iter().enumerate().flat_map(|(left, corners)| {
            edges_of(*corners).into_iter().filter(|[from, to]| from < to).map(move |edge| (edge, left))
        });
        all.filter_map(|(edge, left)| Some(Joint { edge, left, right: self.left_of(reversed(edge))? }))
    }
}

/// The shell of each triangle, named by its first triangle: triangles of one shell are connected over edges.
pub fn shells(triangles: &[[u32; 3]]) -> Vec<usize> {
    let mut connected = Groups::of_single(triangles.len());
    let mut first_at: HashMap<[u32; 2], usize> = HashMap::new();
    for (index, corners) in triangles.iter().enumerate() {
        for [from, to] in edges_of(*corners) {
            let other = *first_at.entry([from.min(to), from.max(to)]).or_insert(index);
            connected.join(index, other);
        }
    }
    connected.all_firsts()
}

/// Whether triangles are closed and consistently oriented: every directed edge occurs once, and so does its reverse.
pub fn is_closed(triangles: &[[u32; 3]]) -> bool {
    let mut edges: Vec<[u32; 2]> = triangles.iter().flat_map(|corners| edges_of(*corners)).collect();
    edges.sort_unstable();
    !edges.is_empty()
        && edges.windows(2).all(|pair| pair[0] != pair[1])
        && edges.iter().all(|edge| edges.binary_search(&reversed(*edge)).is_ok())
}

/// Directed edges that no triangle runs back along, sorted; an edge that is short of two occurs twice. None where each
/// shell is closed, also where shells touch along an edge.
pub fn open_edges(triangles: &[[u32; 3]]) -> Vec<[u32; 2]> {
    let mut count: HashMap<[u32; 2], i32> = HashMap::new();
    for [from, to] in triangles.iter().flat_map(|corners| edges_of(*corners)) {
        *count.entry([from.min(to), from.max(to)]).or_default() += if from < to { 1 } else { -1 };
    }
    let mut open = Vec::new();
    for (edge, count) in count {
        let edge = if count > 0 { edge } else { reversed(edge) };
        open.extend(std::iter::repeat_n(edge, count.unsigned_abs() as usize));
    }
    open.sort_unstable();
    open
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tetrahedron on these corners, outward.
    fn tetrahedron([a, b, c, d]: [u32; 4]) -> [[u32; 3]; 4] {
        [[a, c, b], [a, b, d], [b, c, d], [c, a, d]]
    }

    #[test]
    fn closed_surface_has_no_open_edge() {
        let whole = tetrahedron([0, 1, 2, 3]);
        assert!(is_closed(&whole) && open_edges(&whole).is_empty());
        let open = &whole[..3];
        assert!(!is_closed(open));
        assert_eq!(open_edges(open), [[0, 2], [2, 3], [3, 0]], "what the missing triangle would run along");
        let turned = [whole[0], whole[1], whole[2], [0, 2, 3]];
        assert!(!is_closed(&turned) && open_edges(&turned).len() == 6, "one triangle faces inward");
        assert!(!is_closed(&[whole, whole].concat()), "two skins share their edges");
        assert!(!is_closed(&[]));
    }

    #[test]
    fn triangles_meet_at_edges() {
        let whole = tetrahedron([0, 1, 2, 3]);
        let edges = Edges::of(&whole);
        assert_eq!(edges.left_of([0, 1]), Some(1));
        assert_eq!(edges.left_of([1, 0]), Some(0));
        assert_eq!(edges.left_of([0, 7]), None);
        let mut beside: Vec<usize> = edges.neighbours(0).collect();
        beside.sort_unstable();
        assert_eq!(beside, [1, 2, 3]);
        assert_eq!(edges.joints().count(), 6);
        assert!(edges.joints().all(|it| it.left != it.right && it.edge[0] < it.edge[1]));
    }

    /// Two of them touch along the edge from 2 to 3, the third in corner 0 only.
    #[test]
    fn shells_share_no_edge() {
        let three = [tetrahedron([0, 1, 2, 3]), tetrahedron([2, 3, 4, 5]), tetrahedron([0, 6, 7, 8])].concat();
        assert_eq!(shells(&three), [0, 0, 0, 0, 0, 0, 0, 0, 8, 8, 8, 8]);
        assert!(open_edges(&three).is_empty());
        assert!(!is_closed(&three), "one edge has four triangles");
    }
}
