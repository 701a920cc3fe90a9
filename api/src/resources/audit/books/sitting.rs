//! Adding up takes a connection of its own, one of a few places, and no longer than a limit: an answer that would take
//! longer is refused, and says what can be done.

use crate::app::App;
use crate::serve::problem::Problem;
use crate::words::scalars::LogBound;
use ledger::Role;
use ledger::books::{Books, BooksError, Interval};
use ledger::export::Bound;
use std::time::Duration;
use tokio::time::timeout;

/// How long to wait for a place.
const PATIENCE: Duration = Duration::from_secs(4);

/// When to ask again while others add up.
const RETRY_AFTER: Duration = Duration::from_secs(10);

/// Adds up what happened between two bounds.
pub(super) async fn between<T>(
    app: &App,
    from: Option<LogBound>,
    to: Option<LogBound>,
    adding_up: impl AsyncFnOnce(&Books, Interval) -> Result<T, BooksError>,
) -> Result<T, Problem> {
    let (from, to) = (past(app, "from", from)?, past(app, "to", to)?);
    let work = async {
        let books = open(app).await?;
        let interval = books.interval(from, to).await?;
        adding_up(&books, interval).await
    };
    sum(app, work).await
}

/// Waits for a place, and then for `work`.
pub(super) async fn sum<T>(
    app: &App,
    work: impl Future<Output = Result<T, BooksError>>,
) -> Result<T, Problem> {
    let place = timeout(PATIENCE, app.books.acquire()).await.ok().and_then(Result::ok);
    let _place = place.ok_or_else(|| {
        let detail = "others are adding up the log already; ask again shortly";
        Problem::too_many("too_many_sums", detail).retrying(RETRY_AFTER)
    })?;
    // Whoever gives up closes the connection; a statement under way ends by itself, since each is about a part only.
    Ok(timeout(app.limits.books, work).await.map_err(|_| too_long(app))??)
}

/// Opens the books.
pub(super) async fn open(app: &App) -> Result<Books, BooksError> {
    Books::open(app.database.connect(Role::Exporter).await?).await
}

/// The bound, unless it lies in the future: what has not happened cannot be added up.
pub(super) fn past(app: &App, name: &str, bound: Option<LogBound>) -> Result<Option<Bound>, Problem> {
    match bound.map(|bound| bound.0) {
        Some(Bound::Instant(at)) if at > app.now() => Err(Problem::value(name, "must not be in the future")),
        bound => Ok(bound),
    }
}

fn too_long(app: &App) -> Problem {
    let seconds = app.limits.books.as_secs_f64();
    let detail = format!(
        "adding up took more than {seconds} s and was given up: it reads what happened in the interval and the end of every account; ask \
         for a shorter interval, or, of very many accounts, run the SQL of docs/audit.md on the database, which has no such limit"
    );
    Problem::unprocessable("interval_too_long", detail)
}
