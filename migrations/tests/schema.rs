//! The schema on a real Postgres: up, down and up again on data, two nodes at once, and databases that this
//! version must not touch.

use embedded::testing::TestCluster;
use migrations::{Error, LATEST, Missing, apply, check, current, missing_rights, undo_to};
use tokio_postgres::{Client, NoTls};

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

async fn empty() -> (String, Client) {
    let database = TestCluster::shared().await.empty_database().await;
    let client = connect(database.url()).await;
    (database.url().to_owned(), client)
}

/// Every table, column, constraint, index, function, trigger, comment and grant of the public schema.
async fn shape(client: &Client) -> Vec<String> {
    let query = "
        select 'column ' || table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable
            from information_schema.columns where table_schema = 'public'
        union all select 'constraint ' || conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
            from pg_constraint where connamespace = 'public'::regnamespace
        union all select indexdef || ' -- ' || coalesce(obj_description(indexname::regclass), '')
            from pg_indexes where schemaname = 'public'
        union all select 'function ' || proname from pg_proc where pronamespace = 'public'::regnamespace
        union all select 'trigger ' || tgname from pg_trigger where not tgisinternal
        union all select 'grant ' || relname || ' ' || relacl::text from pg_class
            where relnamespace = 'public'::regnamespace and relacl is not null
        order by 1";
    let rows = client.query(query, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).filter(|line: &String| !line.contains("refinery")).collect()
}

async fn append(client: &Client, events: i32) {
    let insert = "
        insert into events (account_id, stream_id, version, event_id, type, schema_version, amount,
            balance_after, payload, state, actor, request_id, occurred_at, prev_hash, hash)
        select id, id, 1, gen_random_uuid(), 'credits.granted', 1, 5, 5, '{}', '{}', 'admin:a', 'r', now(), '', ''
        from (select gen_random_uuid() as id from generate_series(1, $1)) as accounts";
    client.execute(insert, &[&events]).await.unwrap();
}

/// The steps of this build.
const STEPS: [(i32, &str); 20] = [
    (1, "V1__log"),
    (2, "V2__read_models"),
    (3, "V3__indexes"),
    (4, "V4__seals"),
    (5, "V5__lapses"),
    (6, "V6__batch_keys"),
    (7, "V7__recalls"),
    (8, "V8__task_provider"),
    (9, "V9__lanes"),
    (10, "V10__overdue"),
    (11, "V11__provider_signals"),
    (12, "V12__bulk_actions"),
    (13, "V13__workers"),
    (14, "V14__provider_spend"),
    (15, "V15__shut_routes"),
    (16, "V16__late_cancels"),
    (17, "V17__incidents"),
    (18, "V18__usage_kept"),
    (19, "V19__api_keys"),
    (20, "V20__webhooks"),
];

/// The versions above this one, newest first.
fn above(version: i32) -> Vec<i32> {
    STEPS.iter().rev().map(|(step, _)| *step).filter(|step| *step > version).collect()
}

