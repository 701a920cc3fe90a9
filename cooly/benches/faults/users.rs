//! The people of a stage: users with credits, and an admin.

use crate::buyers::Customer;
use crate::stage::{PROGRAM, Stage};
use anyhow::Result;
use reqwest::Method;
use serde_json::json;
use std::path::Path;

/// A user with credits.
pub(crate) async fn customer(stage: &Stage, name: &str) -> Result<Customer> {
    let grant = json!({ "amount": "1000000", "reason": "to try faults" });
    admin(stage)?.ask(Method::POST, &format!("/admin/accounts/{name}/grants"), Some(grant)).await?;
    person(stage, "user", name)
}

/// An admin.
pub(crate) fn admin(stage: &Stage) -> Result<Customer> {
    person(stage, "admin", "ops")
}

fn person(stage: &Stage, role: &str, name: &str) -> Result<Customer> {
    let token = stage.run(Path::new(PROGRAM), &["token", "--role", role, "--sub", name])?;
    Customer::new(stage.doors.clone(), name, token.trim())
}
