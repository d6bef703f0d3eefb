//! `review.md`: a reviewer's decision and its grounds. Frontmatter with fields, then text.
//!
//! | Rule | Broken when |
//! |---|---|
//! | `review.no_frontmatter` | the file does not begin with fields between two lines of dashes |
//! | `review.unknown_decision` | the decision is not one of the six; `accepted` is not among them |
//! | `review.no_refusal_pending` | the decision answers a refusal, but none is pending |
//! | `review.refusal_unanswered` | a refusal is pending, and the decision does not answer it |
//! | `review.comments` | comments are neither a text nor a list of texts |
//! | `review.evidence` | evidence is missing or of the wrong form |
//!
//! The number of viewed pictures is required when the reviewed work has pictures, and optional otherwise.
//!
//! Other fields are ignored.

use contract::{
    reviews::{ReviewDecision, ReviewEvidence, ReviewFrontmatter},
    violations::Checked,
};
use serde_json::Value;

use crate::{
    frontmatter,
    report::{Artifact, Report, broken},
    wording::{listed, quoted},
    yaml::Field,
};

const ARTIFACT: Artifact = Artifact { file: "review.md", name: "review" };

/// What a review is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reviewed {
    /// A coder has refused the plan and waits for an answer; then, and only then, the two decisions about refusals are
    /// valid, and no others are.
    pub refusal_pending: bool,
    /// The work has pictures, so that a reviewer must say how many were looked at.
    pub has_pictures: bool,
}

/// Checks a review.
pub fn check(bytes: &[u8], reviewed: Reviewed) -> Checked<ReviewFrontmatter> {
    let mut report = Report::new(ARTIFACT);
    let Some(text) = report.text(bytes) else { return report.finish(None) };
    let Some(fields) = frontmatter::read(&mut report, text) else { return report.finish(None) };
    let root = Field::root(&fields);
    let decision = read_decision(&mut report, &root.at("decision"));
    if let Some(decision) = decision {
        report_misplaced(&mut report, decision, reviewed.refusal_pending);
    }
    let comments = read_comments(&mut report, &root.at("comments"));
    let evidence = read_evidence(&mut report, &root.at("evidence"), reviewed.has_pictures);
    let value = decision.zip(comments).zip(evidence).map(|((decision, comments), evidence)| ReviewFrontmatter {
        decision,
        comments,
        evidence,
    });
    report.finish(value)
}

fn read_decision(report: &mut Report, field: &Field) -> Option<ReviewDecision> {
    let known: Vec<_> = ReviewDecision::ALL.iter().map(|decision| decision.name()).collect();
    let decisions = listed(&known);
    if field.is_absent() {
        let message = format!("decision is missing; write one of {decisions}");
        report.add(broken("missing_field", message).at("decision").limit(known.clone()));
        return None;
    }
    let decision = field.read();
    if decision.is_none() {
        let found = field.text().unwrap_or_else(|| "something other than a word".to_owned());
        let message = format!("decision {} is not known; write one of {decisions}", quoted(&found));
        report.add(broken("unknown_decision", message).at("decision").measured(found).limit(known));
    }
    decision
}

fn report_misplaced(report: &mut Report, decision: ReviewDecision, refusal_pending: bool) {
    let name = decision.name();
    match (decision.is_about_refusal(), refusal_pending) {
        (true, false) => {
            let message = format!("Decision '{name}' is only valid when CAD agent refused the plan");
            report.add(broken("no_refusal_pending", message).at("decision").measured(name));
        }
        (false, true) => {
            let answers = [ReviewDecision::ConfirmPlanRefusal, ReviewDecision::RejectPlanRefusal];
            let answers = answers.map(ReviewDecision::name);
            let message = format!(
                "the CAD agent has refused the plan and waits for an answer: decide {}, not {name}",
                answers.join(" or ")
            );
            report.add(broken("refusal_unanswered", message).at("decision").measured(name).limit(answers.as_slice()));
        }
        _ => {}
    }
}

fn read_comments(report: &mut Report, field: &Field) -> Option<Vec<String>> {
    if field.is_absent() {
        return Some(Vec::new());
    }
    if let Some(text) = field.text() {
        return Some(vec![text]);
    }
    let items = field.items();
    let texts: Option<Vec<String>> = items.iter().map(Field::text).collect();
    let texts = texts.filter(|_| field.value().is_some_and(Value::is_array));
    if texts.is_none() {
        report.add(broken("comments", "comments must be a text or a list of texts").at("comments"));
    }
    texts
}

fn read_evidence(report: &mut Report, field: &Field, has_pictures: bool) -> Option<ReviewEvidence> {
    if !field.value().is_some_and(Value::is_object) {
        let message = "evidence must be a mapping with images_viewed and files_checked: say what you looked at";
        report.add(broken("evidence", message).at("evidence"));
        return None;
    }
    let images_viewed = read_images_viewed(report, &field.at("images_viewed"), has_pictures);
    let files_checked = read_files_checked(report, &field.at("files_checked"));
    let video = field.at("video_viewed");
    let video_viewed = video.read::<bool>();
    if video_viewed.is_none() && !video.is_absent() {
        report.add(broken("evidence", "evidence.video_viewed must be true or false").at(video.place()));
        return None;
    }
    Some(ReviewEvidence { images_viewed: images_viewed?, files_checked: files_checked?, video_viewed })
}

/// The count, or `Some(None)` where it is optional and left out.
#[expect(clippy::option_option, reason = "whether it is sound, and whether it is there")]
fn read_images_viewed(report: &mut Report, field: &Field, has_pictures: bool) -> Option<Option<u32>> {
    if field.is_absent() && !has_pictures {
        return Some(None);
    }
    let count: Option<u32> = field.read();
    if count.is_none() {
        let message = "evidence.images_viewed must be a whole number, 0 or more: how many pictures were looked at";
        let violation = broken("evidence", message).at(field.place()).limit(0);
        report.add(match field.value() {
            Some(found) => violation.measured(found.clone()),
            None => violation,
        });
    }
    count.map(Some)
}