async fn count(client: &Client, query: &str) -> i64 {
    client.query_one(query, &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn a_fresh_database_gets_every_step_once() {
    let (_, mut client) = empty().await;
    let applied = apply(&mut client).await.unwrap();
    assert_eq!(applied.steps, STEPS.map(|(_, name)| name));
    assert_eq!((applied.version, current(&client).await.unwrap()), (LATEST, LATEST));
    assert!(apply(&mut client).await.unwrap().steps.is_empty(), "a second run finds nothing to do");
}

#[tokio::test]
async fn each_step_goes_down_and_up_again_on_data() {
    let (_, mut client) = empty().await;
    apply(&mut client).await.unwrap();
    append(&client, 1_000).await;
    let before = shape(&client).await;
    for version in (1..LATEST).rev() {
        let undone = undo_to(&mut client, version).await.unwrap();
        assert_eq!(undone, above(version));
        assert_eq!(
            count(&client, "select count(*) from events").await,
            1_000,
            "the log stays below V{version}"
        );
        apply(&mut client).await.unwrap();
        assert_eq!(shape(&client).await, before);
    }
}

#[tokio::test]
async fn all_the_way_down_leaves_nothing_and_up_again_gives_the_same_schema() {
    let (_, mut client) = empty().await;
    apply(&mut client).await.unwrap();
    append(&client, 10).await;
    let before = shape(&client).await;
    assert_eq!(undo_to(&mut client, 0).await.unwrap(), above(0));
    assert_eq!(shape(&client).await, Vec::<String>::new());
    assert_eq!(undo_to(&mut client, 0).await.unwrap(), Vec::<i32>::new(), "nothing is left to undo");
    assert_eq!(apply(&mut client).await.unwrap().steps.len(), STEPS.len());
    assert_eq!(shape(&client).await, before);
}

#[tokio::test]
async fn the_undo_of_the_twentieth_step_leaves_no_position_of_its_duty_behind() {
    let (_, mut client) = empty().await;
    apply(&mut client).await.unwrap();
    let followed =
        "insert into relay_checkpoints (relay, position, fencing) values ('hooks', 5, 1), ('relay', 7, 1)";
    client.batch_execute(followed).await.unwrap();
    undo_to(&mut client, 19).await.unwrap();
    assert_eq!(count(&client, "select sum(position)::bigint from relay_checkpoints").await, 7);
}

#[tokio::test]
async fn two_nodes_that_migrate_at_once_do_it_once() {
    for _ in 0..3 {
        let (url, _) = empty().await;
        let nodes = (0..4).map(|_| {
            let url = url.clone();
            tokio::spawn(async move { apply(&mut connect(&url).await).await })
        });
        let mut steps = 0;
        for node in nodes.collect::<Vec<_>>() {
            steps += node.await.unwrap().expect("every node comes up").steps.len();
        }
        assert_eq!(steps, STEPS.len(), "each step ran on one node only");
    }
}

async fn later_step(client: &Client, name: &str) {
    let step = "insert into refinery_schema_history values (99, $1, '2030-01-01T00:00:00Z', '1')";
    client.execute(step, &[&name]).await.unwrap();
}

#[tokio::test]
async fn a_database_of_a_later_release_is_worked_on_and_only_its_own_program_undoes_it() {
    let (_, mut client) = empty().await;
    assert!(matches!(check(&client).await, Err(Error::SchemaOlder { found: 0, needed: LATEST })));
    apply(&mut client).await.unwrap();
    check(&client).await.unwrap();
    later_step(&client, "more").await;
    check(&client).await.unwrap();
    let applied = apply(&mut client).await.unwrap();
    assert_eq!((applied.steps.len(), applied.version), (0, 99));
    assert!(matches!(undo_to(&mut client, 0).await, Err(Error::SchemaNewer { found: 99, .. })));
    // What is ours must still be all there.
    client
        .batch_execute("update refinery_schema_history set checksum = '1' where version = 2")
        .await
        .unwrap();
    assert!(matches!(check(&client).await, Err(Error::SchemaDiverged { step }) if step == "V2__read_models"));
    client.batch_execute("delete from refinery_schema_history where version = 2").await.unwrap();
    assert!(
        matches!(apply(&mut client).await, Err(Error::StepSkipped { step }) if step == "V2__read_models")
    );
}

#[tokio::test]
async fn a_database_that_a_later_release_changed_for_good_is_refused_in_one_clear_sentence() {
    let (_, mut client) = empty().await;
    apply(&mut client).await.unwrap();
    later_step(&client, "breaks_names").await;
    let error = apply(&mut client).await.unwrap_err();
    assert!(matches!(error, Error::SchemaNewer { found: 99, known: LATEST }), "{error:?}");
    assert!(error.to_string().contains("run a newer program"), "{error}");
    assert!(matches!(check(&client).await, Err(Error::SchemaNewer { .. })));
    client.batch_execute("delete from refinery_schema_history where version = 99").await.unwrap();
    apply(&mut client).await.expect("the lock was given back after the refusal");
}

#[tokio::test]
async fn a_step_that_was_edited_after_it_was_applied_is_refused() {
    let (_, mut client) = empty().await;
    apply(&mut client).await.unwrap();
    client
        .batch_execute("update refinery_schema_history set checksum = '1' where version = 2")
        .await
        .unwrap();
    let error = apply(&mut client).await.unwrap_err();
    assert!(matches!(&error, Error::SchemaDiverged { step } if step == "V2__read_models"), "{error:?}");
}

#[tokio::test]
async fn a_step_that_fails_leaves_the_database_as_it_was() {
    let (_, mut client) = empty().await;
    client.batch_execute("create table pending_tasks (taken int)").await.unwrap();
    assert!(matches!(apply(&mut client).await.unwrap_err(), Error::Step(_)));
    assert_eq!(count(&client, "select count(*) from pg_class where relname = 'events'").await, 0);
    assert_eq!(current(&client).await.unwrap(), 0);
}

#[tokio::test]
async fn the_third_step_makes_thirteen_indexes_and_each_says_what_it_serves() {
    let (_, mut client) = empty().await;
    let indexes = "select count(*) from pg_indexes where schemaname = 'public'";
    apply(&mut client).await.unwrap();
    let silent = "select count(*) from pg_indexes where schemaname = 'public' and indexname not like '%_pkey'
        and obj_description(indexname::regclass) is null";
    assert_eq!(count(&client, silent).await, 0);
    undo_to(&mut client, 3).await.unwrap();
    let all = count(&client, indexes).await;
    undo_to(&mut client, 2).await.unwrap();
    assert_eq!(all - count(&client, indexes).await, 13);
}

/// What an older program left in the read models is what a replay by this one gives.
#[tokio::test]
async fn the_fifth_step_counts_the_adjustments_that_the_overview_has_seen() {
    let (_, mut client) = empty().await;
    apply(&mut client).await.unwrap();
    undo_to(&mut client, 3).await.unwrap();
    let totals = "select count(*) from overview_totals";
    assert_eq!(count(&client, totals).await, 0);
    for (change, balance) in [("5", "5"), ("-2", "3"), ("-0.5", "2.5"), ("7", "9.5"), ("1", "10.5")] {
        let insert = format!(
            "insert into events (account_id, stream_id, version, event_id, type, schema_version, amount,
                balance_after, payload, state, actor, request_id, occurred_at, prev_hash, hash)
            select id, id, 1 + (select count(*) from events), gen_random_uuid(), 'credits.adjusted', 1,
                {change}, {balance}, '{{}}', '{{}}', 'admin:a', 'r', now(), '', ''
            from (values ('0b9a9f2e-3f0b-4a52-9d53-c0c0a8d7a001'::uuid)) as account(id)"
        );
        client.batch_execute(&insert).await.unwrap();
    }
    let seen = "update projection_checkpoints
        set position = (select max(position) - 1 from events) where projection = 'overview_totals'";
    client.batch_execute(seen).await.unwrap();
    apply(&mut client).await.unwrap();
    let rows =
        client.query("select measure, value::text from overview_totals order by 1", &[]).await.unwrap();
    let told: Vec<(String, String)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let expected = [("credits_adjusted_down", "2.5"), ("credits_adjusted_up", "12")];
    assert_eq!(told, expected.map(|(measure, value)| (measure.to_owned(), value.to_owned())));
}

#[tokio::test]
async fn roles_may_do_what_they_need_and_no_more() {
    let (_, mut client) = empty().await;
    apply(&mut client).await.unwrap();
    for (role, table, rights, wanted) in [
        ("cooly_appender", "events", "insert", true),
        ("cooly_appender", "generations", "select", false),
        ("cooly_projector", "events", "insert", false),
        ("cooly_projector", "generations", "insert", true),
        ("cooly_projector", "parked_streams", "delete", true),
        ("cooly_projector", "leases", "update", true),
        ("cooly_projector", "workers", "delete", true),
        ("cooly_appender", "workers", "select", false),
        ("cooly_reader", "workers", "select", true),
        ("cooly_reader", "workers", "update", false),
        ("cooly_projector", "provider_spend", "update", true),
        ("cooly_projector", "provider_spend", "delete", false),
        ("cooly_appender", "provider_spend", "select", false),
        ("cooly_reader", "provider_spend", "select", true),
        ("cooly_reader", "provider_spend", "insert", false),
        ("cooly_reader", "dead_letters", "select", true),
        ("cooly_reader", "dead_letters", "delete", false),
        ("cooly_sealer", "seals", "insert", true),
        ("cooly_sealer", "seals", "update", false),
        ("cooly_sealer", "events", "select", true),
        ("cooly_sealer", "events", "insert", false),
        ("cooly_appender", "seals", "insert", false),
        ("cooly_reader", "seals", "select", true),
        ("cooly_appender", "provider_signals", "insert", true),
        ("cooly_appender", "provider_signals", "select", false),
        ("cooly_appender", "provider_signals", "update", false),
        ("cooly_appender", "provider_signals", "delete", false),
        ("cooly_projector", "provider_signals", "insert", false),
        ("cooly_projector", "provider_signals", "delete", true),
        ("cooly_reader", "provider_signals", "select", true),
        ("cooly_reader", "provider_signals", "insert", false),
        ("cooly_operator", "dead_letters", "select", true),
        ("cooly_operator", "dead_letters", "delete", false),
        ("cooly_operator", "events", "select", false),
        ("cooly_operator", "bulk_actions", "insert", true),
        ("cooly_operator", "bulk_actions", "update", true),
        ("cooly_operator", "bulk_actions", "delete", false),
        ("cooly_operator", "bulk_items", "insert", true),
        ("cooly_operator", "bulk_items", "update", false),
        ("cooly_projector", "bulk_items", "update", true),
        ("cooly_projector", "bulk_items", "insert", false),
        ("cooly_projector", "bulk_actions", "insert", false),
        ("cooly_reader", "bulk_items", "select", true),
        ("cooly_reader", "bulk_actions", "update", false),
        ("cooly_operator", "incident_changes", "insert", true),
        ("cooly_operator", "incident_changes", "update", false),
        ("cooly_operator", "incident_changes", "delete", false),
        ("cooly_operator", "webhook_endpoints", "update", true),
        ("cooly_operator", "webhook_endpoints", "delete", false),
        ("cooly_operator", "webhook_deliveries", "delete", false),
        ("cooly_projector", "webhook_endpoints", "insert", false),
        ("cooly_projector", "webhook_secrets", "update", false),
        ("cooly_reader", "webhook_secrets", "select", false),
        ("cooly_reader", "webhook_deliveries", "update", false),
        ("cooly_projector", "incident_changes", "insert", true),
        ("cooly_projector", "incident_changes", "update", false),
        ("cooly_reader", "incident_changes", "select", true),
        ("cooly_reader", "incident_changes", "insert", false),
        ("cooly_appender", "incident_changes", "select", false),
        ("cooly_operator", "api_keys", "insert", true),
        ("cooly_operator", "api_keys", "update", false),
        ("cooly_operator", "api_keys", "delete", false),
        ("cooly_reader", "api_keys", "select", false),
        ("cooly_reader", "api_keys", "insert", false),
        ("cooly_projector", "api_keys", "select", false),
        ("cooly_appender", "api_keys", "select", false),
    ] {
        let query = "select has_table_privilege($1::text::name, $2::text, $3::text)";
        let may: bool = client.query_one(query, &[&role, &table, &rights]).await.unwrap().get(0);
        assert_eq!(may, wanted, "{role} {rights} on {table}");
    }
}

#[tokio::test]
async fn seals_are_append_only_for_their_owner_too() {
    let (_, mut client) = empty().await;
    apply(&mut client).await.unwrap();
    let insert =
        "insert into seals (number, first_position, last_position, events, leaves, root, prev_hash, hash,
            public_key, signature)
        select 1, 1, 1, 1, decode(repeat('00', 40), 'hex'), zero, zero, zero, zero, zero || zero
        from (select decode(repeat('00', 32), 'hex') as zero) as bytes";
    client.batch_execute(insert).await.unwrap();
    for change in ["update seals set number = 2", "delete from seals", "truncate seals"] {
        let refused = client.batch_execute(change).await.unwrap_err();
        assert!(message_of(&refused).contains("append-only"), "{change}: {refused:?}");
    }
}

