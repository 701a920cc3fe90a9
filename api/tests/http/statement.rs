//! Statements: both ends, every entry, and sums that lead from one to the other, in three forms.

use crate::support::{Client, Reply, Server};
use ledger::account::AccountCommand;
use ledger::{Action, Actor, Command, Context, Credits, Outcome, UserId};
use rust_decimal::Decimal;
use serde_json::Value;

const OWN: &str = "/v1/credits/statement";

async fn ask(server: &Server, user: &str, command: AccountCommand) -> Outcome {
    let user: UserId = user.parse().unwrap();
    let context = Context { actor: Actor::Admin("ops".into()), request_id: "r".into(), causation_id: None };
    let command =
        Command { account: user.account(), context, idempotency: None, action: Action::Account(command) };
    server.ledger.execute(command).await.unwrap()
}

fn amount(text: &str) -> Credits {
    text.parse().unwrap()
}

fn number(value: &Value) -> Decimal {
    value.as_str().unwrap_or_else(|| panic!("{value} is no amount")).parse().unwrap()
}

fn adjust(user: &str, change: &str, reason: &str) -> AccountCommand {
    let (change, reason) = (change.parse().unwrap(), reason.to_owned());
    AccountCommand::Adjust { user: user.parse().unwrap(), change, reason, clamp: false }
}

/// An account that has seen everything: 100 granted, 4 spent, 4 refunded, 20 held of which 15 were captured, 10 held and
/// released, 7 corrected away, 30 of another grant voided.
async fn eventful(server: &Server, user: &str) -> Client {
    let alice = server.rich_user(user, 100).await;
    let bought = alice.buy("a picture").await;
    server.fail(user, bought.id()).await;
    for (held, captured) in [("20", Some("15")), ("10", None)] {
        let hold = AccountCommand::Hold { amount: amount(held), reason: "a call".into(), expires_at: None };
        ask(server, user, hold).await;
        let state = ask(server, user, AccountCommand::Lapse).await.account;
        let state = match state {
            Some(state) => state.as_ref().clone(),
            None => {
                let client = server.pool.get().await.unwrap();
                ledger::read::account(&**client, crate::support::account(user)).await.unwrap().unwrap().0
            }
        };
        let hold = state.holds[0].hold;
        let end = match captured {
            Some(captured) => AccountCommand::Capture { hold, amount: amount(captured) },
            None => AccountCommand::Release { hold },
        };
        ask(server, user, end).await;
    }
    ask(server, user, adjust(user, "-7", "counted twice")).await;
    let grant = ledger::account::Grant::new(user.parse().unwrap(), amount("30"), "by mistake");
    let granted = ask(server, user, AccountCommand::Grant(grant)).await;
    let lot = granted.account.unwrap().lots.iter().map(|lot| lot.lot).max().unwrap();
    ask(server, user, AccountCommand::Void { lot, reason: "it was a mistake".into() }).await;
    alice
}

/// Follows every entry from the opening to the closing, and the totals beside them.
#[track_caller]
fn adds_up(statement: &Value, entries: &[Value]) {
    let (opening, closing) = (&statement["opening"], &statement["closing"]);
    let (mut balance, mut held) = (number(&opening["balance"]), number(&opening["held"]));
    for entry in entries {
        balance += number(&entry["amount"]);
        held += number(&entry["held_change"]);
        assert_eq!(balance, number(&entry["balance_after"]), "{entry}");
        assert_eq!(held, number(&entry["held_after"]), "{entry}");
    }
    assert_eq!((balance, held), (number(&closing["balance"]), number(&closing["held"])), "{closing}");
    let totals = statement["totals"].as_object().unwrap();
    let sum: Decimal = totals.values().map(number).sum();
    let owned = |end: &Value| number(&end["balance"]) + number(&end["held"]);
    assert_eq!(owned(opening) + sum, owned(closing), "{totals:?}");
}

