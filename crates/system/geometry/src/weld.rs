//! Corners that coincide are one.

use std::collections::HashMap;

/// Corners nearer than this are one, mm.
pub const WELD_MM: f64 = 1e-6;

/// Points of which no two are one, and which of them each given point is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Welded {
    /// The points, mm, in the order in which they came first.
    pub points: Vec<[f64; 3]>,
    /// For each given point its index in `points`.
    pub index: Vec<u32>,
}

impl Welded {
    /// Welds points, mm.
    pub fn of(points: impl IntoIterator<Item = [f64; 3]>) -> Self {
        let mut known = HashMap::new();
        let mut welded = Self::default();
        for point in points {
            let cell = point.map(|value| (value / WELD_MM).round() as i64);
            let index = *known.entry(cell).or_insert_with(|| {
                welded.points.push(point);
                welded.points.len() as u32 - 1
            });
            welded.index.push(index);
        }
        welded
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coinciding_points_are_one() {
        let welded = Welded::of([[0.0; 3], [1.0, 0.0, 0.0], [1e-8, 0.0, -1e-8], [1.0, 0.0, 2e-6]]);
        assert_eq!(welded.index, [0, 1, 0, 2]);
        assert_eq!(welded.points[0], [0.0; 3], "the first one's place counts");
    }
}
