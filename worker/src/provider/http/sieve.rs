//! Tells base64 apart from the rest of an answer while it arrives, so that pictures inside of JSON are never held as a whole.
//!
//! Every text of the JSON that grows long and is base64, with `data:…;base64,` before it or not, is taken out and decoded piece by
//! piece. A mark stays in its place, which says which file it became. A service that writes such a mark itself points at no
//! more than a file of its own answer.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A text that is no longer stays where it is. A hundred of them are still a short answer.
const SHORT: usize = 8 * 1024;

const MARK: &str = "cooly:spooled:";

/// The number of the file that a text stands for, if it does.
pub(super) fn marked(text: &str) -> Option<usize> {
    text.strip_prefix(MARK)?.parse().ok()
}

/// What is to be done with what was taken out.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// These bytes are next in the file that is being written, or the first of a new one.
    Bytes(Vec<u8>),
    /// The file is whole.
    End,
    /// It was none: forget it.
    Nonsense,
}

/// There is more of something than there may be.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLarge;

/// See the module.
#[derive(Debug)]
pub(super) struct Sieve {
    most_text: usize,
    most_file: u64,
    /// The JSON, without what was taken out.
    text: Vec<u8>,
    place: Place,
    /// Whether the last byte was a backslash in a text.
    is_escaped: bool,
    files: usize,
}

#[derive(Debug)]
enum Place {
    Outside,
    /// In a text that began there, and whether it may still turn out to be base64.
    Inside {
        begin: usize,
        may_be: bool,
    },
    /// In a text that is taken out.
    Aside(Decoder),
}

#[derive(Debug, Default)]
struct Decoder {
    /// Up to three letters that are no byte yet.
    rest: Vec<u8>,
    bytes: u64,
    is_padded: bool,
    is_nonsense: bool,
}

impl Sieve {
    /// Lets so much JSON pass, and files of so many bytes.
    pub(super) fn new(most_text: usize, most_file: u64) -> Sieve {
        let text = Vec::new();
        Sieve { most_text, most_file, text, place: Place::Outside, is_escaped: false, files: 0 }
    }

    /// Takes in what arrives.
    pub(super) fn push(&mut self, mut chunk: &[u8]) -> Result<Vec<Piece>, TooLarge> {
        let mut pieces = Vec::new();
        while !chunk.is_empty() {
            chunk = match &mut self.place {
                Place::Outside => self.pass_outside(chunk),
                Place::Inside { .. } => self.pass_inside(chunk, &mut pieces)?,
                Place::Aside(_) => self.take_aside(chunk, &mut pieces)?,
            };
            if self.text.len() > self.most_text {
                return Err(TooLarge);
            }
        }
        Ok(pieces)
    }

    /// The JSON, once all has arrived.
    pub(super) fn into_text(self) -> Vec<u8> {
        self.text
    }