#[tokio::test]
async fn a_statement_tells_everything_and_adds_up() {
    let server = Server::start().await;
    let alice = eventful(&server, "alice").await;
    let told = alice.get(&format!("{OWN}?limit=100")).await.expect(200);
    let entries = told.body["entries"].as_array().unwrap();
    adds_up(&told.body, entries);
    let lines: Vec<_> = entries.iter().map(|entry| entry["type"].as_str().unwrap()).collect();
    let expected = [
        "granted", "debited", "refunded", "held", "captured", "held", "released", "adjusted", "granted",
        "voided",
    ];
    assert_eq!(lines, expected.map(|name| format!("credits.{name}")));
    assert_eq!(
        told.body["totals"],
        serde_json::json!({
            "granted": "130", "spent": "-19", "refunded": "4", "adjusted": "-7", "expired": "0", "voided": "-30",
        })
    );
    let captured = &entries[4];
    assert_eq!(
        (&captured["amount"], &captured["held_change"], &captured["spent"]),
        (&"5".into(), &"-20".into(), &"15".into(),)
    );
    assert_eq!(captured["description"], "Charged from what was set aside: 15 spent, 5 came back");
    assert_eq!(entries[2]["description"], "Refund: the generation failed");
    assert!(entries[1]["generation_id"].is_string());
    assert_eq!(
        told.body["closing"],
        serde_json::json!({ "balance": "78", "held": "0", "available": "78", "pending": "0" })
    );
    assert_eq!(told.body["opening"]["balance"], "0");
}

#[tokio::test]
async fn a_period_begins_where_the_one_before_it_ended() {
    let server = Server::start().await;
    let alice = eventful(&server, "alice").await;
    let whole = alice.get(&format!("{OWN}?limit=100")).await.expect(200);
    let entries = whole.body["entries"].as_array().unwrap();
    let from = whole.body["from"].as_str().unwrap();
    let split = entries[4]["occurred_at"].as_str().unwrap();
    let before = alice.get(&format!("{OWN}?limit=100&from={from}&until={split}")).await.expect(200);
    let after = alice.get(&format!("{OWN}?limit=100&from={split}")).await.expect(200);
    let (first, second) =
        (before.body["entries"].as_array().unwrap(), after.body["entries"].as_array().unwrap());
    assert_eq!(first.len() + second.len(), entries.len());
    assert!(!first.is_empty() && !second.is_empty());
    adds_up(&before.body, first);
    adds_up(&after.body, second);
    for name in ["balance", "held"] {
        assert_eq!(before.body["closing"][name], after.body["opening"][name]);
    }
    assert_eq!(after.body["opening"]["held"], "20");
}

#[tokio::test]
async fn entries_come_in_pages() {
    let server = Server::start().await;
    let alice = eventful(&server, "alice").await;
    let whole = alice.get(&format!("{OWN}?limit=100")).await.expect(200);
    let mut entries = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = alice.get(&format!("{OWN}?limit=3{cursor}")).await.expect(200);
        assert_eq!(page.body["totals"].is_null(), !entries.is_empty(), "sums are on the first page");
        entries.extend(page.body["entries"].as_array().unwrap().clone());
        match page.body["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(&entries, whole.body["entries"].as_array().unwrap());
    let others = server.rich_user("bob", 1).await;
    others.get(&format!("{OWN}?limit=3{cursor}")).await.refused(400, "parameter_invalid");
}

#[tokio::test]
async fn before_anything_happened_there_is_nothing() {
    let server = Server::start().await;
    let nobody = server.user("nobody").get(OWN).await.expect(200);
    assert_eq!(nobody.body["entries"], serde_json::json!([]));
    assert_eq!(
        nobody.body["closing"],
        serde_json::json!({ "balance": "0", "held": "0", "available": "0", "pending": "0" })
    );
    server.admin().get("/admin/accounts/nobody/statement").await.refused(404, "not_found");
    let alice = server.rich_user("alice", 5).await;
    let long_ago = alice.get(&format!("{OWN}?from=2001-01-01&until=2001-02-01")).await.expect(200);
    assert_eq!(long_ago.body["closing"]["balance"], "0");
    adds_up(&long_ago.body, &[]);
}

#[tokio::test]
async fn a_table_is_safe_to_open() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 10).await;
    ask(&server, "alice", adjust("alice", "-1.5", "=HYPERLINK(\"http://x\",\"y\")")).await;
    ask(&server, "alice", adjust("alice", "2", "said \"yes\", twice")).await;
    let table = alice.get(&format!("{OWN}?format=csv")).await.expect(200);
    assert_eq!(table.header("content-type"), Some("text/csv; charset=utf-8"));
    assert!(table.header("content-disposition").unwrap().starts_with("attachment; filename=\"statement-"));
    let text = String::from_utf8(table.bytes.clone()).unwrap();
    let lines: Vec<_> = text.split("\r\n").collect();
    assert!(lines[0].starts_with("time,type,description,"));
    assert!(lines[1].contains(",opening,") && lines[1].ends_with(",0,0,,"), "{}", lines[1]);
    assert!(lines[3].contains("Correction: =HYPERLINK") && lines[3].contains(",-1.5,"), "{}", lines[3]);
    assert!(lines[4].contains("\"Correction: said \"\"yes\"\", twice\",,2,0,,10.5,0"), "{}", lines[4]);
    assert!(lines[5].contains(",closing,") && lines[5].ends_with(",10.5,0,,"), "{}", lines[5]);
    assert_eq!(lines.len(), 7);
    for line in &lines[1..6] {
        assert!(!line.split(',').any(|cell| cell.starts_with(['=', '@', '+'])), "{line}");
    }
}

