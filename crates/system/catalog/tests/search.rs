//! Questions of a person, and the answers that the catalogue must give.

use std::{fs, sync::LazyLock};

use catalog::Catalog;
use contract::catalog::{CatalogAnswer, CatalogQuery, StrictConstraint};
use proptest::prelude::*;
use rstest::rstest;
use serde_json::{Value, json};

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("parts.db");
    catalog::write(&path).expect("the catalogue is written");
    Catalog::open(&path).expect("the catalogue opens")
});

fn ask(text: &str) -> CatalogAnswer {
    search(&CatalogQuery::new(text))
}

fn search(query: &CatalogQuery) -> CatalogAnswer {
    CATALOG.search(query).expect("a question is never an error")
}

#[rstest]
#[case::thread_and_length("M3x10 screw", "SocketHeadCapScrew_M3-0.5_10mm")]
#[case::spread_out("screw M3 x 10 mm", "SocketHeadCapScrew_M3-0.5_10mm")]
#[case::multiplication_sign("M3×10 bolts", "SocketHeadCapScrew_M3-0.5_10mm")]
#[case::with_pitch("M3-0.5x20 bolt", "SocketHeadCapScrew_M3-0.5_20mm")]
#[case::decimal_comma("M2,5x8 Schraube", "SocketHeadCapScrew_M2.5-0.45_8mm")]
#[case::sentence("I need four M4 screws, 16 mm long, for a bracket", "SocketHeadCapScrew_M4-0.7_16mm")]
#[case::trade_name("allen bolt M5x20", "SocketHeadCapScrew_M5-0.8_20mm")]
#[case::own_id("SocketHeadCapScrew_M3-0.5_20mm", "SocketHeadCapScrew_M3-0.5_20mm")]
#[case::nut_not_screw("M6 hex nuts", "HexNut_M6-1")]
#[case::washer_by_another_name("M3 shim", "PlainWasher_M3_iso7089")]
#[case::short_word("M6 hexagon nutt", "HexNut_M6-1")]
#[case::two_letters_swapped("M6 wahser", "PlainWasher_M6_iso7089")]
#[case::designation("608 bearing", "SingleRowDeepGrooveBallBearing_M8-22-7")]
#[case::three_measures("ball bearing 8x22x7", "SingleRowDeepGrooveBallBearing_M8-22-7")]
#[case::named_measures("bearing with bore 8 mm and od 22 mm", "SingleRowDeepGrooveBallBearing_M8-22-7")]
#[case::measures_named_behind("8 mm bore bearing, 22 mm od", "SingleRowDeepGrooveBallBearing_M8-22-7")]
#[case::nearest_current_first("24 V 5 A supply", "DR-120-24")]
#[case::nothing_between("24V5A psu", "DR-120-24")]
#[case::misspelt_phrase("powr suply 24 volts 10 amps", "LRS-350-24")]
#[case::at_least("power supply for my conveyor, at least 300 W", "LRS-350-24")]
#[case::by_mounting("DIN rail power supply", "DR-120-24")]
#[case::split_model("lrs 350 24", "LRS-350-24")]
#[case::beginning_of_a_model("LRS350", "LRS-350-24")]
#[case::battery_by_voltage("12 volt battery", "12V-Battery")]
#[case::portable_supply("portable 6V supply", "6V-Battery")]
#[case::either_source("6 V power source", "6V-Battery")]
#[case::other_language("relais 24 V", "G5LE-1-DC24")]
#[case::coil("5V relay", "SRD-05VDC-SL-C")]
#[case::under_a_price("relay under 2 dollars", "SRD-05VDC-SL-C")]
#[case::missing_letter("conector 40A", "XT60")]
#[case::by_pins("2-pin connector", "JST-XH-2P")]
#[case::last_noun_counts("battery connector", "XT60")]
#[case::rated_at_least("switch for 24 V, 10 A", "Toggle-Switch")]
#[case::misspelt_kind("rocker swich", "Rocker-Switch")]
#[case::gauge("awg 18 wire", "AWG18-RED")]
#[case::gauge_behind("24AWG cable", "AWG24-BLACK")]
#[case::colour("black cable", "AWG24-BLACK")]
#[case::thinnest_that_carries("wire 3 A", "AWG24-BLACK")]
#[case::torque("servo 10 kg·cm", "MG996R")]
#[case::hobby_torque("20kg servo", "DS3218")]
#[case::weight("servo under 10 g", "SG90")]
#[case::other_kind_of_motor("stepping motor", "nema17_stepper")]
#[case::alias("ax-12a", "dynamixel_ax12a")]
fn expected_part_ranks_first(#[case] question: &str, #[case] expected: &str) {
    let answer = ask(question);
    let first = answer.candidates.first().map(|found| found.part_id.as_str());
    assert_eq!(first, Some(expected), "{:?}", answer.no_match_rationale);
}

