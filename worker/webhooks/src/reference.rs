//! Our name for one attempt at a job, as providers are told it: `{job}-{run}-{fencing}`.

use ledger::JobId;
use std::fmt;
use std::str::FromStr;

/// See the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reference {
    /// The job.
    pub job_id: JobId,
    /// The job's run.
    pub run: u32,
    /// The attempt's fencing token.
    pub fencing: i64,
}

/// What is no reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the name of an attempt")]
pub struct InvalidReference;

impl fmt::Display for Reference {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}-{}-{}", self.job_id, self.run, self.fencing)
    }
}

impl FromStr for Reference {
    type Err = InvalidReference;

    /// Reads what was written here, and nothing that merely means the same.
    fn from_str(text: &str) -> Result<Reference, InvalidReference> {
        let mut parts = text.rsplitn(3, '-');
        let mut next = || parts.next().ok_or(InvalidReference);
        let (fencing, run, job) = (next()?, next()?, next()?);
        let read = Reference {
            job_id: JobId(job.parse().map_err(|_| InvalidReference)?),
            run: run.parse().map_err(|_| InvalidReference)?,
            fencing: fencing.parse().map_err(|_| InvalidReference)?,
        };
        if read.to_string() == text { Ok(read) } else { Err(InvalidReference) }
    }
}

#[cfg(test)]
mod tests {
    use super::Reference;

    const JOB: &str = "019ab000-0000-7000-8000-000000000000";

    #[test]
    fn only_what_was_written_here_is_read() {
        let text = format!("{JOB}-2-17");
        let read: Reference = text.parse().unwrap();
        assert_eq!((read.run, read.fencing, read.to_string()), (2, 17, text));
        for wrong in [
            "",
            JOB,
            &format!("{JOB}-2"),
            &format!("{JOB}-02-17"),
            &format!("{JOB}-2-+17"),
            &format!("{JOB}--2-17"),
            &format!("{}-2-17", JOB.to_uppercase()),
            &format!("{}-2-17", JOB.replace('-', "")),
        ] {
            assert!(wrong.parse::<Reference>().is_err(), "{wrong}");
        }
    }
}
