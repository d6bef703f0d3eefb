//! INT-013 — a part candidate is complete, or its absence is explained.
//!
//! Seam: caller → controller's catalogue
//! Requirement: every candidate has an id, a manufacturer, key figures, a price, a source and why it fits; when nothing
//! fits, the answer says so, names what was too strict, and is right about it.

use contract::catalog::{CatalogQuery, PartCandidate};
use rstest::rstest;
use serde_json::{Value, json};
use testkit::{Context, StatusCode};

use crate::ctx;

fn must_be_complete(found: &PartCandidate) {
    for (field, text) in [
        ("part_id", &found.part_id),
        ("name", &found.name),
        ("category", &found.category),
        ("manufacturer", &found.manufacturer),
        ("quantity_tier", &found.quantity_tier),
        ("source", &found.source),
        ("fit_rationale", &found.fit_rationale),
    ] {
        assert!(!text.trim().is_empty(), "{field} is empty: {found:#?}");
    }
    assert_eq!(found.cots_part_id, found.part_id);
    assert!(found.price > 0.0 && found.price.is_finite(), "{found:#?}");
    assert!(found.weight_g > 0.0 && found.weight_g.is_finite(), "{found:#?}");
    assert!(found.specs.values().any(Value::is_number), "no figure among the specs: {found:#?}");
    assert_eq!(found.metadata["part_id"], json!(found.part_id));
    assert_eq!(found.metadata["unit_cost"], json!(found.price));
}

/// The first hit, a figure of it, and what the rationale must say.
#[rstest]
#[case::thread_and_length("M3x10 screw", "SocketHeadCapScrew_M3-0.5_10mm", "length_mm", 10.0, "10 mm as asked")]
#[case::spelling("M6 hexagon nutt", "HexNut_M6-1", "thread_diameter_mm", 6.0, "6 mm as asked")]
#[case::designation("608 ball bearing", "SingleRowDeepGrooveBallBearing_M8-22-7", "bore_mm", 8.0, "608")]
#[case::standard("DIN 912 M4x16", "SocketHeadCapScrew_M4-0.7_16mm", "length_mm", 16.0, "ISO 4762 has replaced")]
#[case::bearing("608ZZ", "SingleRowDeepGrooveBallBearing_M8-22-7", "bore_mm", 8.0, "metal shields on both sides")]
#[case::trade_name("Sechskantmutter M8", "HexNut_M8-1.25", "thread_diameter_mm", 8.0, "8 mm as asked")]
#[case::washer("M3 shim", "PlainWasher_M3_iso7089", "inner_diameter_mm", 3.2, "shim")]
#[case::units("24 V 5 A supply", "DR-120-24", "current_a", 5.0, "24 V as asked")]
#[case::better_than_asked("24V psu, at least 10 amps", "LRS-350-24", "current_a", 14.6, "1.5 times the 10 A")]
#[case::price_floor("24 V supply, at least $40", "DR-120-24", "current_a", 5.0, "1.1 times the 40 USD")]
#[case::price_range("supply between $30 and $40", "LRS-350-24", "current_a", 14.6, "within the 40 USD")]
#[case::torque("servo of 1.9 N·m", "DS3218", "torque_nm", 1.96, "the 1.9 N·m asked for")]
#[tokio::test]
async fn candidate_is_complete_and_explains_its_fit(
    #[future(awt)] ctx: Context,
    #[case] question: &str,
    #[case] expected: &str,
    #[case] figure: &str,
    #[case] value: f64,
    #[case] reason: &str,
) -> anyhow::Result<()> {
    let answer = ctx.controller().must_cots_search(&CatalogQuery::new(question)).await;
    assert_eq!(answer.no_match_rationale, None);
    assert!(answer.too_strict.is_empty(), "{:#?}", answer.too_strict);
    answer.candidates.iter().for_each(must_be_complete);
    let first = &answer.candidates[0];
    assert_eq!(first.part_id, expected, "{}", first.fit_rationale);
    assert_eq!(first.specs[figure], json!(value));
    assert!(first.fit_rationale.contains(reason), "{reason:?} is not in {:?}", first.fit_rationale);
    Ok(())
}