    fn pass_outside<'a>(&mut self, chunk: &'a [u8]) -> &'a [u8] {
        let length = chunk.iter().position(|byte| *byte == b'"').map_or(chunk.len(), |quote| quote + 1);
        let (passed, rest) = chunk.split_at(length);
        self.text.extend_from_slice(passed);
        if passed.ends_with(b"\"") {
            self.place = Place::Inside { begin: self.text.len(), may_be: true };
        }
        rest
    }

    /// Up to the end of the text, or until it is long.
    fn pass_inside<'a>(&mut self, chunk: &'a [u8], pieces: &mut Vec<Piece>) -> Result<&'a [u8], TooLarge> {
        let Place::Inside { begin, may_be } = self.place else { return Ok(chunk) };
        for (at, byte) in chunk.iter().enumerate() {
            self.text.push(*byte);
            if std::mem::take(&mut self.is_escaped) {
                continue;
            }
            match byte {
                b'\\' => self.is_escaped = true,
                b'"' => {
                    self.place = Place::Outside;
                    return Ok(&chunk[at + 1..]);
                }
                _ => {}
            }
            if may_be && !self.is_escaped && self.text.len() - begin > SHORT {
                self.judge(begin, pieces)?;
                return Ok(&chunk[at + 1..]);
            }
        }
        Ok(&[])
    }

    /// Takes a text out that has grown long, if it is base64 so far.
    fn judge(&mut self, begin: usize, pieces: &mut Vec<Piece>) -> Result<(), TooLarge> {
        let encoded = encoded(&self.text[begin..]);
        let letters = encoded.map(without_escapes).filter(|letters| letters.iter().all(is_letter));
        let Some(letters) = letters else {
            self.place = Place::Inside { begin, may_be: false };
            return Ok(());
        };
        self.text.truncate(begin);
        self.text.extend_from_slice(mark(self.files).as_bytes());
        let mut decoder = Decoder::default();
        let decoded = decoder.push(&letters);
        self.place = Place::Aside(decoder);
        self.give(decoded, pieces)
    }

    /// Up to the end of the text.
    fn take_aside<'a>(&mut self, chunk: &'a [u8], pieces: &mut Vec<Piece>) -> Result<&'a [u8], TooLarge> {
        let Place::Aside(decoder) = &mut self.place else { return Ok(chunk) };
        let mut letters = Vec::with_capacity(chunk.len());
        let mut end = None;
        for (at, byte) in chunk.iter().enumerate() {
            let was_escaped = std::mem::take(&mut self.is_escaped);
            match byte {
                b'\\' if !was_escaped => self.is_escaped = true,
                b'"' if !was_escaped => {
                    end = Some(at);
                    break;
                }
                // Some write `\/`. Any other escape is no letter of base64.
                b'/' => letters.push(b'/'),
                _ if was_escaped => decoder.is_nonsense = true,
                letter => letters.push(*letter),
            }
        }
        let decoded = decoder.push(&letters);
        let is_whole = decoder.is_whole();
        self.give(decoded, pieces)?;
        let Some(end) = end else { return Ok(&[]) };
        pieces.push(if is_whole { Piece::End } else { Piece::Nonsense });
        if is_whole {
            self.files += 1;
        } else {
            let mark = mark(self.files).len();
            self.text.truncate(self.text.len() - mark);
        }
        self.text.push(b'"');
        self.place = Place::Outside;
        Ok(&chunk[end + 1..])
    }

    fn give(&mut self, decoded: Vec<u8>, pieces: &mut Vec<Piece>) -> Result<(), TooLarge> {
        let Place::Aside(decoder) = &self.place else { return Ok(()) };
        if decoder.bytes > self.most_file {
            return Err(TooLarge);
        }
        if !decoded.is_empty() {
            pieces.push(Piece::Bytes(decoded));
        }
        Ok(())
    }
}

impl Decoder {
    fn push(&mut self, letters: &[u8]) -> Vec<u8> {
        // Padding ends a text.
        self.is_nonsense |= self.is_padded && !letters.is_empty();
        if self.is_nonsense {
            return Vec::new();
        }
        self.rest.extend_from_slice(letters);
        let whole = self.rest.len() / 4 * 4;
        let Ok(decoded) = STANDARD.decode(&self.rest[..whole]) else {
            self.is_nonsense = true;
            return Vec::new();
        };
        self.is_padded = self.rest[..whole].ends_with(b"=");
        self.rest.drain(..whole);
        self.bytes += decoded.len() as u64;
        decoded
    }

    fn is_whole(&self) -> bool {
        !self.is_nonsense && self.rest.is_empty()
    }
}

fn mark(file: usize) -> String {
    format!("{MARK}{file}")
}

/// What follows the head of a `data:` address, or all of it; `None` if it is another kind of address.
fn encoded(text: &[u8]) -> Option<&[u8]> {
    if !text.starts_with(b"data:") {
        return Some(text);
    }
    let comma = text.iter().position(|byte| *byte == b',')?;
    text[..comma].ends_with(b";base64").then(|| &text[comma + 1..])
}

fn without_escapes(text: &[u8]) -> Vec<u8> {
    let mut letters = Vec::with_capacity(text.len());
    let mut rest = text.iter().copied().peekable();
    while let Some(byte) = rest.next() {
        if byte != b'\\' || rest.peek() != Some(&b'/') {
            letters.push(byte);
        }
    }
    letters
}

fn is_letter(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/=".contains(byte)
}

#[cfg(test)]
mod tests {
    use super::{Piece, SHORT, Sieve, TooLarge, marked};
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use serde_json::{Value, json};

    const LARGE: usize = 100 * 1024;