#[rstest]
#[case::figure("48 V relay", "coil_voltage_v", json!(48.0), json!(24.0), "G5LE-1-DC24")]
#[case::length("M3x19 screw", "length_mm", json!(19.0), json!(20.0), "SocketHeadCapScrew_M3-0.5_20mm")]
#[case::too_much_current("24 V 20 A supply", "current_a", json!(20.0), json!(14.6), "LRS-350-24")]
#[case::other_model("MG995 servo", "q", json!("mg995"), json!("MG996R"), "MG996R")]
#[case::other_voltage_of_a_model("LRS-350-12", "q", json!("lrs-350-12"), json!("LRS-350-24"), "LRS-350-24")]
#[case::model_with_a_figure_it_has_not("SG90 at 12 V", "operating_voltage_v", json!(12.0), json!(4.8), "SG90")]
#[case::other_frame("NEMA 23", "frame_nema", json!(23.0), json!(17.0), "nema17_stepper")]
#[case::mains_supply_and_no_battery("12V 5A power supply", "voltage_v", json!(12.0), json!(24.0), "DR-120-24")]
#[case::head(
    "M3x10 button head",
    "q",
    json!("button head"),
    json!("SocketHeadCapScrew_M3-0.5_10mm"),
    "SocketHeadCapScrew_M3-0.5_10mm"
)]
#[case::head_without_a_kind(
    "M5 csk",
    "q",
    json!("csk"),
    json!("SocketHeadCapScrew_M5-0.8_8mm"),
    "SocketHeadCapScrew_M5-0.8_8mm"
)]
#[case::kind_it_has_not("capacitor 24 V", "q", json!("capacitor"), json!("LRS-350-24"), "LRS-350-24")]
fn too_strict_condition_names_the_nearest_part(
    #[case] question: &str,
    #[case] constraint: &str,
    #[case] asked: Value,
    #[case] nearest: Value,
    #[case] nearest_part_id: &str,
) {
    let answer = ask(question);
    assert!(answer.candidates.is_empty(), "{:?}", answer.candidates[0].part_id);
    let strict = answer.too_strict.iter().find(|strict| strict.constraint == constraint);
    let strict = strict.unwrap_or_else(|| panic!("{constraint} is not in {:?}", answer.too_strict));
    assert_eq!((&strict.asked, &strict.nearest), (&asked, &nearest));
    assert_eq!(strict.nearest_part_id, nearest_part_id);
    assert!(answer.no_match_rationale.is_some_and(|sentence| sentence.contains(nearest_part_id)));
}

/// What engineers write, as they write it: `tests/questions.csv`. For a question without a match, a row names the
/// reason, either a figure or a word of the question.
#[test]
fn questions_of_engineers_are_answered() {
    let mut reader = csv::Reader::from_path("tests/questions.csv").expect("the table is there");
    let rows: Vec<[String; 3]> = reader.deserialize().collect::<Result<_, _>>().expect("three columns a row");
    assert!(rows.len() >= 150, "{} questions", rows.len());
    let mut wrong = Vec::new();
    for [question, part, condition] in rows {
        let answer = ask(&question);
        let first = answer.candidates.first().map_or("-", |found| found.part_id.as_str());
        let named = |strict: &StrictConstraint| strict.constraint == condition || strict.asked == json!(condition);
        let is_named = condition.is_empty()
            || answer.too_strict.iter().any(named)
            || answer.no_match_rationale.as_ref().is_some_and(|sentence| sentence.contains(&format!("{condition:?}")));
        if first != part || !is_named {
            let why = answer.candidates.first().map(|found| found.fit_rationale.clone()).or(answer.no_match_rationale);
            wrong
                .push(format!("{question:?}: expected {part} {condition}, found {first}: {}", why.unwrap_or_default()));
        }
    }
    assert!(wrong.is_empty(), "{}\n{} are wrong", wrong.join("\n"), wrong.len());
}

