//! INT-137 — electrical parts can be searched.
//!
//! Seam: caller → controller's catalogue
//! Requirement: the catalogue has supplies, relays, switches, connectors and wire, each with an id for designs, a price
//! and the figures that a circuit is computed with. The figures are those of the specification's tables.

use contract::catalog::{CatalogQuery, PartCandidate};
use rstest::rstest;
use serde_json::json;
use testkit::{Context, StatusCode};

use crate::ctx;

async fn search(ctx: &Context, question: &str, category: Option<&str>) -> Vec<PartCandidate> {
    let mut query = CatalogQuery::new(question);
    query.category = category.map(str::to_owned);
    ctx.controller().must_cots_search(&query).await.candidates
}

/// A kind, how it is asked for, all that the catalogue has of it, and the figures that it needs to be of use.
#[rstest]
#[case::supply(
    "power_supply",
    &["power supply", "PSU", "powr supplies"],
    &["LRS-350-24", "DR-120-24", "GST60A24-P1J"],
    &["voltage_v", "current_a", "power_w"]
)]
// A battery is in the category, and is not what a search for a power supply wants.
#[case::battery("power_supply", &["battery", "batteries"], &["6V-Battery", "12V-Battery"], &["voltage_v", "current_a"])]
#[case::relay("relay", &["relay", "relais"], &["SRD-05VDC-SL-C", "G5LE-1-DC24"], &["coil_voltage_v", "contact_current_a"])]
#[case::switch("switch", &["switch", "swiches"], &["Rocker-Switch", "Toggle-Switch"], &["rated_voltage_v", "current_a"])]
#[case::connector("connector", &["connector", "plugs", "conector"], &["XT60", "JST-XH-2P"], &["current_a"])]
#[case::wire(
    "wire",
    &["wire", "cable", "hookup wire"],
    &["AWG18-RED", "AWG24-BLACK"],
    &["gauge_awg", "current_a", "diameter_mm", "resistance_ohm_per_m"]
)]
#[tokio::test]
async fn part_kind_is_found_with_its_electrical_data(
    #[future(awt)] ctx: Context,
    #[case] category: &str,
    #[case] questions: &[&str],
    #[case] expected: &[&str],
    #[case] figures: &[&str],
) -> anyhow::Result<()> {
    for question in questions {
        let mut found = search(&ctx, question, None).await;
        for part in &found {
            assert_eq!(part.category, category, "{question:?} found {}", part.part_id);
            assert!(!part.cots_part_id.is_empty() && part.price > 0.0, "{part:#?}");
            for figure in figures {
                let value = part.specs.get(*figure).and_then(serde_json::Value::as_f64);
                assert!(value.is_some_and(|value| value > 0.0), "{} has no {figure}: {:#?}", part.part_id, part.specs);
            }
        }
        found.sort_by_key(|part| expected.iter().position(|id| *id == part.cots_part_id));
        let ids: Vec<_> = found.iter().map(|part| part.cots_part_id.as_str()).collect();
        assert_eq!(ids, expected, "{question:?}");
        assert_eq!(search(&ctx, question, Some(category)).await.len(), found.len(), "{question:?} in its category");
    }
    Ok(())
}

/// Rows of the tables: price USD, weight g, and figures.
#[rstest]
#[case::enclosed_supply("LRS-350-24", 35.0, 760.0, &[("voltage_v", 24.0), ("current_a", 14.6)])]
#[case::rail_supply("DR-120-24", 45.0, 790.0, &[("voltage_v", 24.0), ("current_a", 5.0)])]
#[case::battery("12V-Battery", 20.0, 450.0, &[("voltage_v", 12.0), ("current_a", 7.0)])]
#[case::relay("SRD-05VDC-SL-C", 1.5, 10.0, &[("coil_voltage_v", 5.0), ("contact_current_a", 10.0)])]
#[case::switch("Toggle-Switch", 2.0, 20.0, &[("rated_voltage_v", 250.0), ("current_a", 15.0)])]
#[case::connector("XT60", 0.8, 7.0, &[("current_a", 60.0)])]
#[case::wire(
    "AWG18-RED",
    0.5,
    20.0,
    &[("gauge_awg", 18.0), ("current_a", 16.0), ("diameter_mm", 1.024), ("resistance_ohm_per_m", 0.02095)]
)]
#[case::servo("MG996R", 12.0, 55.0, &[("torque_nm", 0.98), ("operating_voltage_v", 4.8), ("stall_current_a", 2.5)])]
#[tokio::test]
async fn named_part_has_the_figures_of_the_table(
    #[future(awt)] ctx: Context,
    #[case] id: &str,
    #[case] price: f64,
    #[case] weight_g: f64,
    #[case] figures: &[(&str, f64)],
) -> anyhow::Result<()> {
    let found = search(&ctx, id, None).await;
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!((found[0].cots_part_id.as_str(), found[0].price, found[0].weight_g), (id, price, weight_g));
    for (figure, value) in figures {
        assert_eq!(found[0].specs[*figure], json!(value), "{figure}");
    }
    Ok(())
}

#[rstest]
#[case::nearest_supply("24V 4 amps supply", "DR-120-24")]
#[case::coil("24 volt relay", "G5LE-1-DC24")]
#[case::enough_contact("switch for 10 A", "Toggle-Switch")]
#[case::enough_current("plug, 20 amps", "XT60")]
#[case::thin_is_enough("cable for 2 A", "AWG24-BLACK")]
#[case::gauge("18 AWG", "AWG18-RED")]
#[tokio::test]
async fn ratings_decide_the_first_candidate(
    #[future(awt)] ctx: Context,
    #[case] question: &str,
    #[case] expected: &str,
) -> anyhow::Result<()> {
    let found = search(&ctx, question, None).await;
    assert_eq!(found.first().map(|part| part.cots_part_id.as_str()), Some(expected), "{question:?}");
    Ok(())
}

#[rstest]
#[case::voltage("48 V supply", None)]
#[case::too_much_current("connector 100 A", None)]
#[case::other_gauge("awg 40 wire", None)]
#[case::kind_it_has_not("fuse 10 A", None)]
#[case::other_category("relay", Some("connector"))]
#[tokio::test]
async fn unsold_part_is_not_offered(
    #[future(awt)] ctx: Context,
    #[case] question: &str,
    #[case] category: Option<&str>,
) -> anyhow::Result<()> {
    let found = search(&ctx, question, category).await;
    assert!(found.is_empty(), "{question:?} found {:?}", found.iter().map(|part| &part.part_id).collect::<Vec<_>>());
    Ok(())
}

/// A query string can spell what JSON cannot; a cap that is not a number would leave nothing, and say nothing.
#[rstest]
#[case::price_that_is_no_number("max_cost", "NaN")]
#[case::weight_that_is_no_number("max_weight_g", "nan")]
#[case::endless_price("max_cost", "inf")]
#[case::price_below_nothing("max_cost", "-1")]
#[tokio::test]
async fn invalid_cap_is_refused(
    #[future(awt)] ctx: Context,
    #[case] field: &str,
    #[case] value: &str,
) -> anyhow::Result<()> {
    let answer = ctx.controller().cots_search(&json!({ "q": "relay", field: value })).await?;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.text());
    assert!(answer.text().contains(field), "the field is not named: {}", answer.text());
    Ok(())
}
