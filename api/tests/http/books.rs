//! The books of the whole system, as an auditor gets them.

use crate::support::{Reply, Server, Setup};
use api::Limits;
use serde_json::{Value, json};
use std::time::Duration;

const PATHS: [&str; 3] = ["/audit/trial-balance", "/audit/outstanding", "/audit/recognised"];

/// Alice was given 100 from a purchase and 20 from a plan; 4 are spent, 5 held, 2 taken.
async fn busy() -> Server {
    let server = Server::start().await;
    let admin = server.admin();
    for body in [
        json!({ "amount": "100", "reason": "bought", "source": "purchase" }),
        json!({ "amount": "20", "reason": "monthly", "source": "plan", "priority": 10 }),
    ] {
        admin.post("/admin/accounts/alice/grants", body).await.expect(201);
    }
    server.user("alice").buy("a fox").await;
    admin.post("/admin/accounts/alice/holds", json!({ "amount": "5", "reason": "a call" })).await.expect(201);
    let adjust = json!({ "amount": "-2", "reason": "a mistake" });
    admin.post("/admin/accounts/alice/adjustments", adjust).await.expect(201);
    server
}

async fn get(server: &Server, path: &str) -> Reply {
    server.auditor().get(path).await
}

fn lines(reply: &Reply) -> Vec<String> {
    String::from_utf8(reply.bytes.clone()).unwrap().split("\r\n").map(str::to_owned).collect()
}

#[tokio::test]
async fn the_trial_balance_tells_what_moved_and_adds_up() {
    let server = busy().await;
    let balance = get(&server, "/audit/trial-balance").await.expect(200).body;
    for (field, value) in [
        ("balanced", json!(true)),
        ("accounts", json!(1)),
        ("events", json!(5)),
        ("opening", json!({ "outstanding": "0", "available": "0", "held": "0" })),
        ("granted", json!("120")),
        (
            "granted_by_source",
            json!([{ "source": "plan", "amount": "20" }, { "source": "purchase", "amount": "100" }]),
        ),
        ("adjusted_up", json!("0")),
        ("adjusted_down", json!("-2")),
        ("spent", json!("-4")),
        ("debited", json!("-4")),
        ("captured", json!("0")),
        ("refunded", json!("0")),
        ("expired", json!("0")),
        ("voided", json!("0")),
        ("set_aside", json!("5")),
        ("given_back", json!("0")),
        ("closing", json!({ "outstanding": "114", "available": "109", "held": "5" })),
        ("difference", json!({ "outstanding": "0", "available": "0", "held": "0" })),
        ("from", json!({ "position": 1, "at": null })),
    ] {
        assert_eq!(balance[field], value, "{field}");
    }
    assert_eq!(balance["to"]["position"], server.newest_position().await + 1);
}

#[tokio::test]
async fn two_intervals_that_meet_are_one() {
    let server = busy().await;
    let last = server.newest_position().await;
    let sum =
        |name: &'static str, balance: &Value| -> f64 { balance[name].as_str().unwrap().parse().unwrap() };
    let whole = get(&server, "/audit/trial-balance").await.expect(200).body;
    for middle in 1..=last + 1 {
        let first = get(&server, &format!("/audit/trial-balance?to={middle}")).await.expect(200).body;
        let second = get(&server, &format!("/audit/trial-balance?from={middle}")).await.expect(200).body;
        assert_eq!(first["closing"], second["opening"], "at {middle}");
        assert_eq!((&first["balanced"], &second["balanced"]), (&json!(true), &json!(true)));
        for name in ["granted", "spent", "adjusted_down", "set_aside"] {
            let parts = sum(name, &first) + sum(name, &second);
            assert!((parts - sum(name, &whole)).abs() < 1e-9, "{name} at {middle}");
        }
    }
}

#[tokio::test]
async fn an_instant_comes_to_a_position_that_is_told() {
    let server = busy().await;
    let before = get(&server, "/audit/trial-balance?from=2020-01-01&to=2020-02-01").await.expect(200).body;
    assert_eq!(before["from"], json!({ "position": 1, "at": "2020-01-01T00:00:00Z" }));
    assert_eq!((&before["events"], &before["closing"]["outstanding"]), (&json!(0), &json!("0")));
    let events = get(&server, "/audit/events?type=credits.debited").await;
    let (at, position) = (&events.items()[0]["recorded_at"], &events.items()[0]["position"]);
    let path = format!("/audit/trial-balance?from={}", at.as_str().unwrap());
    let since = get(&server, &path).await.expect(200).body;
    assert_eq!(since["from"], json!({ "position": position, "at": at }));
    assert_eq!((&since["opening"]["outstanding"], &since["spent"]), (&json!("120"), &json!("-4")));
}

#[tokio::test]
async fn what_is_outstanding_and_recognised_is_told_by_source() {
    let server = busy().await;
    let outstanding = get(&server, "/audit/outstanding").await.expect(200);
    let lot = |source, available, held, all| json!({ "source": source, "age_days": "0-30", "outstanding": all, "available": available, "held": held });
    assert_eq!(outstanding.items(), [lot("plan", "9", "5", "14"), lot("purchase", "100", "0", "100")]);
    assert_eq!(outstanding.body["total"], json!({ "outstanding": "114", "available": "109", "held": "5" }));
    let plan = get(&server, "/audit/outstanding?source=plan").await.expect(200);
    assert_eq!((plan.items().len(), &plan.body["total"]["outstanding"]), (1, &json!("14")));
    let past = get(&server, "/audit/outstanding?at=2").await.expect(200);
    assert_eq!(past.items(), [lot("purchase", "100", "0", "100")]);

    let recognised = get(&server, "/audit/recognised").await.expect(200);
    let sums = json!({ "burned": "4", "refunded": "0", "expired": "0", "recognised": "4" });
    assert_eq!(recognised.body["total"], sums);
    let [day] = recognised.items() else { panic!("{}", recognised.body) };
    assert_eq!((&day["source"], &day["recognised"]), (&json!("plan"), &json!("4")));
    let none = get(&server, "/audit/recognised?source=purchase").await.expect(200);
    assert_eq!((none.items().len(), &none.body["total"]["recognised"]), (0, &json!("0")));
}

