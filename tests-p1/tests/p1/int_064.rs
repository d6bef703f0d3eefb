//! INT-064 — part searches can be reproduced.
//!
//! Seam: controller's catalogue → events; script on worker-light → events; worker-heavy pricing → session files
//! Requirement: version, revision and date of the catalogue stand on the answer of a search, on the event that is kept
//! of it, and in the assembly definition whose parts were priced with it; the three are the same three.

use contract::{
    assembly::{ASSEMBLY_DEFINITION_FILE, AssemblyDefinition},
    catalog::{CatalogQuery, headers},
    catalog_version::CatalogVersion,
    episodes::AgentRunRequest,
    events::EventType,
};
use reqwest::header::HeaderValue;
use rstest::rstest;
use serde_json::{Map, Value, json};
use testkit::{
    Context, EventLog, StatusCode,
    assembly::{Bought, Placed},
    solutions::Solution,
};
use uuid::Uuid;

use crate::ctx;

async fn episode(ctx: &Context) -> Uuid {
    let request = AgentRunRequest {
        task: "find parts".into(),
        session_id: ctx.unique("searched"),
        metadata_vars: None,
        skill_git_hash: None,
        agent_name: "engineer_planner".into(),
    };
    ctx.controller().must_make_test_episode(&request).await
}

/// The version in the catalogue's own words, none of it empty.
async fn version(ctx: &Context) -> CatalogVersion {
    let metadata = ctx.controller().must_cots_metadata().await;
    let version = metadata.version;
    assert!(!version.catalog_version.is_empty() && !version.bd_warehouse_commit.is_empty(), "{version:?}");
    assert!(chrono::DateTime::parse_from_rfc3339(&version.generated_at).is_ok(), "{version:?}");
    assert_eq!(metadata.content_sha256.len(), 64, "{}", metadata.content_sha256);
    version
}

fn must_carry(event: &Map<String, Value>, version: &CatalogVersion) {
    for (field, value) in [
        ("catalog_version", &version.catalog_version),
        ("bd_warehouse_commit", &version.bd_warehouse_commit),
        ("generated_at", &version.generated_at),
    ] {
        assert_eq!(event.get(field), Some(&json!(value)), "{event:#?}");
    }
}

#[rstest]
#[case::something("24 V 5 A supply", &["DR-120-24", "LRS-350-24"])]
#[case::nothing("48 V relay", &[])]
#[case::hostile("'; DROP TABLE traces; --\u{0}", &[])]
#[tokio::test]
async fn search_of_an_episode_is_kept_with_its_version(
    #[future(awt)] ctx: Context,
    #[case] question: &str,
    #[case] expected: &[&str],
) -> anyhow::Result<()> {
    let (id, version) = (episode(&ctx).await, version(&ctx).await);
    let mut query = CatalogQuery::new(question);
    query.episode_id = Some(id);

    let answer = ctx.controller().must_cots_search(&query).await;

    assert_eq!(answer.version, version);
    let ids: Vec<_> = answer.candidates.iter().map(|found| found.part_id.as_str()).collect();
    assert_eq!(ids, expected);
    let events = EventLog::from_stored(&ctx.controller().must_events(id).await);
    let event = events.the_one(EventType::CotsSearch);
    must_carry(event, &version);
    // A NUL character cannot be stored; it is kept as the sign for what cannot be shown.
    assert_eq!(event["query"], json!(question.replace('\u{0}', "\u{fffd}")));
    assert_eq!(event["results_count"], json!(expected.len()));
    assert_eq!(event["part_ids"], json!(expected));
    assert_eq!(events.without_envelope(), Vec::<String>::new());
    Ok(())
}

/// Clients iterate the answer, and keep an element of it without the rest.
#[rstest]
#[case::found("24 V 5 A supply", 2)]
#[case::nothing("48 V relay", 0)]
#[tokio::test]
async fn list_names_the_version_in_elements_and_headers(
    #[future(awt)] ctx: Context,
    #[case] question: &str,
    #[case] count: usize,
) -> anyhow::Result<()> {
    let version = version(&ctx).await;
    let reply = ctx.controller().cots_search(&CatalogQuery::new(question)).await?;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
    let body = reply.json();
    let elements = body.as_array().expect("the answer is a list");
    assert_eq!(elements.len(), count, "{body}");
    for element in elements {
        must_carry(element.as_object().expect("an object"), &version);
    }
    for (name, value) in [
        (headers::CATALOG_VERSION, &version.catalog_version),
        (headers::BD_WAREHOUSE_COMMIT, &version.bd_warehouse_commit),
        (headers::GENERATED_AT, &version.generated_at),
    ] {
        assert_eq!(reply.headers.get(name).map(HeaderValue::as_bytes), Some(value.as_bytes()), "{name}");
    }
    let explains = reply.headers.contains_key(headers::NO_MATCH_RATIONALE);
    assert_eq!(explains, elements.is_empty(), "only an empty list needs a reason");
    Ok(())
}