#[rstest]
#[tokio::test]
async fn constraints_hold_for_every_candidate(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let mut query = CatalogQuery::new("M3");
    query.category = Some("fastener".into());
    query.max_weight_g = Some(1.0);
    query.max_cost = Some(0.15);
    query.limit = 3;
    let answer = ctx.controller().must_cots_search(&query).await;
    // M3 screws of 6, 8 and 10 mm weigh below 1 g; the one of 12 mm weighs 1.0 g.
    assert_eq!(answer.candidates.len(), 3, "{answer:#?}");
    for found in &answer.candidates {
        must_be_complete(found);
        assert_eq!((found.category.as_str(), &found.specs["thread"]), ("fastener", &json!("M3")));
        assert!(found.weight_g <= 1.0 && found.price <= 0.15, "{found:#?}");
    }
    query.limit = 1;
    assert_eq!(ctx.controller().must_cots_search(&query).await.candidates, answer.candidates[..1]);
    Ok(())
}

#[rstest]
#[case::figure("48 V relay", "coil_voltage_v", json!(48.0), json!(24.0), "G5LE-1-DC24", "24 V relay")]
#[case::current("24 V 20 A supply", "current_a", json!(20.0), json!(14.6), "LRS-350-24", "24 V 14.6 A supply")]
#[case::length("M3x19 screw", "length_mm", json!(19.0), json!(20.0), "SocketHeadCapScrew_M3-0.5_20mm", "M3x20 screw")]
#[case::head(
    "M3x10 button head",
    "q",
    json!("button head"),
    json!("SocketHeadCapScrew_M3-0.5_10mm"),
    "SocketHeadCapScrew_M3-0.5_10mm",
    "M3x10 screw"
)]
#[case::colour("24AWG red wire", "q", json!("red"), json!("AWG24-BLACK"), "AWG24-BLACK", "24AWG wire")]
#[case::mains("12V 5A power supply", "voltage_v", json!(12.0), json!(24.0), "DR-120-24", "24V 5A power supply")]
#[case::other_model("MG995 servo", "q", json!("mg995"), json!("MG996R"), "MG996R", "MG996R servo")]
#[tokio::test]
async fn no_match_names_the_strictest_condition(
    #[future(awt)] ctx: Context,
    #[case] question: &str,
    #[case] constraint: &str,
    #[case] asked: Value,
    #[case] nearest: Value,
    #[case] nearest_part: &str,
    #[case] relaxed: &str,
) -> anyhow::Result<()> {
    let controller = ctx.controller();
    let answer = controller.must_cots_search(&CatalogQuery::new(question)).await;
    assert!(answer.candidates.is_empty(), "{:#?}", answer.candidates);
    let rationale = answer.no_match_rationale.as_deref().unwrap_or_default();
    assert!(rationale.contains(nearest_part), "{nearest_part} is not in {rationale:?}");
    let strict = answer.too_strict.iter().find(|strict| strict.constraint == constraint);
    let strict = strict.unwrap_or_else(|| panic!("{constraint} is not among {:#?}", answer.too_strict));
    assert_eq!((&strict.asked, &strict.nearest), (&asked, &nearest));
    assert_eq!(strict.nearest_part_id, nearest_part);

    let relaxed = controller.must_cots_search(&CatalogQuery::new(relaxed)).await;
    assert_eq!(relaxed.candidates.first().map(|found| found.part_id.as_str()), Some(nearest_part));
    Ok(())
}