fn message_of(error: &tokio_postgres::Error) -> &str {
    error.as_db_error().map_or("", |error| error.message())
}

#[tokio::test]
async fn what_was_taken_away_is_named_and_given_again() {
    let (_, mut client) = empty().await;
    apply(&mut client).await.unwrap();
    assert_eq!(missing_rights(&client).await.unwrap(), []);
    let before = shape(&client).await;
    let take_away = "revoke insert on events from cooly_appender;
        revoke all on credit_history from cooly_projector, cooly_reader;
        revoke select on sequence events_position_seq from cooly_sealer;
        revoke update (revoked_at, last_used_at) on api_keys from cooly_operator;
        revoke select (name) on api_keys from cooly_reader;
        revoke execute on function api_key_with_hash(bytea) from cooly_reader;
        drop trigger api_keys_stay_revoked on api_keys;
        alter table events disable trigger events_append_only;
        drop trigger seals_no_truncate on seals";
    client.batch_execute(take_away).await.unwrap();
    let wanted = [
        "insert on the table events for cooly_appender",
        "select, insert, update, delete on the table credit_history for cooly_projector",
        "select on the sequence events_position_seq for cooly_sealer",
        "select on the table credit_history for cooly_reader",
        "update on the column revoked_at of api_keys for cooly_operator",
        "update on the column last_used_at of api_keys for cooly_operator",
        "select on the column name of api_keys for cooly_reader",
        "execute on the function api_key_with_hash(bytea) for cooly_reader",
        "the guard events_append_only, which keeps events append-only",
        "the guard seals_no_truncate, which keeps seals append-only",
        "the guard api_keys_stay_revoked, which keeps what is revoked in api_keys as it is",
    ];
    let named = |missing: &[Missing]| missing.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(named(&missing_rights(&client).await.unwrap()), wanted);
    let applied = apply(&mut client).await.unwrap();
    assert_eq!((applied.steps.len(), named(&applied.mended)), (0, wanted.map(str::to_owned).to_vec()));
    assert_eq!(missing_rights(&client).await.unwrap(), []);
    assert_eq!(sorted_grants(shape(&client).await), sorted_grants(before));
    append(&client, 1).await;
    let refused = client.batch_execute("update events set actor = 'x'").await.unwrap_err();
    assert!(message_of(&refused).contains("append-only"), "{refused:?}");
}

