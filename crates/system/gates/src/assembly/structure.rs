//! Rules for `final_assembly`: which parts are assembled into what.

use std::collections::HashSet;

use super::{check_ids, is_subassembly, parts::ListedParts};
use crate::{
    motion,
    report::{Report, broken},
    wording::quoted,
    yaml::Field,
};

/// Checks all elements; returns the names that occur in the assembly.
pub(super) fn check(report: &mut Report, assembly: &Field, listed: &ListedParts) -> HashSet<String> {
    let (groups, singles): (Vec<Field>, Vec<Field>) = assembly.items().into_iter().partition(is_subassembly);
    let mut assembled = HashSet::new();
    for part in &singles {
        assembled.extend(check_part(report, part, listed));
    }
    for group in &groups {
        let members: HashSet<String> =
            group.at("parts").items().iter().filter_map(|part| check_part(report, part, listed)).collect();
        for joint in group.at("joints").items() {
            check_joint(report, &joint, group, &members);
        }
        assembled.extend(members);
    }
    check_ids(report, groups.iter().map(|group| group.at("subassembly_id")));
    let joints = groups.iter().flat_map(|group| group.at("joints").items());
    check_ids(report, joints.map(|joint| joint.at("joint_id")));
    assembled
}

/// `assembly.unused_cots`: every bought part is in the assembly.
pub(super) fn check_bought_parts_are_used(report: &mut Report, bought: &Field, assembled: &HashSet<String>) {
    for id in bought.items().iter().map(|part| part.at("part_id")) {
        let Some(name) = id.text().filter(|name| !assembled.contains(name)) else { continue };
        let message =
            format!("COTS part {} is in no assembly; put it into final_assembly, or do not buy it", quoted(&name));
        report.add(broken("unused_cots", message).at(id.place()).measured(name));
    }
}

fn check_part(report: &mut Report, part: &Field, listed: &ListedParts) -> Option<String> {
    let field = part.at("name");
    let name = field.text()?;
    if !listed.has(&name) {
        let message = format!(
            "final_assembly references unknown part {}; list it under manufactured_parts or cots_parts",
            quoted(&name)
        );
        report.add(broken("unknown_part", message).at(field.place()).measured(name.as_str()));
    }
    let config = part.at("config");
    let whose = format!("part {}", quoted(&name));
    if !config.at("control").is_absent() {
        motion::check_movable(report, &config, &whose, "so its control moves nothing");
    }
    motion::check(report, &config, &whose);
    Some(name)
}

fn check_joint(report: &mut Report, joint: &Field, group: &Field, members: &HashSet<String>) {
    let ends = joint.at("parts").items();
    let id = joint.at("joint_id").text().map_or_else(|| joint.key().to_owned(), |id| format!("joint {}", quoted(&id)));
    if joint.at("parts").value().is_some_and(serde_json::Value::is_array) && ends.len() < 2 {
        let message = format!("{id} joins {} parts; a joint needs at least 2", ends.len());
        report.add(broken("joint_parts", message).at(joint.at("parts").place()).measured(ends.len()).limit(2));
    }
    let owner = group.at("subassembly_id").text().unwrap_or_default();
    for end in &ends {
        let Some(name) = end.text().filter(|name| !members.contains(name)) else { continue };
        let message =
            format!("{id} references unknown part {}; sub-assembly {} has no such part", quoted(&name), quoted(&owner));
        report.add(broken("unknown_part", message).at(end.place()).measured(name));
    }
}
