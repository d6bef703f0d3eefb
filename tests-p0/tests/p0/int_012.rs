//! INT-012 — searching for parts changes nothing.
//!
//! Seam: caller → controller's catalogue; script on worker-light → `/config/parts.db`
//! Requirement: a search reads the catalogue and alters neither it nor any other file, whatever its text; a script can
//! read the same file, and the operating system refuses to let it write.

use contract::{catalog::CatalogQuery, events::EVENTS_FILE, session::API_KEY_HEADER};
use rstest::rstest;
use testkit::{Context, Method, StatusCode};

use crate::ctx;

/// Prints the digest of the catalogue's file and the number of its parts, as a script sees them.
const LOOK: &str = "
import hashlib, sqlite3
print(hashlib.sha256(open('/config/parts.db', 'rb').read()).hexdigest())
print(sqlite3.connect('file:/config/parts.db?mode=ro', uri=True).execute('SELECT count(*) FROM parts').fetchone()[0])
";

#[rstest]
#[case::plain("M3x10 screw")]
#[case::statement("'; DROP TABLE parts; --")]
#[case::second_statement("x'); DELETE FROM parts_text; VACUUM; --")]
#[case::index_operators("kind : screw OR NOT NEAR(\"a\" \"b\", 5) ^* {ids words}")]
#[case::index_command("parts_text(parts_text) VALUES('delete-all')")]
#[case::attach("ATTACH DATABASE '/tmp/x.db' AS x")]
#[case::open_quote("\"\"\"'`")]
#[case::nul_and_marks("screw\u{0}\u{202e}\u{feff}ß漢字🔩")]
#[tokio::test]
async fn question_leaves_the_catalogue_as_it_was(
    #[future(awt)] ctx: Context,
    #[case] question: &str,
) -> anyhow::Result<()> {
    let controller = ctx.controller();
    let before = controller.must_cots_metadata().await;

    let answer = controller.must_cots_search(&CatalogQuery::new(question)).await;

    assert_eq!(answer.candidates.is_empty(), answer.no_match_rationale.is_some(), "{answer:#?}");
    assert_eq!(controller.must_cots_metadata().await, before, "{question:?} changed the catalogue");
    Ok(())
}

#[rstest]
#[tokio::test]
async fn longest_question_of_punctuation_gets_an_answer(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let marks: String = "\"'()*^:;-+%_\\".chars().cycle().take(200).collect();
    let answer = ctx.controller().must_cots_search(&CatalogQuery::new(marks)).await;
    assert!(answer.candidates.is_empty() && answer.no_match_rationale.is_some(), "{answer:#?}");
    Ok(())
}

#[rstest]
#[tokio::test]
async fn script_and_controller_read_the_same_catalogue(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let metadata = ctx.controller().must_cots_metadata().await;
    let seen = ctx.session("reader").light.must_execute(LOOK, 20).await;
    assert_eq!(seen.exit_code, 0, "{seen:#?}");
    assert_eq!(seen.stdout, format!("{}\n{}\n", metadata.content_sha256, metadata.part_count));
    Ok(())
}

#[rstest]
#[tokio::test]
async fn search_from_a_script_changes_nothing(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let light = ctx.session("searcher").light;
    light.must_write_file("notes.txt", "mine").await;
    let (metadata, tree) = (ctx.controller().must_cots_metadata().await, light.must_list_files("/").await);

    let code = "from utils import search_cots_catalog\n\
                print(search_cots_catalog(\"24 V 5 A supply'; --\")['candidates'][0]['part_id'])\n\
                print(search_cots_catalog(\"24 V 5 A supply'; DROP TABLE parts\")['candidates'])";
    let searched = light.must_execute(code, 20).await;

    assert_eq!((searched.exit_code, searched.stdout.as_str()), (0, "DR-120-24\n[]\n"), "{searched:#?}");
    let mut after = light.must_list_files("/").await;
    after.retain(|file| file.path.trim_matches('/') != EVENTS_FILE);
    assert_eq!(after, tree, "the search left something in the session");
    assert_eq!(light.must_read_file("notes.txt").await, "mine");
    assert_eq!(ctx.controller().must_cots_metadata().await, metadata);
    Ok(())
}

/// How a script learns that it may not: the operating system's error number (1 `EPERM`, 13 `EACCES`, 30 `EROFS`, and 18
/// `EXDEV` for moving a file onto a mount), or `SQLite`'s report of one.
const REFUSALS: [&str; 6] =
    ["errno 1\n", "errno 13\n", "errno 18\n", "errno 30\n", "readonly database\n", "unable to open database file\n"];

#[rstest]
#[case::delete_rows("db = sqlite3.connect('/config/parts.db'); db.execute(\"DELETE FROM parts\"); db.commit()")]
#[case::drop_table_asking_for_writing(
    "db = sqlite3.connect('file:/config/parts.db?mode=rwc', uri=True); db.execute('DROP TABLE parts'); db.commit()"
)]
#[case::vacuum("sqlite3.connect('/config/parts.db', isolation_level=None).execute('VACUUM')")]
#[case::bytes("open('/config/parts.db', 'r+b').write(b'x')")]
#[case::append("open('/config/parts.db', 'ab').write(b'x')")]
#[case::truncate("os.truncate('/config/parts.db', 0)")]
#[case::remove("os.remove('/config/parts.db')")]
#[case::move_away("os.rename('/config/parts.db', '/config/gone.db')")]
#[case::put_another_in_its_place("open('mine.db', 'w').write('x'); os.replace('mine.db', '/config/parts.db')")]
#[case::journal_beside_it("open('/config/parts.db-journal', 'w').write('x')")]
#[tokio::test]
async fn script_cannot_write_the_catalogue(#[future(awt)] ctx: Context, #[case] attempt: &str) -> anyhow::Result<()> {
    let controller = ctx.controller();
    let before = controller.must_cots_metadata().await;
    let code = format!(
        "import os, sqlite3\n\
         try:\n    {attempt}\n    print('it worked')\n\
         except OSError as error:\n    print('errno', error.errno)\n\
         except sqlite3.OperationalError as error:\n    print(error)\n"
    );

    let outcome = ctx.session("writer").light.must_execute(&code, 20).await;

    assert!(
        REFUSALS.iter().any(|refusal| outcome.stdout.ends_with(refusal)),
        "the operating system did not refuse {attempt}: {outcome:#?}"
    );
    assert_eq!(controller.must_cots_metadata().await, before, "{attempt} changed the catalogue");
    Ok(())
}

#[rstest]
#[case::write(Method::POST)]
#[case::replace(Method::PUT)]
#[case::remove(Method::DELETE)]
#[tokio::test]
async fn routes_of_the_catalogue_only_read(#[future(awt)] ctx: Context, #[case] method: Method) -> anyhow::Result<()> {
    let key = ctx.descriptor().api_key.clone().unwrap_or_default();
    for path in ["/cots/search?q=screw", "/cots/metadata"] {
        let refused = ctx.controller().call(method.clone(), path, &[(API_KEY_HEADER, key.as_str())], None).await?;
        assert_eq!(refused.status, StatusCode::METHOD_NOT_ALLOWED, "{path}: {}", refused.text());
    }
    Ok(())
}