fn read_files_checked(report: &mut Report, field: &Field) -> Option<Vec<String>> {
    let items = field.items();
    if items.is_empty() {
        let message = "evidence.files_checked must be a list with at least one file that was looked at";
        report.add(broken("evidence", message).at(field.place()).measured(0).limit(1));
        return None;
    }
    let mut files = Vec::with_capacity(items.len());
    for item in &items {
        match item.text().filter(|text| !text.trim().is_empty()) {
            Some(file) => files.push(file),
            None => report.add(broken("evidence", "a checked file must have a name").at(item.place())),
        }
    }
    (files.len() == items.len()).then_some(files)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const SOUND: &str = "---\ndecision: approved\ncomments: fine\nevidence:\n  images_viewed: 3\n  files_checked:\n  \
        - script.py\nstress_check: passed\n---\nGood.\n";

    /// Modelled work that nobody has refused to do.
    const MODEL: Reviewed = Reviewed { refusal_pending: false, has_pictures: true };
    const REFUSED: Reviewed = Reviewed { refusal_pending: true, has_pictures: true };

    fn rules(checked: &Checked<ReviewFrontmatter>) -> Vec<(&str, Option<&str>)> {
        checked.violations.iter().map(|found| (found.rule.as_str(), found.place.as_deref())).collect()
    }

    #[test]
    fn sound_reviews_pass() {
        let review = check(SOUND.as_bytes(), MODEL).sound().expect("sound");
        assert_eq!((review.decision, review.comments), (ReviewDecision::Approved, vec!["fine".to_owned()]));
        assert_eq!((review.evidence.images_viewed, review.evidence.files_checked.len()), (Some(3), 1));
        let answer = SOUND.replace("approved", "confirm_plan_refusal").replace("comments: fine\n", "");
        assert_eq!(rules(&check(answer.as_bytes(), REFUSED)), []);
    }

    #[rstest]
    #[case::accepted("decision: approved", "decision: accepted", "review.unknown_decision", "decision")]
    #[case::no_decision("decision: approved\n", "", "review.missing_field", "decision")]
    #[case::not_refused("approved", "reject_plan_refusal", "review.no_refusal_pending", "decision")]
    #[case::comments("comments: fine", "comments: {a: b}", "review.comments", "comments")]
    #[case::negative("images_viewed: 3", "images_viewed: -1", "review.evidence", "evidence.images_viewed")]
    #[case::half("images_viewed: 3", "images_viewed: 1.5", "review.evidence", "evidence.images_viewed")]
    #[case::no_count("  images_viewed: 3\n", "", "review.evidence", "evidence.images_viewed")]
    #[case::no_files("\n  - script.py", " []", "review.evidence", "evidence.files_checked")]
    #[case::blank_file("- script.py", "- ' '", "review.evidence", "evidence.files_checked[0]")]
    #[case::video("  images_viewed", "  video_viewed: 2\n  images_viewed", "review.evidence", "evidence.video_viewed")]
    #[case::syntax("comments: fine", "comments: [", "review.yaml_syntax", "line 5")]
    #[case::no_start("---\ndecision", "decision", "review.no_frontmatter", "line 1")]
    fn one_break_gives_one_violation(#[case] from: &str, #[case] to: &str, #[case] rule: &str, #[case] place: &str) {
        let checked = check(SOUND.replacen(from, to, 1).as_bytes(), MODEL);
        assert_eq!(rules(&checked), [(rule, Some(place))]);
    }

    #[test]
    fn picture_count_is_optional_without_pictures() {
        let document = Reviewed { has_pictures: false, ..MODEL };
        let without = SOUND.replace("  images_viewed: 3\n", "");
        let review = check(without.as_bytes(), document).sound().expect("sound");
        assert_eq!(review.evidence.images_viewed, None);
        let counted = check(SOUND.as_bytes(), document).sound().expect("a count may still be given");
        assert_eq!(counted.evidence.images_viewed, Some(3));
        let wrong = SOUND.replace("images_viewed: 3", "images_viewed: few");
        assert_eq!(rules(&check(wrong.as_bytes(), document)), [("review.evidence", Some("evidence.images_viewed"))]);
    }

    #[test]
    fn messages_name_the_decisions() {
        let unknown = check(SOUND.replace("approved", "accepted").as_bytes(), MODEL).violations.remove(0).message;
        assert!(unknown.contains("approved, rejected, reject_plan, reject_code, confirm_plan_refusal"), "{unknown}");
        let misplaced = SOUND.replace("approved", "confirm_plan_refusal");
        let misplaced = check(misplaced.as_bytes(), MODEL).violations.remove(0).message;
        assert_eq!(misplaced, "Decision 'confirm_plan_refusal' is only valid when CAD agent refused the plan");
    }

    #[test]
    fn pending_refusal_must_be_answered() {
        assert_eq!(rules(&check(SOUND.as_bytes(), REFUSED)), [("review.refusal_unanswered", Some("decision"))]);
    }

    #[test]
    fn all_violations_are_reported_at_once() {
        let text = "---\ndecision: maybe\ncomments: {}\nevidence: {images_viewed: many, files_checked: [1, '']}\n---\n";
        let found: Vec<_> = rules(&check(text.as_bytes(), MODEL))
            .into_iter()
            .filter_map(|(_, place)| place)
            .map(str::to_owned)
            .collect();
        assert_eq!(found, ["decision", "comments", "evidence.images_viewed", "evidence.files_checked[1]"]);
    }
}