#[tokio::test]
async fn a_page_needs_no_script_and_keeps_text_text() {
    let server = Server::start().await;
    let user = "<b>eve</b>";
    let eve = server.rich_user(user, 10).await;
    ask(&server, user, adjust(user, "-1", "<script>alert(1)</script>")).await;
    for reply in [
        eve.get(&format!("{OWN}?format=html")).await.expect(200),
        eve.with("accept", "text/html,application/xhtml+xml,*/*;q=0.8").get(OWN).await.expect(200),
    ] {
        assert_eq!(reply.header("content-type"), Some("text/html; charset=utf-8"));
        assert_eq!(reply.header("vary"), Some("Accept"));
        let policy = reply.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-") && !policy.contains("script"));
        let page = String::from_utf8(reply.bytes.clone()).unwrap();
        assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>"));
        assert!(page.contains("&lt;script&gt;alert(1)") && page.contains("&lt;b&gt;eve"));
        assert!(!page.contains("<script") && !page.contains("<b>") && !page.contains("style=\""));
        assert!(page.contains("Opening balance") && page.contains("2 entries"));
        // Entries stand in the table and nothing is left of the mark where they go.
        assert!(page.contains("</tr></tbody></table>") && !page.contains("<!-- entries"));
    }
}

#[tokio::test]
async fn long_statements_are_streamed_whole() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 1_000).await;
    for _ in 0..5 {
        let items: Vec<_> =
            (0..100).map(|_| serde_json::json!({ "model": "sim-image", "prompt": "x" })).collect();
        let bought = alice.post("/v1/generations/batch", serde_json::json!({ "items": items })).await;
        if bought.status == 402 {
            break;
        }
        bought.expect(202);
    }
    let table = alice.get(&format!("{OWN}?format=csv")).await.expect(200);
    let text = String::from_utf8(table.bytes).unwrap();
    let debits = text.lines().filter(|line| line.contains(",credits.debited,")).count();
    assert_eq!(debits, 200, "more than a page of the log");
    assert!(text.lines().last().unwrap().contains(",closing,"));
    let page = alice.get(&format!("{OWN}?format=html")).await.expect(200);
    let page = String::from_utf8(page.bytes).unwrap();
    assert_eq!(page.matches("<tr><td>").count(), 201);
}

#[tokio::test]
async fn a_log_that_does_not_add_up_makes_no_statement() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 10).await;
    ask(&server, "alice", adjust("alice", "-3", "x")).await;
    let client = server.pool.get().await.unwrap();
    let forge = "alter table events disable trigger all; \
        update events set state = jsonb_set(state::jsonb, '{balance}', '\"9\"')::json where version = 2; \
        alter table events enable trigger all";
    client.batch_execute(forge).await.unwrap();
    for form in ["json", "csv", "html"] {
        alice.get(&format!("{OWN}?format={form}")).await.refused(500, "internal");
    }
}

#[tokio::test]
async fn bad_periods_and_forms_are_refused_by_name() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 10).await;
    for (query, name) in [
        ("from=2026-03-01&until=2026-03-01", "from"),
        ("from=2026-03-02&until=2026-03-01", "from"),
        ("from=2999-01-01&until=2999-02-01", "from"),
        ("from=2020-01-01&until=2026-01-01", "from"),
        ("from=yesterday", "from"),
        ("until=2026-02-30", "until"),
        ("format=pdf", "format"),
        ("format=csv&cursor=x", "cursor"),
        ("limit=0", "limit"),
    ] {
        let refused: Reply = alice.get(&format!("{OWN}?{query}")).await;
        assert_eq!(refused.refused(400, "parameter_invalid").blamed(), [name], "{query}");
    }
}

#[tokio::test]
async fn admins_and_auditors_see_the_statement_of_an_account() {
    let server = Server::start().await;
    let alice = eventful(&server, "alice").await;
    let own = alice.get(&format!("{OWN}?limit=100")).await.expect(200);
    let path = "/admin/accounts/alice/statement?limit=100";
    for officer in [server.admin(), server.auditor()] {
        assert_eq!(officer.get(path).await.expect(200).body, own.body);
    }
    alice.get(path).await.refused(403, "forbidden");
    server.stranger().get(path).await.refused(401, "unauthenticated");
}
