//! In which form a list is asked for.

use crate::serve::accept::first_named;
use crate::serve::download::require_chunks;
use crate::serve::problem::{FieldError, Problem};
use crate::words::scalars::{Limit, Term};
use ledger::export::Format;
use poem::http::Version;
use poem::{FromRequest, Request, RequestBody, Result};
use poem_openapi::Enum;

/// The forms that a list has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub(crate) enum ListForm {
    /// A page, for programs.
    Json,
    /// All pages, for spreadsheets.
    Csv,
    /// All pages, a JSON object a line.
    Ndjson,
}

impl ListForm {
    fn named(kind: &str) -> Option<ListForm> {
        match kind {
            "application/json" => Some(ListForm::Json),
            "text/csv" => Some(ListForm::Csv),
            kind => (kind == Format::Ndjson.content_type()).then_some(ListForm::Ndjson),
        }
    }
}

/// The forms of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileForm {
    Csv,
    Ndjson,
}

impl FileForm {
    pub(super) fn content_type(self) -> &'static str {
        self.format().content_type()
    }

    /// The end of the names of its files.
    pub(super) fn extension(self) -> &'static str {
        self.format().as_str()
    }

    fn format(self) -> Format {
        match self {
            FileForm::Csv => Format::Csv,
            FileForm::Ndjson => Format::Ndjson,
        }
    }
}

/// What a request says of the form beside its parameters.
pub(crate) struct Asking {
    accepted: Option<ListForm>,
    version: Version,
}

impl<'a> FromRequest<'a> for Asking {
    async fn from_request(request: &'a Request, _body: &mut RequestBody) -> Result<Self> {
        let accepted = first_named(request.headers(), ListForm::named);
        Ok(Asking { accepted, version: request.version() })
    }
}

impl Asking {
    /// Which file is asked for; `None` if it is a page. `format` decides, and else what the client accepts.
    pub(crate) fn file(
        &self,
        format: Option<ListForm>,
        limit: Option<&Limit>,
        cursor: Option<&Term>,
    ) -> Result<Option<FileForm>, Problem> {
        let form = match format.or(self.accepted).unwrap_or(ListForm::Json) {
            ListForm::Json => return Ok(None),
            ListForm::Csv => FileForm::Csv,
            ListForm::Ndjson => FileForm::Ndjson,
        };
        let of_pages = [("limit", limit.is_some()), ("cursor", cursor.is_some())];
        let wrong: Vec<FieldError> = of_pages
            .into_iter()
            .filter(|(_, is_given)| *is_given)
            .map(|(name, _)| {
                FieldError::new(name, "is for pages of JSON; a file has all pages, so leave it out")
            })
            .collect();
        if !wrong.is_empty() {
            return Err(Problem::parameters(wrong));
        }
        require_chunks(self.version)?;
        Ok(Some(form))
    }

    /// The same of a list that has one page.
    pub(crate) fn file_of_one_page(&self, format: Option<ListForm>) -> Result<Option<FileForm>, Problem> {
        self.file(format, None, None)
    }
}

#[cfg(test)]
mod tests {
    use super::{Asking, FileForm, ListForm};
    use crate::words::scalars::{Limit, Term};
    use poem::http::Version;

    fn asking(accepted: Option<ListForm>, version: Version) -> Asking {
        Asking { accepted, version }
    }

    #[test]
    fn the_parameter_goes_before_what_is_accepted() {
        let csv = asking(Some(ListForm::Csv), Version::HTTP_11);
        assert_eq!(csv.file(None, None, None).unwrap(), Some(FileForm::Csv));
        assert_eq!(csv.file(Some(ListForm::Ndjson), None, None).unwrap(), Some(FileForm::Ndjson));
        assert_eq!(csv.file(Some(ListForm::Json), None, None).unwrap(), None);
        assert_eq!(asking(None, Version::HTTP_11).file(None, None, None).unwrap(), None);
    }

    #[test]
    fn a_file_has_no_pages() {
        let csv = asking(Some(ListForm::Csv), Version::HTTP_11);
        let (limit, cursor) = (Limit(5), Term("x".into()));
        let refused = csv.file(None, Some(&limit), Some(&cursor)).unwrap_err();
        let blamed: Vec<_> = refused.errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(blamed, ["limit", "cursor"]);
        assert_eq!(csv.file(Some(ListForm::Json), Some(&limit), Some(&cursor)).unwrap(), None);
    }

    #[test]
    fn only_a_file_needs_an_end_of_its_own() {
        let old = asking(None, Version::HTTP_10);
        assert_eq!(old.file(None, None, None).unwrap(), None);
        let refused = old.file(Some(ListForm::Csv), None, None).unwrap_err();
        assert_eq!(refused.code, "http_version_unsupported");
    }
}
