//! Set-up of a part for milling in one clamping.

use parry3d_f64::math::Vector;

use crate::{flaw::position, frame::Frame, surface::Surface};

/// A turned set-up is reported when its block is smaller than this share of the one along the world's axes.
const CLEARLY_SMALLER: f64 = 1.0 - 1e-6;

/// Heights that differ by less are the same, mm.
const SAME_HEIGHT_MM: f64 = 1e-3;

/// One clamping: where the tool comes from, and the block that the part is cut from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Setup {
    /// Towards the tool, a unit vector.
    pub axis: Vector,
    /// Extents of the block, mm.
    pub stock_mm: [f64; 3],
}

impl Setup {
    /// The set-up that is better than the model's own pose with the tool from +Z and a block of `world_mm`: of the six
    /// along the part's own axes, the lowest that `works`, which needs the shortest tools. `None` where +Z works and no
    /// block is smaller, and where nothing works.
    pub fn better(
        surface: &Surface,
        world_mm: [f64; 3],
        up_works: bool,
        works: impl Fn(Vector) -> bool,
    ) -> Option<Self> {
        let frame = Frame::own(surface);
        let stock_mm = if frame == Frame::WORLD { world_mm } else { frame.size_mm(surface) };
        let volume = |size: [f64; 3]| size.into_iter().product::<f64>();
        if up_works && volume(stock_mm) >= volume(world_mm) * CLEARLY_SMALLER {
            return None;
        }
        let mut senses = frame.senses();
        let height = |number: usize| (stock_mm[number] / SAME_HEIGHT_MM).round();
        senses.sort_by(|(one, up), (two, other_up)| {
            height(*one).total_cmp(&height(*two)).then(other_up.z.total_cmp(&up.z))
        });
        let (_, axis) = senses.into_iter().find(|(_, axis)| works(*axis))?;
        Some(Self { axis, stock_mm })
    }

    /// Its description in messages.
    pub fn note(&self) -> String {
        let [x, y, z] = self.stock_mm;
        format!(
            "milled lying square to its own faces and not as it is modelled: the set-up axis, from which the tool comes, \
             is {}, the block measures {x:.2} × {y:.2} × {z:.2} mm",
            position(self.axis.to_array())
        )
    }
}