#[rstest]
#[case::seal("608ZZ", "\"zz\" (metal shields on both sides) is not recorded")]
#[case::replaced_standard("DIN 934 M10", "M10, M12, M14 and M22 have other widths")]
#[case::strength_class("ISO 4762 - M5 x 20 - 8.8", "\"8.8\" (the strength class) is not recorded")]
#[case::finish("M3x10 screw zinc plated", "\"zinc plated\" (finish) is not recorded")]
fn unrecorded_attributes_are_reported(#[case] question: &str, #[case] remark: &str) {
    let answer = ask(question);
    let rationale = &answer.candidates.first().expect("a part fits").fit_rationale;
    assert!(rationale.contains(remark), "{rationale}");
}

#[test]
fn bearings_have_the_designations_of_their_makers() {
    for (size, designation) in
        [("M8-16-4", "618/8"), ("M8-19-6", "619/8"), ("M6-13-3.5", "618/6"), ("M4-11-4", "619/4")]
    {
        let part = CATALOG.part(size).expect("it is in the catalogue");
        assert_eq!(part.record.params["designation"], json!(designation));
    }
}

#[rstest]
#[case::belt_is_no_bolt("timing belt")]
#[case::nonsense("zzzz qqq")]
#[case::punctuation("\"' OR 1=1; --")]
#[case::operators("NEAR(kind) NOT * ^")]
#[case::only_filling_words("the one for my")]
fn unmatched_question_lists_the_categories(#[case] question: &str) {
    let answer = ask(question);
    assert!(answer.candidates.is_empty(), "{question}: {:?}", answer.candidates[0].part_id);
    assert!(answer.no_match_rationale.is_some_and(|sentence| sentence.contains("bearing, power_supply")));
}

#[test]
fn query_parameters_count_as_conditions() {
    let mut query = CatalogQuery::new("power supply 24 V");
    query.max_cost = Some(30.0);
    assert_eq!(search(&query).candidates.iter().map(|found| &found.part_id).collect::<Vec<_>>(), ["GST60A24-P1J"]);
    query.max_weight_g = Some(100.0);
    let answer = search(&query);
    assert_eq!(answer.too_strict.len(), 1);
    assert_eq!(answer.too_strict[0].constraint, "max_weight_g");
    assert_eq!((&answer.too_strict[0].asked, &answer.too_strict[0].nearest), (&json!(100.0), &json!(305.0)));
    query.max_cost = Some(1.0);
    let mut named: Vec<_> = search(&query).too_strict.into_iter().map(|strict| strict.constraint).collect();
    named.sort();
    assert_eq!(named, ["max_cost", "max_weight_g"], "two conditions are in the way of every supply of 24 V");
}

#[rstest]
#[case::own_name("relay", 2)]
#[case::another_word("PSU", 3)]
#[case::with_a_blank("Power Supply", 3)]
#[case::unknown("flywheel", 0)]
fn category_narrows_the_search(#[case] category: &str, #[case] count: usize) {
    let mut query = CatalogQuery::new("power");
    query.category = Some(category.to_owned());
    let answer = search(&query);
    assert_eq!(answer.candidates.len(), count, "{:?}", answer.no_match_rationale);
    assert_eq!(answer.no_match_rationale.is_none(), count > 0);
}

#[test]
fn rationale_explains_each_condition() {
    let mut query = CatalogQuery::new("24 V 5 A suply");
    query.limit = 2;
    let answer = search(&query);
    assert_eq!(answer.candidates.len(), 2);
    let second = &answer.candidates[1].fit_rationale;
    for part in ["supply", "voltage_v is 24 V", "current_a is 14.6 A, 2.9 times the 5 A", "read as \"supply\""] {
        assert!(second.contains(part), "{part} is not in {second}");
    }
    assert_eq!(answer.candidates[1].specs["voltage_v"], json!(24.0));
    assert_eq!(answer.version, *CATALOG.version());
}

