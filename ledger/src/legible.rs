//! Texts that look like nothing, or like another text: invisible letters, directions that turn a name around, and two
//! spellings of one letter.

use std::ops::RangeInclusive;
use unicode_normalization::is_nfc;
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

/// Letters by their category that are drawn as nothing: the fillers of Hangul, and the empty Braille pattern.
const BLANK_LETTERS: [char; 5] = ['\u{115f}', '\u{1160}', '\u{2800}', '\u{3164}', '\u{ffa0}'];

/// Marks that are drawn as nothing (Unicode's Default_Ignorable_Code_Point): the grapheme joiner, two vowels of Khmer, and
/// the selectors of variations.
const IGNORABLE_MARKS: [RangeInclusive<char>; 6] = [
    '\u{34f}'..='\u{34f}',
    '\u{17b4}'..='\u{17b5}',
    '\u{180b}'..='\u{180d}',
    '\u{180f}'..='\u{180f}',
    '\u{fe00}'..='\u{fe0f}',
    '\u{e0100}'..='\u{e01ef}',
];

/// Whether the text shows anything at all.
pub fn shows_something(text: &str) -> bool {
    text.chars().any(|letter| {
        let group = letter.general_category_group();
        let draws = !matches!(
            group,
            GeneralCategoryGroup::Separator | GeneralCategoryGroup::Other | GeneralCategoryGroup::Mark
        );
        draws && !BLANK_LETTERS.contains(&letter)
    })
}

/// What a browser takes for a step within an address, however it is written there: nothing under such a name can be asked for.
const STEPS: [&str; 2] = [".", ".."];

/// Whether a name can be told from others by looking at it, and be asked for: no blank but the ordinary one, and none at its
/// ends; nothing invisible in it, nothing that changes the direction of reading, no mark without its letter, and composed as
/// NFC composes it; and no step of an address.
pub(crate) fn is_plain_name(name: &str) -> bool {
    let begins_with_mark = name.chars().next().is_some_and(is_mark);
    let is_legible = name.trim() == name && !begins_with_mark && !name.chars().any(is_hidden) && is_nfc(name);
    is_legible && !STEPS.contains(&name)
}

fn is_mark(letter: char) -> bool {
    letter.general_category_group() == GeneralCategoryGroup::Mark
}

fn is_hidden(letter: char) -> bool {
    let drawn_as_nothing =
        BLANK_LETTERS.contains(&letter) || IGNORABLE_MARKS.iter().any(|marks| marks.contains(&letter));
    match letter.general_category_group() {
        GeneralCategoryGroup::Other => true,
        GeneralCategoryGroup::Separator => letter != ' ',
        _ => drawn_as_nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::{is_plain_name, shows_something};

    #[test]
    fn texts_that_show_nothing() {
        for text in
            ["", " ", "\n\t \u{a0}", "\u{200b}\u{feff}", "\u{202e}", "\u{3164}", "\u{2800}", "\u{301}"]
        {
            assert!(!shows_something(text), "{text:?}");
        }
        for text in ["a", " ! ", "\u{200b}x", "雨", "🦀", "é", "1"] {
            assert!(shows_something(text), "{text:?}");
        }
    }

    #[test]
    fn names_that_look_like_others() {
        for name in [
            " alice",
            "alice ",
            "\u{a0}alice",
            "ali\u{200b}ce",
            "\u{202e}ecila",
            "\u{2066}alice\u{2069}",
            "al\u{ad}ice",
            "Zoe\u{308}",
            "\u{e000}",
            "a\u{3164}b",
            "ali\u{34f}ce",
            "alice\u{fe0f}",
            "ali\u{17b4}ce",
            "a\u{2028}b",
            "a\u{a0}b",
            "\u{301}alice",
            ".",
            "..",
        ] {
            assert!(!is_plain_name(name), "{name:?}");
        }
        for name in [
            "alice",
            "a..b",
            "...",
            "Zo\u{eb}",
            "auth0|5f7c8ec7c33c6c004bbafe82",
            "a b",
            "名前",
            "a@b.example",
            "🦀",
        ] {
            assert!(is_plain_name(name), "{name:?}");
        }
    }
}
