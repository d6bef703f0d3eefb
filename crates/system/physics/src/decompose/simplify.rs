//! Removes corners that do not change the shape.
//!
//! A cut splits every triangle that it crosses into three, and a face that is cut ten times keeps all the corners that
//! lie in it and in a row along its edges. Without this, the triangles of a long tube grow a hundredfold.

use parry3d_f64::math::Vector;

use super::surface::{COPLANAR, FaceKind, Surface};

/// Sine of the angle by which an edge may leave the line of two faces.
const STRAIGHT: f64 = 1e-6;

/// The same surface without corners inside flat faces and without corners along straight edges. Faces of two kinds stay
/// two faces.
pub(super) fn simplified(surface: Surface) -> Surface {
    let mut mesh = Mesh::of(surface);
    for corner in 0..mesh.surface.points.len() as u32 {
        mesh.remove(corner);
    }
    mesh.rest()
}

struct Mesh {
    surface: Surface,
    /// Of each original triangle: faces stay where they are. Zero for a zero-width triangle.
    normals: Vec<Vector>,
    /// The triangles around each corner.
    around: Vec<Vec<usize>>,
}

impl Mesh {
    fn of(surface: Surface) -> Self {
        let mut around = vec![Vec::new(); surface.points.len()];
        for (index, triangle) in surface.triangles.iter().enumerate() {
            for corner in triangle {
                around[*corner as usize].push(index);
            }
        }
        let normals = surface.triangles.iter().map(|triangle| surface.normal(*triangle)).collect();
        Self { surface, normals, around }
    }

    fn point(&self, corner: u32) -> Vector {
        self.surface.points[corner as usize]
    }

    /// The faces that meet in a corner; `None` when they are more than two.
    fn faces(&self, corner: u32) -> Option<Vec<(Vector, FaceKind)>> {
        let mut faces: Vec<(Vector, FaceKind)> = Vec::new();
        for triangle in &self.around[corner as usize] {
            let (normal, kind) = (self.normals[*triangle], self.surface.kinds[*triangle]);
            let is_known = |(known, of): &(Vector, FaceKind)| *of == kind && known.dot(normal) > 1.0 - COPLANAR;
            if normal != Vector::ZERO && !faces.iter().any(is_known) {
                if faces.len() == 2 {
                    return None;
                }
                faces.push((normal, kind));
            }
        }
        Some(faces)
    }

    fn neighbours(&self, corner: u32) -> Vec<u32> {
        let corners = self.around[corner as usize].iter().flat_map(|triangle| self.surface.triangles[*triangle]);
        let mut neighbours: Vec<u32> = corners.filter(|other| *other != corner).collect();
        neighbours.sort_unstable();
        neighbours.dedup();
        neighbours
    }

    /// Merges a corner into one of its neighbours, if that changes no face.
    fn remove(&mut self, corner: u32) {
        let Some(faces) = self.faces(corner) else { return };
        let neighbours = self.neighbours(corner);
        let here = self.point(corner);
        let target = neighbours.iter().copied().find(|target| {
            let along = (self.point(*target) - here).normalize_or_zero();
            let stays = |(normal, _): &(Vector, FaceKind)| normal.dot(along).abs() < STRAIGHT;
            // In the plane of one face, along the line of two; of two kinds in one plane only along their seam.
            let is_along = match faces.as_slice() {
                [(one, _), (other, _)] if one.dot(*other) > 1.0 - COPLANAR => self.is_seam(corner, *target),
                faces => faces.iter().all(stays),
            };
            is_along && self.may_draw(corner, *target, &neighbours)
        });
        if let Some(target) = target {
            self.draw(corner, target);
        }
    }

    /// True for an edge between faces of two kinds.
    fn is_seam(&self, one: u32, other: u32) -> bool {
        let beside = self.around[one as usize].iter().filter(|it| self.surface.triangles[**it].contains(&other));
        let kinds: Vec<FaceKind> = beside.map(|triangle| self.surface.kinds[*triangle]).collect();
        kinds.len() == 2 && kinds[0] != kinds[1]
    }

    /// True when the surface stays closed and no triangle turns over.
    fn may_draw(&self, corner: u32, target: u32, neighbours: &[u32]) -> bool {
        let common = self.neighbours(target).into_iter().filter(|it| neighbours.binary_search(it).is_ok()).count();
        common == 2
            && self.around[corner as usize].iter().all(|index| {
                let triangle = self.surface.triangles[*index];
                if triangle.contains(&target) {
                    return true;
                }
                let [a, b, c] = triangle.map(|it| self.point(if it == corner { target } else { it }));
                let across = (b - a).cross(c - a);
                let is_flat = across.length() <= 1e-9 * (b - a).length_squared().max((c - a).length_squared());
                // A zero-width triangle has no plane; one that loses its width is removed at once.
                !is_flat && across.normalize_or_zero().dot(self.normals[*index]) > 1.0 - 100.0 * COPLANAR
            })
    }

    fn draw(&mut self, corner: u32, target: u32) {
        for index in std::mem::take(&mut self.around[corner as usize]) {
            let triangle = self.surface.triangles[index];
            if triangle.contains(&target) {
                for other in triangle.into_iter().filter(|other| *other != corner) {
                    self.around[other as usize].retain(|it| *it != index);
                }
                self.surface.triangles[index] = [0; 3];
            } else {
                self.surface.triangles[index] = triangle.map(|it| if it == corner { target } else { it });
                self.around[target as usize].push(index);
            }
        }
    }

    /// What is left, with the corners that it needs.
    fn rest(self) -> Surface {
        let mut rest = Surface::default();
        let mut renamed = vec![u32::MAX; self.surface.points.len()];
        for (triangle, kind) in self.surface.triangles.iter().zip(&self.surface.kinds) {
            if triangle[0] == triangle[1] {
                continue;
            }
            rest.triangles.push(triangle.map(|corner| {
                let name = &mut renamed[corner as usize];
                if *name == u32::MAX {
                    *name = rest.points.len() as u32;
                    rest.points.push(self.surface.points[corner as usize]);
                }
                *name
            }));
            rest.kinds.push(*kind);
        }
        rest
    }
}
