//! INT-061 — assets are served to their own session, with the right type, and never from broken sources.
//!
//! Seam: caller → worker-light assets → session workspace
//! Requirement: an asset comes with the MIME type of the table; another session does not get it; a Python source that
//! does not parse, and a model whose source does not parse, answer 422.

use rstest::rstest;
use testkit::{Context, Session, StatusCode};

use crate::ctx;

const GOOD: &str = "def build():\n    return None\n";
const BROKEN: &str = "def build(:\n    return None\n";

async fn put(session: &Session, path: &str, content: &[u8]) {
    let reply = session.light.upload_file(path, content.to_vec()).await.expect("the worker answers");
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
}

#[rstest]
#[case("model.glb", "model/gltf-binary")]
#[case("part.stl", "model/stl")]
#[case("script.py", "text/x-python")]
#[case("renders/view.png", "image/png")]
#[case("renders/view.jpg", "image/jpeg")]
#[case("renders/view.JPEG", "image/jpeg")]
#[case("renders/run.mp4", "video/mp4")]
#[case("notes.md", "application/octet-stream")]
#[case("no_extension", "application/octet-stream")]
#[tokio::test]
async fn asset_is_served_whole_with_its_media_type(
    #[future(awt)] ctx: Context,
    #[case] path: &str,
    #[case] mime: &str,
) -> anyhow::Result<()> {
    let session = ctx.session("assets");
    // Bytes that are not text, except where the file is Python and will be parsed.
    let content: Vec<u8> = if mime == "text/x-python" { GOOD.into() } else { (0..=255).collect() };
    put(&session, path, &content).await;

    let asset = session.light.asset(path).await?;

    assert_eq!(asset.status, StatusCode::OK, "{}", asset.text());
    assert_eq!(asset.content_type(), mime);
    assert_eq!(asset.body, content);
    Ok(())
}

#[rstest]
#[tokio::test]
async fn asset_of_another_session_does_not_exist(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let (owner, stranger) = (ctx.session("owner"), ctx.session("stranger"));
    put(&owner, "model.glb", b"glTF of the owner").await;
    let theirs = stranger.light.asset("model.glb").await?;
    assert_eq!(theirs.status, StatusCode::NOT_FOUND);
    for path in [format!("../{}/model.glb", owner.id), format!("%2e%2e/{}/model.glb", owner.id)] {
        let sneaked = stranger.light.asset(&path).await?;
        assert!(sneaked.status.is_client_error(), "{path} answered {}", sneaked.status);
        assert!(!sneaked.text().contains("glTF of the owner"));
    }
    assert_eq!(owner.light.asset("model.glb").await?.status, StatusCode::OK);
    Ok(())
}

#[rstest]
#[tokio::test]
async fn call_without_a_session_is_refused(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let answer = ctx.session("any").light.without_session().asset("model.glb").await?;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    Ok(())
}

#[rstest]
#[case::missing("nothing.glb")]
#[case::directory("renders")]
#[tokio::test]
async fn directory_or_missing_asset_is_not_found(
    #[future(awt)] ctx: Context,
    #[case] path: &str,
) -> anyhow::Result<()> {
    let session = ctx.session("assets");
    put(&session, "renders/view.png", b"png").await;
    let answer = session.light.asset(path).await?;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert!(answer.text().contains(path), "{}", answer.text());
    Ok(())
}

#[rstest]
#[case::source_itself("part.py", "part.py")]
#[case::model_with_source_of_its_name("part.glb", "part.py")]
#[case::mesh_with_main("bracket.stl", "main.py")]
#[case::mesh_with_the_default_script("bracket.stl", "script.py")]
#[tokio::test]
async fn asset_is_refused_while_its_source_is_broken(
    #[future(awt)] ctx: Context,
    #[case] asset: &str,
    #[case] source: &str,
) -> anyhow::Result<()> {
    let session = ctx.session("assets");
    put(&session, asset, b"solid of some kind").await;
    put(&session, source, BROKEN.as_bytes()).await;

    let refused = session.light.asset(asset).await?;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text());
    assert!(refused.text().contains(source), "the refusal does not name {source}: {}", refused.text());

    session.light.must_write_file(source, GOOD).await;
    assert_eq!(session.light.asset(asset).await?.status, StatusCode::OK);
    Ok(())
}

#[rstest]
#[tokio::test]
async fn broken_source_does_not_block_a_picture(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let session = ctx.session("assets");
    put(&session, "view.png", b"png").await;
    put(&session, "view.py", BROKEN.as_bytes()).await;
    assert_eq!(session.light.asset("view.png").await?.status, StatusCode::OK);
    Ok(())
}
