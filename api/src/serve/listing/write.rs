//! A list as the text of a file, and what the file says of itself at its end.

use super::columns::{Column, columns_of, head, line};
use super::form::FileForm;
use poem_openapi::types::{ToJSON, Type};
use serde::Serialize;
use sha2::{Digest, Sha256};

/// Name and version of the layout. Columns and fields may be added to it, and nothing else changed.
const FORMAT: &str = "cooly-list/1";

/// What an export of a list says of itself.
#[derive(Debug, Serialize)]
struct Manifest {
    format: &'static str,
    /// What was listed.
    list: &'static str,
    rows: u64,
    /// Whether there are more, of which the list itself does not tell.
    is_cut: bool,
    /// SHA-256 of bytes: in the last line of NDJSON of all lines before it, in the trailer field of the whole file.
    sha256: String,
}

/// Turns items into text, one after the other.
pub(super) struct Writer {
    list: &'static str,
    form: FileForm,
    columns: Vec<Column>,
    rows: u64,
    bytes: Sha256,
}

impl Writer {
    pub(super) fn new<T: Type>(list: &'static str, form: FileForm) -> Writer {
        let columns = match form {
            FileForm::Csv => columns_of::<T>(),
            FileForm::Ndjson => Vec::new(),
        };
        Writer { list, form, columns, rows: 0, bytes: Sha256::new() }
    }

    /// What stands before the first item.
    pub(super) fn head(&mut self) -> String {
        let head = match self.form {
            FileForm::Csv => head(&self.columns),
            FileForm::Ndjson => String::new(),
        };
        self.noted(head)
    }

    /// One item.
    pub(super) fn row(&mut self, item: &impl ToJSON) -> String {
        self.rows += 1;
        let row = match self.form {
            FileForm::Csv => line(&self.columns, &item.to_json().unwrap_or_default()),
            FileForm::Ndjson => item.to_json_string() + "\n",
        };
        self.noted(row)
    }

    /// What stands after the last item.
    pub(super) fn foot(&mut self, is_cut: bool) -> String {
        let foot = match self.form {
            FileForm::Csv => String::new(),
            FileForm::Ndjson => format!("{{\"export\":{}}}\n", self.manifest(is_cut)),
        };
        self.noted(foot)
    }

    /// What the text so far says of itself, as JSON.
    pub(super) fn manifest(&self, is_cut: bool) -> String {
        let sha256 = hex::encode(self.bytes.clone().finalize());
        let manifest = Manifest { format: FORMAT, list: self.list, rows: self.rows, is_cut, sha256 };
        // Texts and numbers: nothing in it can fail to be JSON.
        serde_json::to_string(&manifest).unwrap_or_default()
    }

    /// Items so far.
    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    fn noted(&mut self, text: String) -> String {
        self.bytes.update(&text);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::{FileForm, Writer};
    use poem_openapi::Object;
    use serde_json::Value;
    use sha2::{Digest, Sha256};

    #[derive(Object)]
    struct Thing {
        /// Its name.
        name: String,
    }

    fn written(form: FileForm, names: &[&str]) -> (String, Value) {
        let mut writer = Writer::new::<Thing>("things", form);
        let mut text = writer.head();
        for name in names {
            text += &writer.row(&Thing { name: (*name).into() });
        }
        text += &writer.foot(false);
        (text, serde_json::from_str(&writer.manifest(false)).unwrap())
    }

    fn sha256(text: &str) -> String {
        hex::encode(Sha256::digest(text))
    }

    #[test]
    fn a_table_has_a_head_and_says_of_itself_what_it_is() {
        let (text, manifest) = written(FileForm::Csv, &["a", "b"]);
        assert_eq!(text, "name\r\na\r\nb\r\n");
        assert_eq!((&manifest["rows"], &manifest["list"]), (&2.into(), &"things".into()));
        assert_eq!(manifest["sha256"], sha256(&text));
        assert_eq!(written(FileForm::Csv, &[]).0, "name\r\n");
    }

    #[test]
    fn lines_of_json_end_with_one_that_tells_of_those_before() {
        let (text, manifest) = written(FileForm::Ndjson, &["a", "b"]);
        let last = text.lines().last().unwrap();
        let before = text.strip_suffix(&format!("{last}\n")).unwrap();
        assert_eq!(before, "{\"name\":\"a\"}\n{\"name\":\"b\"}\n");
        let told: Value = serde_json::from_str(last).unwrap();
        assert_eq!((&told["export"]["rows"], &told["export"]["sha256"]), (&2.into(), &sha256(before).into()));
        assert_eq!(manifest["sha256"], sha256(&text));
    }
}
