//! What the words and numbers of the file mean. Each function says what to write instead of what it cannot read; none
//! repeats what was written, which may be a secret in the wrong place.

use super::document::Scalar;
use super::problem::Problems;
use ledger::Credits;
use ledger::job::{InvalidLateCancel, LateCancel};
use rust_decimal::Decimal;
use std::path::PathBuf;
use std::time::Duration;
use toml::Spanned;

/// Longest name of a model or a provider, in bytes.
const LONGEST_NAME: usize = 100;

/// Longer would only be a typing error.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);

/// The value of a key, if it is there and right.
pub(super) fn said<Value>(
    problems: &mut Problems,
    key: &str,
    text: Option<&Spanned<String>>,
    read: impl Fn(&str) -> Result<Value, String>,
) -> Option<Value> {
    let text = text?;
    read(text.get_ref()).map_err(|message| problems.add(text.span(), format!("`{key}` {message}"))).ok()
}

/// A price in credits.
pub(super) fn credits(price: &Scalar) -> Result<Credits, String> {
    plain(price)?.parse().map_err(|error| format!("the price {error}"))
}

/// What late cancels keep.
pub(super) fn late_cancel(text: &str) -> Result<LateCancel, String> {
    text.parse().map_err(|invalid: InvalidLateCancel| invalid.to_string())
}

/// US dollars.
pub(super) fn dollars(cost: &Scalar) -> Result<Decimal, String> {
    let amount: Decimal = plain(cost)?
        .parse()
        .map_err(|_unreadable| "the cost must be a plain decimal number, such as \"0.025\"".to_owned())?;
    if amount.is_sign_negative() { Err("the cost must not be negative".into()) } else { Ok(amount) }
}

fn plain(amount: &Scalar) -> Result<String, String> {
    match amount {
        Scalar::Text(text) => Ok(text.clone()),
        Scalar::Whole(number) => Ok(number.to_string()),
        Scalar::Fraction(_) => Err("write a number with a fraction in quotes, such as \"0.5\"".into()),
    }
}

/// A time of at least a second.
pub(super) fn seconds(text: &str) -> Result<u32, String> {
    let time = time(text)?;
    if time < Duration::from_secs(1) {
        return Err("must be at least a second, such as \"30s\"".into());
    }
    Ok(u32::try_from(time.as_secs()).unwrap_or(u32::MAX))
}

/// A time that is not nothing.
pub(super) fn time(text: &str) -> Result<Duration, String> {
    let time = humantime::parse_duration(text)
        .map_err(|_unreadable| "must be a time, such as \"500ms\", \"30s\" or \"5m\"".to_owned())?;
    match time {
        Duration::ZERO => Err("must not be zero".into()),
        time if time > LONGEST => Err("must be at most a year".into()),
        time => Ok(time),
    }
}

/// So many in such a time: `10/s`, `600/m`, `5/h`.
pub(super) fn rate(text: &str) -> Result<(u32, Duration), String> {
    let unit = |unit: &str| match unit {
        "s" => Some(1),
        "m" => Some(60),
        "h" => Some(3_600),
        _ => None,
    };
    let parts = text.split_once('/');
    let read = parts.and_then(|(count, per)| Some((count.trim().parse().ok()?, unit(per.trim())?)));
    match read {
        Some((count @ 1.., seconds)) => Ok((count, Duration::from_secs(seconds))),
        Some(_) | None => Err("must be a number of requests in a time, such as \"10/s\" or \"600/m\"".into()),
    }
}

/// US dollars a day: `200 USD`.
pub(super) fn daily_cap(text: &str) -> Result<Decimal, String> {
    let amount = text.strip_suffix("USD").and_then(|amount| amount.trim().parse::<Decimal>().ok());
    amount
        .filter(|amount| amount.is_sign_positive() && !amount.is_zero())
        .ok_or_else(|| "must be an amount above zero in US dollars, such as \"200 USD\"".into())
}

/// The address of a service.
pub(super) fn address(text: &str, is_private: bool) -> Result<String, String> {
    let rest = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
        (Some(rest), _) => rest,
        (None, Some(rest)) if is_private => rest,
        (None, Some(_)) => {
            return Err("must begin with https://, or say private = true for your own network".into());
        }
        (None, None) => return Err("must be an address that begins with https://".into()),
    };
    let authority = rest.split('/').next().unwrap_or_default();
    if authority.is_empty() || authority.contains('@') || rest.contains(['?', '#', ' ']) {
        return Err("must be host and path only, without a user, a key or a query".into());
    }
    Ok(text.trim_end_matches('/').to_owned())
}

/// The name of a variable of the environment.
pub(super) fn variable(text: &str) -> Result<String, String> {
    let is_name = text.starts_with(|c: char| c.is_ascii_uppercase() || c == '_')
        && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    if is_name {
        return Ok(text.to_owned());
    }
    Err("must be the name of an environment variable in capitals, such as \"FAL_KEY\"; the key itself never stands in \
         this file"
        .into())
}

/// The path of a file, the same wherever the process was started.
pub(super) fn file(text: &str) -> Result<PathBuf, String> {
    if text.starts_with('/') {
        return Ok(text.into());
    }
    Err("must be the whole path of a file, such as \"/run/secrets/fal\"; the key itself never stands in this file".into())
}

/// A name that can stand in an address, a metric and a log line.
pub(super) fn name(text: &str) -> Result<String, String> {
    let is_known = |c: char| c.is_ascii_alphanumeric() || "-_.:/".contains(c);
    if (1..=LONGEST_NAME).contains(&text.len()) && text.chars().all(is_known) {
        return Ok(text.to_owned());
    }
    Err(format!("must be 1 to {LONGEST_NAME} letters, digits, or any of - _ . : /"))
}

/// One of some words.
pub(super) fn one_of<Word: Copy>(text: &str, words: &[(&str, Word)]) -> Result<Word, String> {
    words.iter().find(|(known, _)| *known == text).map(|(_, word)| *word).ok_or_else(|| {
        let known: Vec<String> = words.iter().map(|(known, _)| format!("\"{known}\"")).collect();
        format!("must be one of {}", known.join(", "))
    })
}
