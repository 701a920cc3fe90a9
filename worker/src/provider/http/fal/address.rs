//! Which parts of fal's addresses name what. A model is asked for under its whole name, `owner/app/path`; a request is
//! asked after under `owner/app` alone.

/// Folders that stand before the owner.
const FOLDERS: [&str; 2] = ["workflows", "comfy"];

/// The longest request id that is believed; real ones have 36 characters.
const LONGEST_ID: usize = 128;

/// The parts of a model's name.
pub(super) fn parts(model: &str) -> Option<Vec<&str>> {
    let parts: Vec<&str> = model.split('/').collect();
    (parts.len() >= 2 && parts.iter().all(|part| is_part(part))).then_some(parts)
}

/// A request that fal accepted. As text it stays valid whatever restarts: `owner/app|request_id`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ticket {
    app: String,
    id: String,
}

impl Ticket {
    /// The request of this id, made of this model. Where fal says under which path it is asked after, that counts.
    pub(super) fn new(model: &str, id: &str, told: Option<&[String]>) -> Option<Ticket> {
        let told = told.and_then(|path| match path {
            [app @ .., requests, last] if requests == "requests" && last == id => Some(app.join("/")),
            _ => None,
        });
        let app = told.filter(|app| parts(app).is_some()).or_else(|| app_of(model))?;
        Ticket::decode(&format!("{app}|{id}"))
    }

    /// Reads what [`Ticket::encode`] wrote.
    pub(super) fn decode(text: &str) -> Option<Ticket> {
        let (app, id) = text.split_once('|')?;
        let is_id = is_part(id) && id.len() <= LONGEST_ID;
        (is_id && parts(app).is_some()).then(|| Ticket { app: app.to_owned(), id: id.to_owned() })
    }

    /// The text that goes into the log.
    pub(super) fn encode(&self) -> String {
        format!("{}|{}", self.app, self.id)
    }

    /// The path of the request, with what is wanted of it.
    pub(super) fn path<'a>(&'a self, wanted: Option<&'a str>) -> impl Iterator<Item = &'a str> {
        self.app.split('/').chain(["requests", &self.id]).chain(wanted)
    }
}

fn app_of(model: &str) -> Option<String> {
    let parts = parts(model)?;
    let length = if FOLDERS.contains(&parts[0]) { 3 } else { 2 };
    parts.get(..length).map(|app| app.join("/"))
}

fn is_part(text: &str) -> bool {
    let is_dots = text.bytes().all(|byte| byte == b'.');
    !is_dots && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::{Ticket, parts};

    #[test]
    fn requests_are_asked_after_without_the_path() {
        for (model, told, expected) in [
            ("fal-ai/flux", None, Some("fal-ai/flux|r-1")),
            ("fal-ai/flux/dev", None, Some("fal-ai/flux|r-1")),
            ("fal-ai/kling-video/v2/master/text-to-video", None, Some("fal-ai/kling-video|r-1")),
            ("workflows/me/mine", None, Some("workflows/me/mine|r-1")),
            ("comfy/me/mine/run", None, Some("comfy/me/mine|r-1")),
            ("workflows/me", None, None),
            ("fal-ai/flux/dev", Some("new/place/requests/r-1"), Some("new/place|r-1")),
            ("fal-ai/flux/dev", Some("new/place/requests/r-2"), Some("fal-ai/flux|r-1")),
            ("fal-ai/flux/dev", Some("requests/r-1"), Some("fal-ai/flux|r-1")),
            ("fal-ai/flux/dev", Some("a/b|c/requests/r-1"), Some("fal-ai/flux|r-1")),
        ] {
            let told: Option<Vec<String>> = told.map(|told| told.split('/').map(str::to_owned).collect());
            let ticket = Ticket::new(model, "r-1", told.as_deref());
            assert_eq!(ticket.as_ref().map(Ticket::encode).as_deref(), expected, "{model} {told:?}");
            if let Some(ticket) = ticket {
                assert_eq!(Ticket::decode(&ticket.encode()), Some(ticket));
            }
        }
    }

    #[test]
    fn the_path_of_a_request() {
        let ticket = Ticket::decode("fal-ai/flux|r-1").unwrap();
        assert_eq!(ticket.path(None).collect::<Vec<_>>(), ["fal-ai", "flux", "requests", "r-1"]);
        let cancel = ["fal-ai", "flux", "requests", "r-1", "cancel"];
        assert_eq!(ticket.path(Some("cancel")).collect::<Vec<_>>(), cancel);
    }

    #[test]
    fn what_fal_never_named_is_refused() {
        let long = format!("fal-ai/flux|{}", "x".repeat(129));
        for text in
            ["", "r-1", "flux|r-1", "fal-ai/flux|", "fal-ai/..|r", "fal-ai/flux|../x", "a/b|c|d", &long]
        {
            assert_eq!(Ticket::decode(text), None, "{text}");
        }
        for model in ["", "flux", "fal-ai//dev", "fal-ai/flux?x=1", "fal-ai/flux/", "../flux", "fal-ai/a b"] {
            assert_eq!(parts(model), None, "{model}");
        }
    }
}
