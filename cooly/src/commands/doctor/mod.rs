//! `cooly doctor`: looks whether all that a role needs is there and right, and says what to do where it is not. It changes
//! nothing, but for one small file that it puts into the output store and takes away again.

mod database;
mod finding;
mod machine;
mod outputs;
mod queue;
mod rights;
mod settings;

use crate::cli::DoctorOptions;
use finding::{Finding, Verdict};
use std::process::ExitCode;

pub(crate) async fn run(options: DoctorOptions) -> anyhow::Result<ExitCode> {
    let mut findings = machine::look();
    findings.extend(settings::look(&options));
    findings.extend(database::look(&options).await);
    if options.role.runs_jobs() {
        findings.extend(queue::look(&options).await);
    }
    if options.role.has_outputs() {
        findings.extend(outputs::look(&options).await);
    }
    if options.json {
        println!("{}", serde_json::to_string_pretty(&findings)?);
    } else {
        findings.iter().for_each(|finding| print!("{finding}"));
        println!("{}", summary(&findings));
    }
    let fails = findings.iter().any(|finding| finding.verdict == Verdict::Fail);
    Ok(if fails { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn summary(findings: &[Finding]) -> String {
    let count = |verdict| findings.iter().filter(|finding| finding.verdict == verdict).count();
    match (count(Verdict::Fail), count(Verdict::Warn)) {
        (0, 0) => "\nEverything is in order.".into(),
        (0, warnings) => format!("\nIt runs. To look at: {warnings}."),
        (fails, warnings) => format!("\nTo mend: {fails}. To look at: {warnings}."),
    }
}
