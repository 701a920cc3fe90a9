//! What the lines of a statement say: which generation, what a late cancel kept, and when by the reader's clock.

use crate::support::Server;
use chrono::{DateTime, FixedOffset, Utc};
use serde_json::{Value, json};

const OWN: &str = "/v1/credits/statement";

#[tokio::test]
async fn lines_tell_the_model_the_prompt_and_what_a_late_cancel_kept() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    let long = format!("{} the end", "=1+1 <b>fox</b>\n".repeat(20));
    alice.buy(&long).await;
    let clip = json!({ "model": "sim-video", "prompt": "waves" });
    let (early, late) = (
        alice.post("/v1/generations", clip.clone()).await.expect(202),
        alice.post("/v1/generations", clip).await.expect(202),
    );
    alice.order(&format!("/v1/generations/{}/cancel", early.id())).await.expect(200);
    server.submit("alice", late.id()).await;
    alice.order(&format!("/v1/generations/{}/cancel", late.id())).await.expect(200);
    let told = alice.get(OWN).await.expect(200);
    let entries = told.body["entries"].as_array().unwrap();
    let lines: Vec<_> = entries.iter().map(|entry| (&entry["description"], &entry["model"])).collect();
    let (text, image, video) =
        (|text: &str| Value::from(text), Value::from("sim-image"), Value::from("sim-video"));
    let none = Value::Null;
    assert_eq!(
        lines[1..],
        [
            (&text("Generation"), &image),
            (&text("Generation"), &video),
            (&text("Generation"), &video),
            (&text("Refund: the generation was cancelled"), &video),
            (&text("Refund: the generation was cancelled late, 10 stay charged"), &video),
        ]
    );
    assert_eq!((lines[0].1, &entries[0]["prompt"]), (&none, &none), "a grant is about no generation");
    let prompt = entries[1]["prompt"].as_str().unwrap();
    assert!(prompt.starts_with("=1+1 <b>fox</b> =1+1 <b>") && prompt.ends_with('…'), "{prompt}");
    assert_eq!(prompt.chars().count(), 121);

    let table = String::from_utf8(alice.get(&format!("{OWN}?format=csv")).await.expect(200).bytes).unwrap();
    assert!(table.starts_with("time,type,description,") && table.contains(",held_after,model,prompt\r\n"));
    assert!(table.contains(",sim-video,waves\r\n") && table.contains(",sim-image,'=1+1 <b>"), "{table}");
    let page = String::from_utf8(alice.get(&format!("{OWN}?format=html")).await.expect(200).bytes).unwrap();
    assert!(page.contains(" · sim-video") && page.contains("“waves”") && page.contains("10 stay charged"));
    assert!(page.contains("&lt;b&gt;fox") && !page.contains("<b>"));
    let (entries, closing) = page.split_once("Closing balance").unwrap();
    assert!(
        entries.contains("10 stay charged") && closing.contains(">86</td></tr></tbody></table>"),
        "{closing}"
    );
}

#[tokio::test]
async fn days_and_clocks_are_those_of_the_reader() {
    let server = Server::start().await;
    let alice = server.rich_user("alice", 100).await;
    let told = alice.get(OWN).await.expect(200);
    assert_eq!(told.body["zone"], "UTC");
    let at: DateTime<Utc> = told.body["entries"][0]["occurred_at"].as_str().unwrap().parse().unwrap();
    for (zone, hours) in [("Pacific/Kiritimati", 14), ("Pacific/Pago_Pago", -11)] {
        let there = at.with_timezone(&FixedOffset::east_opt(hours * 3_600).unwrap());
        let day = there.date_naive();
        let query = format!("zone={zone}&from={day}&until={}", day.succ_opt().unwrap());
        let told = alice.get(&format!("{OWN}?{query}")).await.expect(200);
        assert_eq!(told.body["entries"].as_array().unwrap().len(), 1, "{zone}");
        let begins: DateTime<Utc> = told.body["from"].as_str().unwrap().parse().unwrap();
        assert_eq!(
            begins,
            day.and_time(Default::default()).and_utc() - chrono::TimeDelta::hours(hours.into())
        );
        let page = alice.get(&format!("{OWN}?{query}&format=html")).await.expect(200);
        let page = String::from_utf8(page.bytes).unwrap();
        assert!(page.contains(&there.format("%-d %b %Y, %H:%M").to_string()), "{zone}");
        assert!(
            page.contains(&format!("those of {zone}")) && page.contains(&day.format("%-d %B %Y").to_string())
        );
        let month = alice.get(&format!("{OWN}?zone={zone}")).await.expect(200);
        let begins: DateTime<Utc> = month.body["from"].as_str().unwrap().parse().unwrap();
        let begins = begins.with_timezone(&FixedOffset::east_opt(hours * 3_600).unwrap());
        assert_eq!(begins.format("%d %H:%M").to_string(), "01 00:00", "a month of {zone}");
        let theirs =
            server.admin().get(&format!("/admin/accounts/alice/statement?{query}")).await.expect(200);
        assert_eq!(theirs.body, told.body);
    }
    let refused = alice.get(&format!("{OWN}?zone=nowhere")).await;
    assert_eq!(refused.refused(400, "parameter_invalid").blamed(), ["zone"]);
}
