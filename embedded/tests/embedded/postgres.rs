//! The private Postgres, as `cooly up` uses it: started, killed, left behind, refused.

use std::{
    env,
    io::{BufRead, BufReader},
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use embedded::{
    Error,
    postgres::{Postgres, PostgresOptions},
};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use tempfile::TempDir;
use tokio::time::timeout;
use tokio_postgres::{Client, NoTls};

/// A folder that every user of the machine can enter, as a checkout usually is.
fn folder() -> TempDir {
    let open = std::fs::Permissions::from_mode(0o755);
    tempfile::Builder::new().permissions(open).tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

fn options(data_dir: &Path) -> PostgresOptions {
    let settings = vec![("shared_buffers".to_owned(), "16MB".to_owned())];
    PostgresOptions { data_dir: data_dir.to_owned(), settings, ..PostgresOptions::default() }
}

async fn connect(url: &str) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// Asks again until the server answers, as every client of a restarting server does.
async fn connect_again(url: &str) -> Client {
    let answered = async {
        loop {
            match connect(url).await {
                Ok(client) => return client,
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    };
    timeout(Duration::from_secs(30), answered).await.expect("the server answers again")
}

fn process(pid: u32) -> Pid {
    Pid::from_raw(pid.try_into().unwrap()).unwrap()
}

async fn ends(pid: u32) {
    let gone = async {
        while test_kill_process(process(pid)).is_ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(Duration::from_secs(10), gone).await.expect("the process ends");
}

/// Runs one test of this file in a process of its own, in which `ROLE` is set.
fn play(test: &str, role: &Path) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", &format!("postgres::{test}"), "--nocapture"]).env("EMBEDDED_TEST_ROLE", role);
    command
}

fn role() -> Option<std::path::PathBuf> {
    env::var_os("EMBEDDED_TEST_ROLE").map(Into::into)
}

#[tokio::test]
async fn data_and_url_are_the_same_after_a_restart() {
    let folder = folder();
    let first = Postgres::start(options(folder.path())).await.unwrap();
    let url = first.url().to_owned();
    let client = connect(&url).await.unwrap();
    client.batch_execute("create table kept (n int); insert into kept values (42)").await.unwrap();
    first.stop().await;
    assert!(connect(&url).await.is_err(), "a stopped server answers nobody");

    let second = Postgres::start(options(folder.path())).await.unwrap();
    assert_eq!(second.url(), url);
    let row = connect(&url).await.unwrap().query_one("select n from kept", &[]).await.unwrap();
    assert_eq!(row.get::<_, i32>(0), 42);
    second.stop().await;
}

#[tokio::test]
async fn a_killed_server_comes_back_with_every_commit() {
    let folder = folder();
    let postgres = Postgres::start(options(folder.path())).await.unwrap();
    let client = connect(postgres.url()).await.unwrap();
    client.batch_execute("create table kept (n int)").await.unwrap();
    for round in 1..=3 {
        let client = connect_again(postgres.url()).await;
        client.execute("insert into kept values ($1)", &[&round]).await.unwrap();
        let killed = postgres.pid().unwrap();
        kill_process(process(killed), Signal::KILL).unwrap();
        ends(killed).await;
        let row =
            connect_again(postgres.url()).await.query_one("select count(*) from kept", &[]).await.unwrap();
        assert_eq!(row.get::<_, i64>(0), i64::from(round));
        assert_ne!(postgres.pid(), Some(killed));
    }
    postgres.stop().await;
}

#[tokio::test]
async fn stopping_and_dropping_leave_no_process() {
    let folder = folder();
    let stopped = Postgres::start(options(folder.path())).await.unwrap();
    let pid = stopped.pid().unwrap();
    // An open connection must not hold the shutdown up.
    let _client = connect(stopped.url()).await.unwrap();
    timeout(Duration::from_secs(10), stopped.stop()).await.unwrap();
    assert!(test_kill_process(process(pid)).is_err());

    let dropped = Postgres::start(options(folder.path())).await.unwrap();
    let pid = dropped.pid().unwrap();
    drop(dropped);
    assert!(test_kill_process(process(pid)).is_err());
}

/// Serves a folder in another process until that process is killed.
async fn serve_until_killed(folder: &Path) {
    let postgres = Postgres::start(options(folder)).await.unwrap();
    let client = connect(postgres.url()).await.unwrap();
    client.batch_execute("create table kept (n int); insert into kept values (7)").await.unwrap();
    println!("\nserving as {}", postgres.pid().unwrap());
    std::future::pending::<()>().await;
}

/// Starts that other process; returns it and the process id of its server.
fn another_process(test: &str, folder: &Path) -> (Child, u32) {
    let mut other = play(test, folder).stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(other.stdout.take().unwrap()).lines().map_while(Result::ok);
    let pid = lines.into_iter().find_map(|line| line.strip_prefix("serving as ")?.parse().ok());
    (other, pid.expect("the other process serves"))
}

#[tokio::test]
async fn a_server_left_behind_by_a_killed_process_is_replaced() {
    if let Some(folder) = role() {
        return serve_until_killed(&folder).await;
    }
    let folder = folder();
    let (mut other, leftover) =
        another_process("a_server_left_behind_by_a_killed_process_is_replaced", folder.path());
    other.kill().unwrap();
    other.wait().unwrap();
    assert!(test_kill_process(process(leftover)).is_ok(), "the server outlives the process that started it");

    let postgres = Postgres::start(options(folder.path())).await.unwrap();
    ends(leftover).await;
    let row = connect(postgres.url()).await.unwrap().query_one("select n from kept", &[]).await.unwrap();
    assert_eq!(row.get::<_, i32>(0), 7);
    postgres.stop().await;
}

#[tokio::test]
async fn a_folder_in_use_is_refused_in_one_sentence() {
    if let Some(folder) = role() {
        return serve_until_killed(&folder).await;
    }
    let folder = folder();
    let (mut other, pid) = another_process("a_folder_in_use_is_refused_in_one_sentence", folder.path());
    let refusal = Postgres::start(options(folder.path())).await.unwrap_err();
    assert!(matches!(refusal, Error::InUse { .. }), "{refusal}");
    assert!(refusal.to_string().contains("stop it first"), "{refusal}");
    assert!(test_kill_process(process(pid)).is_ok(), "the refused start leaves the other server alone");
    other.kill().unwrap();
    other.wait().unwrap();
    Postgres::start(options(folder.path())).await.unwrap().stop().await;
}

#[tokio::test]
async fn missing_binaries_are_told_in_one_sentence() {
    const TEST: &str = "missing_binaries_are_told_in_one_sentence";
    let folder = folder();
    if role().is_some() {
        let refusal = Postgres::start(options(folder.path())).await.unwrap_err();
        println!("\nrefused: {refusal}");
        return;
    }
    // The variable is read by the process, so a process of its own is needed.
    let output = play(TEST, folder.path()).env("COOLY_PG_BIN", folder.path()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let sentence = text.lines().find_map(|line| line.strip_prefix("refused: ")).expect("a refusal");
    assert!(
        sentence.contains("COOLY_PG_BIN is ") && sentence.contains("holds no Postgres server"),
        "{sentence}"
    );
}

#[tokio::test]
async fn a_busy_port_is_refused_in_one_sentence() {
    let folder = folder();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let asked = PostgresOptions { port: Some(port), ..options(folder.path()) };
    let refusal = Postgres::start(asked.clone()).await.unwrap_err();
    assert_eq!(
        refusal.to_string(),
        format!("port {port} on 127.0.0.1 is in use: free it, or choose another port")
    );
    drop(taken);
    let postgres = Postgres::start(asked).await.unwrap();
    assert_eq!(postgres.port(), port);
    postgres.stop().await;
}

#[tokio::test]
async fn strangers_are_kept_out() {
    let folder = folder();
    let postgres = Postgres::start(options(folder.path())).await.unwrap();
    let secret = postgres.folder().join("password");
    assert_eq!(secret.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let password = std::fs::read_to_string(&secret).unwrap();
    let guess = postgres.url().replace(&password, "guess");
    assert!(connect(&guess).await.is_err(), "loopback alone lets nobody in");
    let client = connect(postgres.url()).await.unwrap();
    for (setting, expected) in [
        ("listen_addresses", "127.0.0.1"),
        ("unix_socket_directories", ""),
        ("fsync", "on"),
        ("data_checksums", "on"),
        ("max_connections", "200"),
        ("shared_buffers", "16MB"),
    ] {
        let row = client.query_one(&format!("show {setting}"), &[]).await.unwrap();
        assert_eq!(row.get::<_, String>(0), expected, "{setting}");
    }
    assert!(!format!("{postgres:?}").contains(&password));
    postgres.stop().await;
}

#[tokio::test]
async fn a_bad_setting_is_told_with_the_server_s_own_words() {
    let folder = folder();
    let settings = vec![("shared_buffers".to_owned(), "a lot".to_owned())];
    let bad = PostgresOptions { settings, ..options(folder.path()) };
    let refusal = Postgres::start(bad).await.unwrap_err().to_string();
    assert!(refusal.contains("shared_buffers") && refusal.contains("server.log"), "{refusal}");
}

#[tokio::test]
async fn a_private_home_is_left_for_a_place_that_the_server_can_reach() {
    let private = folder();
    std::fs::set_permissions(private.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    let data_dir = private.path().join("data");
    let first = Postgres::start(options(&data_dir)).await.unwrap();
    let client = connect(first.url()).await.unwrap();
    client.batch_execute("create table kept (n int)").await.unwrap();
    first.stop().await;

    let second = Postgres::start(options(&data_dir)).await.unwrap();
    let found = connect(second.url()).await.unwrap().query_one("select count(*) from kept", &[]).await;
    let place = second.folder().to_owned();
    second.stop().await;
    let is_root = rustix::process::geteuid().is_root();
    assert_eq!(place != data_dir.canonicalize().unwrap(), is_root, "{}", place.display());
    if is_root {
        std::fs::remove_dir_all(&place).unwrap();
    }
    assert_eq!(found.unwrap().get::<_, i64>(0), 0);
}

#[tokio::test]
async fn a_tool_finds_the_server_that_another_part_runs() {
    let folder = folder();
    assert_eq!(embedded::postgres::running_url(folder.path()).unwrap(), None);
    let postgres = Postgres::start(options(folder.path())).await.unwrap();
    let url = embedded::postgres::running_url(folder.path()).unwrap();
    assert_eq!(url.as_deref(), Some(postgres.url()));
    postgres.stop().await;
    assert_eq!(embedded::postgres::running_url(folder.path()).unwrap(), None);
}

/// The private server is for the process that started it: other users of the machine reach the port, and nothing else.
#[tokio::test]
async fn nobody_gets_in_without_the_password_or_from_elsewhere() {
    let folder = folder();
    let server = Postgres::start(options(folder.path())).await.unwrap();
    let right: tokio_postgres::Config = server.url().parse().unwrap();
    let client = connect(server.url()).await.unwrap();
    let mut nothing = right.clone();
    nothing.password("");
    let mut wrong = right.clone();
    wrong.password("cooly");
    let mut other_user = right.clone();
    other_user.user("postgres");
    for stranger in [nothing, wrong, other_user] {
        assert!(stranger.connect(NoTls).await.is_err(), "{stranger:?}");
    }
    let setting =
        async |name: &str| -> String { client.query_one(&format!("show {name}"), &[]).await.unwrap().get(0) };
    assert_eq!(setting("listen_addresses").await, "127.0.0.1");
    assert_eq!(setting("unix_socket_directories").await, "", "no socket that the machine's users could open");
    let trusting = "select count(*) from pg_hba_file_rules where auth_method <> 'scram-sha-256'";
    assert_eq!(client.query_one(trusting, &[]).await.unwrap().get::<_, i64>(0), 0);
    server.stop().await;
}
