//! Reports tasks when they come so far. Nothing runs in a task, so those that are to be reported are looked at often.

use std::{sync::Arc, time::Duration};

use tokio::{sync::mpsc::UnboundedReceiver, task::JoinSet, time::sleep};

use super::{
    report::body,
    send,
    wanted::{Moment, Wanted},
};
use crate::providers::{
    desk::Desk,
    fault::{Fault, WebhookFault},
    task::Task,
};

/// Between two looks at the tasks that are to be reported.
const LOOK: Duration = Duration::from_millis(20);

/// Reports until it is aborted.
pub(in crate::providers) async fn run(desk: Arc<Desk>, mut wishes: UnboundedReceiver<(String, Wanted)>) {
    let Ok(client) = send::client() else { return };
    let (mut watched, mut sending) = (Vec::new(), JoinSet::new());
    loop {
        tokio::select! {
            wish = wishes.recv() => watched.extend(wish),
            Some(_) = sending.join_next() => {}
            () = sleep(LOOK), if !watched.is_empty() => {}
        }
        watched.retain_mut(|(id, wanted)| {
            let Some(task) = desk.task(id) else { return false };
            for moment in wanted.come(&task) {
                let (desk, client) = (Arc::clone(&desk), client.clone());
                let (task, wanted) = (task.clone(), wanted.clone());
                sending.spawn(async move { report(&desk, &client, &task, &wanted, moment).await });
            }
            !wanted.moments.is_empty()
        });
    }
}

/// Reports one moment, unless a fault makes something else of it.
async fn report(desk: &Desk, client: &reqwest::Client, task: &Task, wanted: &Wanted, moment: Moment) {
    let fault = desk.faults.take(&task.words, |fault| match fault {
        Fault::Webhook(fault) => Some(fault.clone()),
        _ => None,
    });
    if let Some(WebhookFault::Late(longer)) = &fault {
        sleep(*longer).await;
    }
    let named = match &fault {
        Some(WebhookFault::Never) => return,
        Some(WebhookFault::NamesAnother(id)) => id,
        _ => &task.id,
    };
    let body = body(desk.protocol, task, named, &wanted.base);
    let report = desk.signer.signed(desk.protocol, named, moment, body.to_string(), fault.as_ref());
    let times = if fault == Some(WebhookFault::Twice) { 2 } else { 1 };
    for _ in 0..times {
        let told = send::send(client, &wanted.url, &report).await;
        desk.record.send_modify(|record| record.add_report(told));
    }
}