#[rstest]
#[case("LRS-350-24", "LRS-350-24")]
#[case("lrs_350_24", "LRS-350-24")]
#[case("PowerSupply_DR-120-24", "DR-120-24")]
#[case("m8-22-7", "SingleRowDeepGrooveBallBearing_M8-22-7")]
fn part_is_found_by_each_of_its_ids(#[case] id: &str, #[case] expected: &str) {
    assert_eq!(CATALOG.part(id).map(|part| part.part_id).as_deref(), Some(expected));
}

#[rstest]
#[case::ambiguous_size("M3-0.5")]
#[case::beginning("LRS-350")]
#[case::nothing("")]
fn inexact_id_finds_no_part(#[case] id: &str) {
    assert_eq!(CATALOG.part(id), None);
}

/// ISO 4762, M3 × 10, of steel: its head and shank as plain cylinders, less the hexagon socket.
/// Head π/4·5.5²·3 = 71.3 mm³ (the standard's largest head is 5.68: 76.0), shank π/4·3²·10 = 70.7 mm³ (as cut thread
/// about 15 % less), socket 0.866·2.5²·1.3 = 7.0 mm³: between 116 and 140 mm³, times 0.00785 g/mm³.
#[test]
fn screw_weight_matches_its_steel_volume() {
    let screw = CATALOG.part("SocketHeadCapScrew_M3-0.5_10mm").expect("it is in the catalogue");
    assert!((116.0 * 0.00785..140.0 * 0.00785).contains(&screw.weight_g), "{} g", screw.weight_g);
    assert!((screw.record.volume * 0.00785 - screw.weight_g).abs() < 1e-4, "{} g", screw.weight_g);
}

#[test]
fn builds_are_reproducible_and_read_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let [first, second] = ["first.db", "second.db"].map(|name| folder.path().join(name));
    catalog::write(&first).expect("it is written");
    catalog::write(&second).expect("it is written");
    catalog::write(&second).expect("it is replaced, read-only as it is");
    let bytes = fs::read(&first).expect("it is there");
    assert!(bytes == fs::read(&second).expect("it is there"), "two builds differ");
    assert_eq!(fs::metadata(&first).expect("it is there").permissions().mode() & 0o777, 0o444);
    let opened = Catalog::open(&first).expect("it opens");
    let metadata = opened.metadata().expect("it is there");
    assert_eq!(metadata.content_sha256.len(), 64);
    assert_eq!(metadata.part_count, CATALOG.metadata().map_or(metadata.part_count, |other| other.part_count));
    assert_eq!(fs::read_dir(folder.path()).expect("it is there").count(), 2, "a draft or a journal was left behind");
}

#[rstest]
#[case::missing(None, "cannot be read")]
#[case::no_database(Some("nonsense"), "is not a parts catalogue")]
#[case::empty(Some(""), "is not a parts catalogue")]
fn invalid_catalogue_file_is_named(#[case] content: Option<&str>, #[case] expected: &str) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("parts.db");
    if let Some(content) = content {
        fs::write(&path, content).expect("it is written");
    }
    let refused = Catalog::open(&path).expect_err("it is no catalogue").to_string();
    assert!(
        refused.contains(expected) && refused.contains("parts.db") && refused.contains("catalog build"),
        "{refused}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_gets_an_answer(text in "\\PC{0,200}", cost in proptest::option::of(proptest::num::f64::ANY)) {
        let mut query = CatalogQuery::new(text);
        query.max_cost = cost;
        let answer = search(&query);
        prop_assert_eq!(answer.candidates.is_empty(), answer.no_match_rationale.is_some());
    }

    #[test]
    fn trade_vocabulary_gets_an_answer(
        words in proptest::collection::vec("m[0-9x.\\-]{1,6}|[0-9.,]{1,5} ?(v|a|mm|kg)|(screw|relay|psu)s?|[\"*^:()-]{1,3}", 0..12),
    ) {
        let answer = search(&CatalogQuery::new(words.join(" ")));
        prop_assert_eq!(answer.candidates.is_empty(), answer.no_match_rationale.is_some());
    }
}
