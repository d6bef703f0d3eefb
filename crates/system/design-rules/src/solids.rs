//! Every part is a closed, consistent solid, and no two of them claim the same space.

use contract::limits::MAX_OVERLAP_MM3;
use contract::violations::Violation;
use design::{Design, Interference, Part};

use crate::{SCRIPT, at_part, between_parts, rounded};

/// Solids that are broken or open, and pairs that overlap by more than [`MAX_OVERLAP_MM3`]. Overlaps are only known
/// when the design was built with its interference check; zones are regions of space and follow neither rule.
pub fn check_solids(design: &Design) -> Vec<Violation> {
    let parts = design.parts.iter().filter(|part| !part.is_zone());
    let broken = parts.filter_map(check_part);
    let overlaps = design.interferences.iter().filter(|pair| pair.volume_mm3 > MAX_OVERLAP_MM3).map(overlap);
    broken.chain(overlaps).collect()
}

fn check_part(part: &Part) -> Option<Violation> {
    let label = &part.label;
    let violation = if part.solid_count == 0 {
        let message =
            format!("Part {label:?} has no solid, only faces or edges; build() must return a body with volume");
        Violation::new(SCRIPT, "solid.missing", message).measured(0).limit(1)
    } else if !part.is_valid {
        let message = format!(
            "Part {label:?} is not a valid solid: the CAD kernel finds its faces inconsistent, as after a fillet \
             larger than its neighbourhood or a self-intersecting sweep; rebuild it with smaller features"
        );
        Violation::new(SCRIPT, "solid.invalid", message)
    } else if !part.mesh.is_watertight {
        let message = format!("Part {label:?} is not closed: its surface has open edges; close the faces to a solid");
        Violation::new(SCRIPT, "solid.open", message)
    } else {
        return None;
    };
    Some(violation.at(at_part(label)))
}

fn overlap(pair: &Interference) -> Violation {
    let Interference { first, second, volume_mm3 } = pair;
    let message = format!(
        "Geometric intersection detected (volume: {volume_mm3:.2} mm³): parts {first:?} and {second:?} fill the same \
         space, {MAX_OVERLAP_MM3} mm³ at most; move one of them or cut room for it"
    );
    Violation::new(SCRIPT, "solid.intersection", message)
        .at(between_parts(first, second))
        .measured(rounded(*volume_mm3))
        .limit(MAX_OVERLAP_MM3)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::fixture;

    #[rstest]
    #[case::sound(|_: &mut Part| {}, None)]
    #[case::without_solid(|part: &mut Part| part.solid_count = 0, Some("solid.missing"))]
    #[case::inconsistent(|part: &mut Part| part.is_valid = false, Some("solid.invalid"))]
    #[case::open(|part: &mut Part| part.mesh.is_watertight = false, Some("solid.open"))]
    fn each_fault_of_a_solid_has_its_rule(#[case] change: fn(&mut Part), #[case] rule: Option<&str>) {
        let mut part = fixture::cuboid("plate", [0.0; 3], [10.0; 3]);
        change(&mut part);
        let found = check_solids(&fixture::design(vec![part]));
        assert_eq!(found.iter().map(|violation| violation.rule.as_str()).collect::<Vec<_>>(), Vec::from_iter(rule));
    }

    #[test]
    fn overlap_beyond_touching_names_parts_and_volume() {
        let mut design = fixture::design(vec![]);
        let pair = |second: &str, volume_mm3| Interference { first: "a".into(), second: second.into(), volume_mm3 };
        design.interferences = vec![pair("b", 12.3456), pair("c", 0.05)];
        let found = check_solids(&design);
        assert_eq!(found.len(), 1);
        assert!(found[0].message.contains("Geometric intersection detected (volume: 12.35 mm³)"), "{}", found[0]);
        assert_eq!(found[0].place.as_deref(), Some("part \"a\" → \"b\""));
    }
}
