//! The databases and the broken network that other crates test with.

use std::{
    env,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use embedded::testing::{ChaosProxy, TestCluster, database};
use tokio::time::timeout;
use tokio_postgres::{Client, NoTls};

async fn connect(url: &str) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

async fn number(client: &Client, query: &str) -> i64 {
    client.query_one(query, &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn two_tests_never_see_each_other_s_tables() {
    let (one, other) = (database().await, database().await);
    let client = connect(one.url()).await.unwrap();
    client.batch_execute("create table mine (n int)").await.unwrap();
    let query = "select count(*) from pg_tables where tablename = 'mine'";
    assert_eq!(number(&client, query).await, 1);
    assert_eq!(number(&connect(other.url()).await.unwrap(), query).await, 0);
    assert!(std::ptr::eq(one.cluster(), other.cluster()));
}

#[tokio::test]
async fn a_template_is_prepared_once_and_cloned_for_each() {
    static PREPARED: AtomicU32 = AtomicU32::new(0);
    let prepare = async |url: &str| {
        PREPARED.fetch_add(1, Ordering::SeqCst);
        // Left open on purpose: a template with connections cannot be cloned.
        let client = connect(url).await?;
        client.batch_execute("create table ready (n int); insert into ready values (1)").await?;
        std::mem::forget(client);
        Ok::<_, tokio_postgres::Error>(())
    };
    let cluster = TestCluster::shared().await;
    let (one, other) =
        tokio::join!(cluster.database_from("ready", prepare), cluster.database_from("ready", prepare));
    let client = connect(one.url()).await.unwrap();
    client.batch_execute("insert into ready values (2)").await.unwrap();
    assert_eq!(number(&client, "select count(*) from ready").await, 2);
    assert_eq!(number(&connect(other.url()).await.unwrap(), "select count(*) from ready").await, 1);
    assert_eq!(PREPARED.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn statements_can_be_counted() {
    let database = database().await;
    let client = connect(database.url()).await.unwrap();
    let preloaded = client.query_one("show shared_preload_libraries", &[]).await.unwrap();
    if preloaded.get::<_, String>(0).is_empty() {
        return; // A machine without the contrib package: nothing to count with.
    }
    client.batch_execute("create extension pg_stat_statements").await.unwrap();
    client.query_one("select 40 + 2 as counted", &[]).await.unwrap();
    let calls = "select calls from pg_stat_statements where query like '%as counted%' \
                 and dbid = (select oid from pg_database where datname = current_database()) and calls = 1";
    assert_eq!(number(&client, calls).await, 1);
}

#[tokio::test]
async fn the_server_ends_with_its_process_even_when_killed() {
    const TEST: &str = "testing::the_server_ends_with_its_process_even_when_killed";
    if env::var_os("EMBEDDED_TEST_ROLE").is_some() {
        let client = connect(database().await.url()).await.unwrap();
        let row = client.query_one("show data_directory", &[]).await.unwrap();
        println!("\nserving {}", row.get::<_, String>(0));
        return std::future::pending().await;
    }
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", TEST, "--nocapture"]).env("EMBEDDED_TEST_ROLE", "serve");
    let mut other = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(other.stdout.take().unwrap()).lines().map_while(Result::ok);
    let folder = lines.find_map(|line| line.strip_prefix("serving ").map(PathBuf::from)).unwrap();
    assert!(folder.join("postmaster.pid").exists());
    other.kill().unwrap();
    other.wait().unwrap();
    let gone = async {
        while folder.exists() || folder.with_extension("lock").exists() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_secs(20), gone).await.expect("the server's files are removed");
}

#[tokio::test]
async fn a_cut_ends_connections_and_refuses_new_ones_until_restored() {
    let database = database().await;
    let proxy = ChaosProxy::in_front_of(database.url()).await;
    let through = proxy.url_for(database.url());
    let client = connect(&through).await.unwrap();
    assert_eq!(number(&client, "select 1::bigint").await, 1);

    proxy.cut();
    assert!(client.query_one("select 1", &[]).await.is_err());
    assert!(connect(&through).await.is_err());
    let direct = connect(database.url()).await.unwrap();
    assert_eq!(number(&direct, "select 1::bigint").await, 1, "the server itself is well");

    proxy.restore();
    assert_eq!(number(&connect(&through).await.unwrap(), "select 2::bigint").await, 2);
}

#[tokio::test]
async fn a_cut_restored_at_once_still_ends_connections() {
    let database = database().await;
    let proxy = ChaosProxy::start(database.cluster().address()).await;
    let client = connect(&proxy.url_for(database.url())).await.unwrap();
    proxy.cut();
    proxy.restore();
    assert!(client.query_one("select 1", &[]).await.is_err());
}

#[tokio::test]
async fn a_lost_acknowledgement_leaves_the_work_done() {
    let database = database().await;
    let direct = connect(database.url()).await.unwrap();
    direct.batch_execute("create table done (n int)").await.unwrap();
    let proxy = ChaosProxy::in_front_of(database.url()).await;
    let client = connect(&proxy.url_for(database.url())).await.unwrap();
    let bystander = connect(&proxy.url_for(database.url())).await.unwrap();
    let insert = client.prepare("insert into done values (1)").await.unwrap();

    proxy.cut_after_forwarding_request();
    let unknown = client.execute(&insert, &[]).await.unwrap_err();
    assert!(unknown.code().is_none(), "the caller gets no answer, not a refusal: {unknown}");
    assert_eq!(number(&direct, "select count(*) from done").await, 1);
    assert_eq!(proxy.replies_lost(), 1);
    assert_eq!(number(&bystander, "select 3::bigint").await, 3, "only one connection is lost");
}

#[tokio::test]
async fn a_delay_is_waited_and_a_stall_lasts_until_restored() {
    let database = database().await;
    let proxy = ChaosProxy::in_front_of(database.url()).await;
    let client = connect(&proxy.url_for(database.url())).await.unwrap();
    proxy.delay(Duration::from_millis(150));
    let started = Instant::now();
    client.batch_execute("select 1").await.unwrap();
    assert!(started.elapsed() >= Duration::from_millis(150));
    proxy.delay(Duration::ZERO);

    proxy.stall();
    let mut query = std::pin::pin!(client.batch_execute("select 1"));
    assert!(timeout(Duration::from_millis(200), &mut query).await.is_err(), "nothing passes");
    proxy.restore();
    timeout(Duration::from_secs(10), query).await.expect("what was held back arrives").unwrap();
}
