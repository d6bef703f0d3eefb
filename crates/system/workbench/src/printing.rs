//! 3D print: warnings about what may not print well. Nothing here is a violation.

use contract::workbench::WorkbenchMetadata;
use materials::PrintProcess;

use crate::{flaw::position, frame::Frame, solid::Solid, surface::Surface, thickness::measure};

/// Deviation of a measured thickness from the true one, mm.
const THICKNESS_TOLERANCE_MM: f64 = 0.005;

/// The warnings, each with the measured value and the limit.
pub(crate) fn warnings(
    process: &PrintProcess,
    solid: &Solid,
    surface: &Surface,
    metadata: &mut WorkbenchMetadata,
) -> Vec<String> {
    let warnings = [
        void_warning(surface, metadata),
        wall_warning(process, surface, metadata),
        size_warning(process, solid, surface),
    ];
    warnings.into_iter().flatten().collect()
}

/// Powder, resin or supports cannot be removed from a void.
fn void_warning(surface: &Surface, metadata: &mut WorkbenchMetadata) -> Option<String> {
    let voids = surface.voids();
    let (volume_mm3, at) = voids.iter().max_by(|(one, _), (two, _)| one.total_cmp(two))?;
    metadata.additional_info.insert("sealed_void_count".into(), voids.len().into());
    Some(format!(
        "sealed voids: {}, at most 0 come out empty; the largest encloses {volume_mm3:.2} mm³, with a wall at {} mm; open \
         a hole to each",
        voids.len(),
        position(*at)
    ))
}

fn wall_warning(process: &PrintProcess, surface: &Surface, metadata: &mut WorkbenchMetadata) -> Option<String> {
    let least = process.min_wall_thickness_mm;
    // Only thin walls are looked for.
    let thin = measure(surface, f64::INFINITY).thinnest?;
    metadata.additional_info.insert("min_wall_thickness_mm".into(), thin.thickness_mm.into());
    (thin.thickness_mm < least - THICKNESS_TOLERANCE_MM).then(|| {
        format!(
            "a wall of {:.2} mm at {} mm is thinner than the {least:.2} mm that print reliably",
            thin.thickness_mm,
            position(thin.at)
        )
    })
}

/// The part may be turned in the printer, but only along its own axes or the world's.
fn size_warning(process: &PrintProcess, solid: &Solid, surface: &Surface) -> Option<String> {
    let sorted = |mut size: [f64; 3]| {
        size.sort_by(|one, two| two.total_cmp(one));
        size
    };
    let room = sorted(process.build_volume_mm);
    let fits = |size: [f64; 3]| sorted(size).into_iter().zip(room).all(|(extent, room)| extent <= room);
    let [x, y, z] = solid.size_mm();
    (!fits([x, y, z]) && !fits(Frame::own(surface).size_mm(surface))).then(|| {
        let [width, depth, height] = process.build_volume_mm;
        format!(
            "the part measures {x:.2} × {y:.2} × {z:.2} mm and the printer builds {width:.0} × {depth:.0} × {height:.0} \
             mm at most; print it in pieces"
        )
    })
}

#[cfg(test)]
mod tests {
    use contract::part_metadata::ManufacturingMethod;
    use rstest::rstest;

    use crate::{
        analyze,
        sample_config::shipped,
        sample_solids::{SampleSolid, cup},
    };

    #[rstest]
    #[case::cube(SampleSolid::cuboid([10.0; 3]), None)]
    #[case::thinnest_wall(SampleSolid::cuboid([30.0, 20.0, 0.8]), None)]
    #[case::thin_plate(SampleSolid::cuboid([30.0, 20.0, 0.2]), Some("a wall of 0.20 mm at ("))]
    #[case::thin_cup(cup(0.5, 3.0), Some("a wall of 0.50 mm"))]
    #[case::void(
        SampleSolid::cuboid([30.0; 3]).with_void(SampleSolid::cuboid([10.0, 10.0, 5.0]).moved([10.0; 3])),
        Some("sealed voids: 1, at most 0 come out empty; the largest encloses 500.00 mm³, with a wall at (")
    )]
    #[case::fills_the_printer(SampleSolid::cuboid([256.0; 3]), None)]
    #[case::long_but_tilted(SampleSolid::cuboid([255.0, 20.0, 250.0]).turned_about_x(0.4).turned_about_z(0.6), None)]
    #[case::too_long(
        SampleSolid::cuboid([1000.0, 10.0, 10.0]),
        Some("the part measures 1000.00 × 10.00 × 10.00 mm and the printer builds 256 × 256 × 256 mm")
    )]
    fn risky_print_draws_a_warning(#[case] solid: SampleSolid, #[case] expected: Option<&str>) {
        let result = analyze(&shipped(), &solid.view(), ManufacturingMethod::ThreeDPrint, Some("abs"), 1, false);
        assert_eq!(result.violations, Vec::<String>::new());
        let warnings: Vec<_> = crate::analysis::warnings(&result).collect();
        assert_eq!(warnings.len(), usize::from(expected.is_some()), "{warnings:?}");
        assert!(expected.is_none_or(|expected| warnings[0].starts_with(expected)), "{warnings:?}");
    }
}