#[rstest]
#[case::price(Some(30.0), Some(1000.0), None)]
#[case::weight(None, Some(100.0), None)]
#[case::category(None, None, Some("relay"))]
#[tokio::test]
async fn relaxing_a_named_parameter_finds_the_nearest_part(
    #[future(awt)] ctx: Context,
    #[case] max_cost: Option<f64>,
    #[case] max_weight_g: Option<f64>,
    #[case] category: Option<&str>,
) -> anyhow::Result<()> {
    let controller = ctx.controller();
    let mut query = CatalogQuery::new("24 V supply of 5 A");
    (query.max_cost, query.max_weight_g, query.category) = (max_cost, max_weight_g, category.map(str::to_owned));
    let answer = controller.must_cots_search(&query).await;
    assert!(answer.candidates.is_empty() && !answer.too_strict.is_empty(), "{answer:#?}");
    for strict in answer.too_strict {
        let mut relaxed = query.clone();
        match strict.constraint.as_str() {
            "max_cost" => relaxed.max_cost = strict.nearest.as_f64(),
            "max_weight_g" => relaxed.max_weight_g = strict.nearest.as_f64(),
            "category" => relaxed.category = strict.nearest.as_str().map(str::to_owned),
            // Figures of the question itself are left out.
            "current_a" => relaxed.q = "24 V supply".into(),
            "voltage_v" => relaxed.q = "supply of 5 A".into(),
            other => panic!("{other} was not asked for"),
        }
        let found = controller.must_cots_search(&relaxed).await.candidates;
        let ids: Vec<_> = found.iter().map(|found| &found.part_id).collect();
        assert!(
            ids.contains(&&strict.nearest_part_id),
            "{} is not among {ids:?} without {}",
            strict.nearest_part_id,
            strict.constraint
        );
    }
    Ok(())
}

#[rstest]
#[case::kind_that_is_not_sold("timing belt")]
#[case::nonsense("flurbl grxz")]
#[case::nothing_said("please, the one")]
#[tokio::test]
async fn no_match_names_question_and_categories(
    #[future(awt)] ctx: Context,
    #[case] question: &str,
) -> anyhow::Result<()> {
    let answer = ctx.controller().must_cots_search(&CatalogQuery::new(question)).await;
    assert!(answer.candidates.is_empty(), "{:#?}", answer.candidates);
    let rationale = answer.no_match_rationale.unwrap_or_default();
    assert!(rationale.contains(question) && rationale.contains("power_supply"), "{rationale:?} does not help");
    Ok(())
}

#[rstest]
#[case::no_question(&[], "q")]
#[case::empty_question(&[("q", "")], "q")]
#[case::none_wanted(&[("q", "screw"), ("limit", "0")], "limit")]
#[case::too_many_wanted(&[("q", "screw"), ("limit", "101")], "limit")]
#[case::negative_price(&[("q", "screw"), ("max_cost", "-1")], "max_cost")]
#[case::no_number(&[("q", "screw"), ("max_weight_g", "light")], "max_weight_g")]
#[tokio::test]
async fn invalid_search_request_is_refused(
    #[future(awt)] ctx: Context,
    #[case] query: &[(&str, &str)],
    #[case] place: &str,
) -> anyhow::Result<()> {
    let refused = ctx.controller().cots_search(query).await?;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text());
    assert!(refused.text().contains(place), "the answer does not name {place}: {}", refused.text());
    Ok(())
}

#[rstest]
#[tokio::test]
async fn question_of_over_200_characters_is_refused(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let refused = ctx.controller().cots_search(&CatalogQuery::new("screw ".repeat(34))).await?;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text());
    Ok(())
}

#[rstest]
#[tokio::test]
async fn catalogue_requires_the_api_key(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let stranger = ctx.controller().with_api_key(None);
    assert_eq!(stranger.cots_search(&CatalogQuery::new("screw")).await?.status, StatusCode::UNAUTHORIZED);
    assert_eq!(stranger.cots_metadata().await?.status, StatusCode::UNAUTHORIZED);
    Ok(())
}
