//! What a person reads in a browser where a client would get a problem document: the same words, with somewhere to go.

use super::pages::PAGE_POLICY;
use super::shell;
use crate::serve::problem::Problem;
use maud::{Markup, html};
use poem::Response;
use poem::http::{HeaderValue, header};

/// The answer of this problem, as a page.
pub(crate) fn page(problem: &Problem, request_id: &str) -> Response {
    let mut response = problem.render(request_id).set_content_type("text/html; charset=utf-8");
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY));
    headers.insert(header::VARY, HeaderValue::from_static("Accept"));
    response.set_body(shell::plain(problem.title, &words(problem, request_id)));
    response
}

fn words(problem: &Problem, request_id: &str) -> Markup {
    html! {
        section.blank.panel {
            h1 { (problem.title) }
            p { (sentence(&problem.detail)) }
            p.blank-acts {
                a.button.primary href="/" { "Go to the studio" }
                a.button href="/docs" { "Read about the API" }
            }
            p.hint { "Answered " (problem.status.as_u16()) " · request " code { (request_id) } }
        }
    }
}

/// The detail as a sentence. What stands between backticks is code.
fn sentence(detail: &str) -> Markup {
    let mut letters = detail.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    let text = first + letters.as_str();
    let is_code = |part: usize| part % 2 == 1;
    html! {
        @for (part, words) in text.split('`').enumerate() {
            @if is_code(part) { code { (words) } } @else { (words) }
        }
        @if !detail.ends_with(['.', '!', '?']) { "." }
    }
}

#[cfg(test)]
mod tests {
    use super::{page, sentence};
    use crate::serve::problem::Problem;

    #[test]
    fn a_detail_becomes_a_sentence_with_its_code() {
        assert_eq!(sentence("send `a<b>` again").into_string(), "Send <code>a&lt;b&gt;</code> again.");
        assert_eq!(sentence("Done.").into_string(), "Done.");
        assert_eq!(sentence("").into_string(), ".");
    }

    #[tokio::test]
    async fn what_a_client_is_told_in_headers_is_told_here_too() {
        let mut answer = page(&Problem::unauthenticated(), "r-1");
        assert_eq!(answer.status().as_u16(), 401);
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let text = answer.take_body().into_string().await.unwrap();
        assert!(text.contains("Who is asking?") && text.contains("<code>r-1</code>"), "{text}");
    }
}