#[rstest]
#[tokio::test]
async fn searches_are_stored_in_order_in_their_episode(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let controller = ctx.controller();
    let (mine, other) = (episode(&ctx).await, episode(&ctx).await);
    for question in ["M3 nut", "M3 washer", "M3 nut"] {
        let mut query = CatalogQuery::new(question);
        query.episode_id = Some(mine);
        controller.must_cots_search(&query).await;
    }
    controller.must_cots_search(&CatalogQuery::new("M4 nut")).await;
    let kept = EventLog::from_stored(&controller.must_events(mine).await);
    let questions: Vec<_> = kept.of_type(EventType::CotsSearch).iter().map(|event| event["query"].clone()).collect();
    assert_eq!(questions, ["M3 nut", "M3 washer", "M3 nut"]);
    let kept = EventLog::from_stored(&controller.must_events(other).await);
    assert!(kept.of_type(EventType::CotsSearch).is_empty(), "{:?}", kept.names());
    Ok(())
}

#[rstest]
#[tokio::test]
async fn search_for_an_unknown_episode_is_refused(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let mut query = CatalogQuery::new("M3 nut");
    let unknown = Uuid::new_v4();
    query.episode_id = Some(unknown);
    let refused = ctx.controller().cots_search(&query).await?;
    assert_eq!(refused.status, StatusCode::NOT_FOUND, "{}", refused.text());
    assert!(refused.text().contains(&unknown.to_string()), "{}", refused.text());

    let refused = ctx.controller().cots_search(&[("q", "M3 nut"), ("episode_id", "mine")]).await?;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text());
    Ok(())
}

#[rstest]
#[tokio::test]
async fn search_by_a_script_emits_the_same_version(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let version = version(&ctx).await;
    let code =
        "import json\nfrom utils import search_cots_catalog\nprint(json.dumps(search_cots_catalog('608 bearing')))";
    let run = ctx.session("script").light.must_execute(code, 20).await;
    assert_eq!(run.exit_code, 0, "{run:#?}");
    let answer: Map<String, Value> = serde_json::from_str(&run.stdout)?;
    must_carry(&answer, &version);
    let events = EventLog::from_answer(&run.events);
    let event = events.the_one(EventType::CotsSearch);
    must_carry(event, &version);
    assert_eq!(event["part_ids"], json!(["SingleRowDeepGrooveBallBearing_M8-22-7"]));
    Ok(())
}

#[rstest]
#[tokio::test]
async fn priced_assembly_names_the_catalogue_of_its_parts(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let version = version(&ctx).await;
    let session = ctx.session("selected");
    // Chosen by a search, and entered with a price that is wrong: the catalogue's counts.
    let found = ctx.controller().must_cots_search(&CatalogQuery::new("connector 40 A")).await;
    let chosen = &found.candidates[0];
    let bought = Bought {
        part_id: chosen.cots_part_id.clone(),
        manufacturer: chosen.manufacturer.clone(),
        unit_cost_usd: 99.0,
        quantity: 2,
        source: chosen.source.clone(),
    };
    let solution = Solution::bracket().planned().with_assembly(|it| {
        it.bought.push(bought);
        it.placed.push(Placed::still(&chosen.part_id));
        // Two connectors of 7 g beside the bracket's 10.8 g.
        it.planner.g = 30.0;
    });
    session.must_hold(&solution).await;

    let priced = session.heavy.must_validate_costing_and_price().await;

    assert!(priced.success, "{priced:#?}");
    assert_eq!(priced.output.estimate.map(|estimate| estimate.catalog), Some(version.clone()));
    let written = session.light.must_read_file(ASSEMBLY_DEFINITION_FILE).await;
    let definition: AssemblyDefinition = serde_yaml::from_str(&written)?;
    assert_eq!(definition.catalog, Some(version), "{written}");
    assert_eq!(definition.cots_parts[0].unit_cost_usd, chosen.price, "{written}");
    Ok(())
}
