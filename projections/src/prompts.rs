//! Text that is looked for in prompts, whatever its case.
//!
//! A database whose locale is `C` folds the case of ASCII letters and of no others. So a text is looked for in the forms in
//! which people write it: as it is, in small letters, in capitals, and with a capital at its beginning or at that of each word.

/// Patterns for `lower(prompt) like any`: one of them matches where the text is.
pub(crate) fn patterns(text: &str) -> Vec<String> {
    let small = text.to_lowercase();
    let mut forms = vec![text.to_owned(), text.to_uppercase(), each_word(&small), sentence(&small), small];
    for form in &mut forms {
        form.make_ascii_lowercase();
    }
    forms.sort_unstable();
    forms.dedup();
    forms.iter().map(|form| format!("%{}%", escaped(form))).collect()
}

fn sentence(small: &str) -> String {
    let mut letters = small.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn each_word(small: &str) -> String {
    let mut begins = true;
    let mut out = String::with_capacity(small.len());
    for letter in small.chars() {
        if begins {
            out.extend(letter.to_uppercase());
        } else {
            out.push(letter);
        }
        begins = !letter.is_alphanumeric();
    }
    out
}

/// The text as it is, where a pattern would take a letter of it for a sign of its own.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            out.push('\\');
        }
        out.push(letter);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::patterns;

    #[test]
    fn ascii_has_one_form_and_other_letters_have_those_that_people_write() {
        assert_eq!(patterns("A Fox"), ["%a fox%"]);
        let forms = ["%zug Über Äcker%", "%zug über Äcker%", "%zug über äcker%"];
        assert_eq!(patterns("zug über ÄCKER"), forms);
        assert!(patterns("красная лиса").contains(&"%Красная лиса%".to_owned()));
    }

    #[test]
    fn what_a_pattern_would_read_as_a_sign_is_text() {
        assert_eq!(patterns("50%_\\"), ["%50\\%\\_\\\\%"]);
    }
}