#[tokio::test]
async fn a_key_that_was_revoked_stays_so_and_readers_are_not_told_everything() {
    let (_, mut client) = empty().await;
    apply(&mut client).await.unwrap();
    let fill = "insert into api_keys (id, hash, hint, name, environment, scope, created_by, request_id)
        values (gen_random_uuid(), sha256('a'), 'ck_live_…', 'shop', 'live', 'backend', 'admin:ops', 'r')";
    client.batch_execute(fill).await.unwrap();
    client.batch_execute("set role cooly_operator").await.unwrap();
    let revoke =
        "update api_keys set revoked_at = now(), revoked_by = 'admin:ops', revoke_reason = 'it leaked'";
    client.batch_execute(revoke).await.unwrap();
    for change in [
        "revoked_at = null, revoked_by = null, revoke_reason = null",
        "revoked_at = now() + interval '1 day'",
        "revoked_by = 'admin:mallory'",
        "revoke_reason = null",
    ] {
        let refused = client.batch_execute(&format!("update api_keys set {change}")).await.unwrap_err();
        assert!(message_of(&refused).contains("stays so"), "{change}: {refused:?}");
    }
    client.batch_execute("update api_keys set last_used_at = now(), revoked_by = revoked_by").await.unwrap();
    client.batch_execute("set role cooly_reader").await.unwrap();
    for column in ["hash", "request_hash", "idempotency_key", "revoke_reason", "request_id"] {
        let refused = client.batch_execute(&format!("select {column} from api_keys")).await.unwrap_err();
        assert!(message_of(&refused).contains("permission denied"), "{column}: {refused:?}");
    }
    let find = "select name from api_keys where id = api_key_with_hash(sha256('a'))";
    assert_eq!(client.query_one(find, &[]).await.unwrap().get::<_, &str>(0), "shop");
    client.batch_execute("set role cooly_projector").await.unwrap();
    let refused = client.batch_execute("select api_key_with_hash(sha256('a'))").await.unwrap_err();
    assert!(message_of(&refused).contains("permission denied"), "{refused:?}");
}

/// The order in which rights were given is no part of the schema.
fn sorted_grants(mut shape: Vec<String>) -> Vec<String> {
    for line in shape.iter_mut().filter(|line| line.starts_with("grant ")) {
        let mut parts: Vec<&str> = line.split(['{', ',', '}']).collect();
        parts.sort_unstable();
        *line = parts.join(",");
    }
    shape
}

#[tokio::test]
async fn a_login_that_may_not_mend_is_told_what_to_run() {
    let (url, mut client) = empty().await;
    apply(&mut client).await.unwrap();
    let login = "revoke insert on events from cooly_appender;
        create role plain login password 'plain';
        grant cooly_appender, cooly_projector, cooly_reader, cooly_sealer, cooly_operator to plain;
        grant create on schema public to plain;
        grant all on all tables in schema public to plain";
    client.batch_execute(login).await.unwrap();
    let mut url: tokio_postgres::Config = url.parse().unwrap();
    let (mut plain, connection) = url.user("plain").password("plain").connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    let error = apply(&mut plain).await.unwrap_err();
    assert!(error.to_string().contains("grant insert on table events to cooly_appender"), "{error}");
}