#[tokio::test]
async fn each_is_a_table_for_who_asks_for_one() {
    let server = busy().await;
    for (path, head, row) in [
        (PATHS[0], "line,source,amount", "granted,purchase,100"),
        (PATHS[1], "source,age_days,available,held,outstanding", "plan,0-30,9,5,14"),
        (PATHS[2], "day,source,burned,refunded,expired,recognised", "plan,4,0,0,4"),
    ] {
        let table = get(&server, &format!("{path}?format=csv")).await.expect(200);
        assert_eq!(table.header("content-type"), Some("text/csv; charset=utf-8"));
        assert_eq!(table.header("vary"), Some("Accept"));
        assert!(table.header("content-disposition").unwrap().ends_with(".csv\""));
        assert_eq!(lines(&table)[0], head);
        assert!(lines(&table).iter().any(|line| line.ends_with(row)), "{:?}", lines(&table));
        let accepted = server.auditor().with("accept", "text/csv, application/json;q=0.5").get(path).await;
        assert_eq!(accepted.expect(200).bytes, table.bytes);
        let json = server.auditor().with("accept", "application/xml").get(path).await.expect(200);
        assert!(json.body.is_object(), "what is not known is answered as JSON");
        let parquet = get(&server, &format!("{path}?format=parquet")).await.expect(200);
        assert_eq!(parquet.header("content-type"), Some("application/vnd.apache.parquet"));
        assert!(parquet.bytes.starts_with(b"PAR1") && parquet.bytes.ends_with(b"PAR1"));
        get(&server, &format!("{path}?format=xml")).await.refused(400, "parameter_invalid");
    }
    let table = get(&server, "/audit/trial-balance?format=csv").await;
    let balance = get(&server, "/audit/trial-balance").await.body;
    let told: Vec<String> = balance["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| {
            let source = line["source"].as_str().unwrap_or_default();
            format!("{},{source},{}", line["line"].as_str().unwrap(), line["amount"].as_str().unwrap())
        })
        .collect();
    assert_eq!(lines(&table)[1..=told.len()], told);
}

#[tokio::test]
async fn a_question_that_makes_no_sense_is_refused_by_name() {
    let server = busy().await;
    let last = server.newest_position().await;
    for (query, status, field) in [
        ("from=5&to=4".to_owned(), 422, "to"),
        ("from=2020-02-01&to=2020-01-31".into(), 422, "to"),
        (format!("from={last}&to=2020-01-01"), 422, "to"),
        ("from=2999-01-01".into(), 422, "from"),
        ("to=2999-01-01T00:00:00Z".into(), 422, "to"),
        (format!("to={}", last + 2), 422, "to"),
        ("from=9223372036854775807".into(), 422, "from"),
        ("from=9223372036854775808".into(), 400, "from"),
        ("from=-1".into(), 400, "from"),
        ("from=now".into(), 400, "from"),
        ("from=0001-01-01".into(), 400, "from"),
        ("to=2026-02-30".into(), 400, "to"),
        ("to=".into(), 400, "to"),
    ] {
        for path in [PATHS[0], PATHS[2]] {
            let refused = get(&server, &format!("{path}?{query}")).await;
            assert_eq!(refused.status, status, "{path}?{query}: {}", refused.body);
            assert_eq!(refused.blamed(), [field], "{path}?{query}");
        }
    }
    for (query, status, field) in [
        ("at=2999-01-01".to_owned(), 422, "at"),
        (format!("at={}", last + 2), 422, "at"),
        ("at=x".into(), 400, "at"),
        ("source=gift".into(), 400, "source"),
    ] {
        let refused = get(&server, &format!("/audit/outstanding?{query}")).await;
        assert_eq!((refused.status.as_u16(), refused.blamed()), (status, vec![field]), "{query}");
    }
    get(&server, "/audit/recognised?source=gift").await.refused(400, "parameter_invalid");
}

#[tokio::test]
async fn what_cannot_be_added_up_in_time_is_refused() {
    let limits = Limits { books: Duration::ZERO, ..Limits::default() };
    let server = Server::start_as(Setup { limits, ..Setup::default() }).await;
    for path in PATHS {
        get(&server, path).await.refused(422, "interval_too_long");
    }
}

#[tokio::test]
async fn a_log_that_was_touched_is_not_balanced() {
    let server = busy().await;
    let tamper = "alter table events disable trigger events_append_only; \
        update events set amount = 101 where type = 'credits.granted' and version = 1; \
        alter table events enable trigger events_append_only";
    server.pool.get().await.unwrap().batch_execute(tamper).await.unwrap();
    let balance = get(&server, "/audit/trial-balance").await.expect(200).body;
    assert_eq!(balance["balanced"], false);
    assert_eq!(balance["difference"], json!({ "outstanding": "-1", "available": "-1", "held": "0" }));
}