    /// The JSON that is left, and the files, of an answer that arrives in chunks of so many bytes.
    fn sieved(answer: &str, chunk: usize) -> Result<(Value, Vec<Vec<u8>>), TooLarge> {
        let mut sieve = Sieve::new(1024 * 1024, 1024 * 1024);
        let (mut files, mut file) = (Vec::new(), Vec::new());
        for chunk in answer.as_bytes().chunks(chunk) {
            for piece in sieve.push(chunk)? {
                match piece {
                    Piece::Bytes(bytes) => file.extend(bytes),
                    Piece::End => files.push(std::mem::take(&mut file)),
                    Piece::Nonsense => file.clear(),
                }
            }
        }
        Ok((serde_json::from_slice(&sieve.into_text()).unwrap(), files))
    }

    fn bytes(length: usize, seed: usize) -> Vec<u8> {
        (0..length).map(|place| ((place * 31 + seed) % 251) as u8).collect()
    }

    #[test]
    fn long_base64_becomes_files_and_all_else_stays() {
        let (one, two) = (bytes(LARGE, 1), bytes(LARGE + 1, 2));
        let short = STANDARD.encode(bytes(10, 3));
        let words = "quotes \" and \\ words ".repeat(5_000);
        let answer = json!({
            "data": [{"b64_json": STANDARD.encode(&one), "note": "a \"quoted\" word\\"}],
            "url": format!("data:image/png;base64,{}", STANDARD.encode(&two)),
            "short": short, "words": words, "number": 1.5,
        });
        for text in [answer.to_string(), answer.to_string().replace('/', "\\/")] {
            for chunk in [1, 7, 1_000, 1 << 20] {
                let (left, files) = sieved(&text, chunk).unwrap();
                assert!(files == [one.clone(), two.clone()], "chunks of {chunk}");
                assert_eq!(left["data"][0]["b64_json"].as_str().and_then(marked), Some(0));
                assert_eq!(left["url"].as_str().and_then(marked), Some(1));
                assert_eq!(left["data"][0]["note"], answer["data"][0]["note"]);
                for same in ["short", "words", "number"] {
                    assert_eq!(left[same], answer[same]);
                }
            }
        }
    }

    #[test]
    fn what_only_begins_like_base64_is_no_file() {
        let good = STANDARD.encode(bytes(LARGE, 1));
        for bad in [
            format!("{good}?"),
            format!("{good}A"),
            format!("{good}=AAA"),
            format!("{good}\\n"),
            format!("data:image/png;base64,{good}="),
        ] {
            let (left, files) = sieved(&format!(r#"{{"a": "{bad}", "b": "{good}"}}"#), 1_000).unwrap();
            assert_eq!((left["a"].as_str(), left["b"].as_str().and_then(marked)), (Some(""), Some(0)));
            assert_eq!(files.len(), 1);
        }
    }

    #[test]
    fn neither_files_nor_the_rest_are_larger_than_they_may_be() {
        let file = format!("[\"{}\"]", STANDARD.encode(bytes(1024 * 1024 + 1, 1)));
        assert_eq!(sieved(&file, 10_000).unwrap_err(), TooLarge);
        let words = json!(["word ".repeat(300_000)]).to_string();
        assert_eq!(sieved(&words, 10_000).unwrap_err(), TooLarge);
    }

    #[test]
    fn of_a_large_file_no_more_is_held_than_arrives_at_once() {
        let mut sieve = Sieve::new(1024 * 1024, 1 << 30);
        let chunk = STANDARD.encode(bytes(48 * 1024, 1));
        let (mut given, mut most) = (0, 0);
        sieve.push(b"{\"b64_json\": \"").unwrap();
        for _ in 0..1_024 {
            let pieces = sieve.push(chunk.as_bytes()).unwrap();
            let lengths = pieces.iter().map(|piece| match piece {
                Piece::Bytes(bytes) => bytes.len(),
                Piece::End | Piece::Nonsense => 0,
            });
            let length: usize = lengths.sum();
            given += length;
            most = most.max(length + sieve.text.len());
        }
        assert_eq!(given, 1_024 * 48 * 1024);
        assert!(most <= 2 * (SHORT + chunk.len()), "{most} bytes were held at once");
    }
}
