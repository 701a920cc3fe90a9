//! What a failure's message says whoever it is about: without ids, numbers, addresses and quoted values, which differ from job
//! to job.

/// Longest message that is told apart, in characters of the result.
const MOST_CHARS: usize = 200;

/// Characters of a message that are looked at.
const MOST_READ: usize = 2_000;

/// Stands for a value that was taken out.
const VALUE: char = '#';

/// So many letters that are all hexadecimal digits are no word of any language.
const LEAST_HEX: usize = 8;

/// A word that is longer is a value.
const LONGEST_WORD: usize = 40;

/// The message in lower case with `#` for each id, number or name of a host or person, `"…"` for what is quoted and `<url>` for
/// an address; at most 200 characters on one line.
pub(super) fn normal(message: &str) -> String {
    let letters: Vec<char> = message.chars().take(MOST_READ).collect();
    let mut out = String::new();
    let mut at = 0;
    while at < letters.len() {
        if letters[at].is_whitespace() || letters[at].is_control() {
            space(&mut out);
            at += 1;
        } else if let Some(end) = quoted(&letters, at) {
            out.push_str("\"…\"");
            at = end;
        } else {
            let end = (at + 1..letters.len()).find(|&next| ends_chunk(&letters, next));
            let end = end.unwrap_or(letters.len());
            chunk(&letters[at..end], &mut out);
            at = end;
        }
    }
    out.trim().chars().take(MOST_CHARS).collect()
}

fn space(out: &mut String) {
    if !out.is_empty() && !out.ends_with(' ') {
        out.push(' ');
    }
}

fn ends_chunk(letters: &[char], at: usize) -> bool {
    letters[at].is_whitespace() || letters[at].is_control() || quoted(letters, at).is_some()
}

/// Where what is quoted from here on ends, after its closing mark. An apostrophe within a word quotes nothing.
fn quoted(letters: &[char], at: usize) -> Option<usize> {
    let close = match letters[at] {
        '"' => '"',
        '`' => '`',
        '\'' => '\'',
        '“' => '”',
        '‘' => '’',
        '«' => '»',
        _ => return None,
    };
    let is_in_word = |place: Option<&char>| place.is_some_and(|letter| letter.is_alphanumeric());
    let is_apostrophe = |place: usize, beside: Option<&char>| letters[place] == '\'' && is_in_word(beside);
    if at > 0 && is_apostrophe(at, letters.get(at - 1)) {
        return None;
    }
    let ends = |&end: &usize| letters[end] == close && !is_apostrophe(end, letters.get(end + 1));
    (at + 1..letters.len()).find(ends).map(|end| end + 1)
}

/// What stands between blanks.
fn chunk(letters: &[char], out: &mut String) {
    let text: String = letters.iter().collect();
    if text.contains("://") || text.contains('@') {
        let what = if text.contains("://") { "<url>" } else { "#" };
        let begin = letters.iter().take_while(|letter| !letter.is_alphanumeric()).count();
        let end = letters.len() - letters.iter().rev().take_while(|letter| closes(**letter)).count();
        out.extend(&letters[..begin]);
        out.push_str(what);
        out.extend(&letters[end.max(begin)..]);
        return;
    }
    let mut rest = letters;
    while let Some(first) = rest.first() {
        let length = rest.iter().take_while(|letter| is_of_word(**letter)).count();
        if length == 0 {
            out.push(*first);
            rest = &rest[1..];
        } else {
            word(&rest[..length], out);
            rest = &rest[length..];
        }
    }
}

fn closes(letter: char) -> bool {
    matches!(letter, '.' | ',' | ';' | ':' | '!' | '?' | ')' | ']' | '>' | '}')
}

fn is_of_word(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '_' | '-')
}

fn word(letters: &[char], out: &mut String) {
    if !is_value(letters) {
        out.extend(letters.iter().flat_map(|letter| letter.to_lowercase()));
        return;
    }
    // `12.5`, `10:30:01` and `10/20` are one value each.
    let joined = ['.', ':', '/', ','].iter().find(|joint| out.ends_with(&format!("{VALUE}{joint}")));
    if joined.is_some() {
        out.pop();
    } else if !out.ends_with(VALUE) {
        out.push(VALUE);
    }
}

fn is_value(letters: &[char]) -> bool {
    let is_hex = letters.len() >= LEAST_HEX && letters.iter().all(char::is_ascii_hexdigit);
    is_hex || letters.len() > LONGEST_WORD || letters.iter().any(|letter| letter.is_numeric())
}

#[cfg(test)]
mod tests {
    use super::{MOST_CHARS, normal};

    #[test]
    fn what_differs_from_job_to_job_is_taken_out() {
        for (message, expected) in [
            ("the provider is away", "the provider is away"),
            ("The  provider\n is\taway ", "the provider is away"),
            ("HTTP 503 after 12.5 s", "http # after # s"),
            ("timed out at 10:30:01, try 2/5", "timed out at #, try #"),
            ("job 0190b7a2-6c1e-7000-8000-00000000c350 is gone", "job # is gone"),
            ("task req_8f3a91 was lost", "task # was lost"),
            ("digest deadbeef differs", "digest # differs"),
            ("the facade is bad", "the facade is bad"),
            ("see https://example.com/a?b=1, please", "see <url>, please"),
            ("(http://10.0.0.1:80/x) failed", "(<url>) failed"),
            ("ask ops@example.com.", "ask #."),
            ("model \"sim image 2\" is unknown", "model \"…\" is unknown"),
            ("model 'a b' is unknown", "model \"…\" is unknown"),
            ("model `x` is unknown", "model \"…\" is unknown"),
            ("the provider's queue isn't full", "the provider's queue isn't full"),
            ("an \"open quote", "an \"open quote"),
            ("sim-image-down is down", "sim-image-down is down"),
            ("10.0.0.1:443 refused", "# refused"),
            ("5% left", "#% left"),
            ("été ÉTÉ", "été été"),
            ("a\u{0}b", "a b"),
            ("", ""),
        ] {
            assert_eq!(normal(message), expected, "{message:?}");
        }
    }

    #[test]
    fn it_is_bounded_and_says_the_same_of_itself() {
        for message in ["word ".repeat(5_000), "ä".repeat(50_000), "\"".repeat(9_001), "1 ".repeat(9_000)] {
            let once = normal(&message);
            assert!(once.chars().count() <= MOST_CHARS, "{once}");
        }
        let once = normal("task 77 at https://a.example said \"no\"");
        assert_eq!(normal(&once), once);
    }
}
