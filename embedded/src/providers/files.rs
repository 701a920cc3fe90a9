//! The files that were made, which anybody who knows their address may fetch.

use bytes::Bytes;

use super::{
    call::Call,
    desk::Desk,
    fault::FileFault,
    picture::Picture,
    reply::{self, Reply},
    task::{Ending, Phase, Task},
};

const WEB_PAGE: &str = "<!doctype html><html><head><title>Sign in</title></head><body>Sign in</body></html>";

/// The address of one output.
pub(super) fn address(base: &str, id: &str, number: u64) -> String {
    format!("{base}/files/{id}/{number}.png")
}

/// Answers for a file, if the path is one of a file.
pub(super) fn answer(desk: &Desk, call: &Call) -> Option<Reply> {
    let ["files", id, name] = call.parts()[..] else { return None };
    desk.record.send_modify(|record| record.files += 1);
    let number = name.strip_suffix(".png").and_then(|number| number.parse().ok());
    let task = desk.task(id);
    let words = task.as_ref().map_or(&[][..], |task| &task.words);
    if let Some(fault) = desk.file_fault(words) {
        return Some(faulty(&fault, picture(task.as_ref(), number)));
    }
    Some(match picture(task.as_ref(), number) {
        Some(picture) => reply::whole(200, picture.content_type, picture.encode()),
        None => missing(),
    })
}

fn picture(task: Option<&Task>, number: Option<u64>) -> Option<Picture> {
    let (task, number) = (task?, number?);
    match task.phase() {
        Phase::Ended(Ending::Made(wishes)) if number < wishes.count => Some(Picture::of(&wishes, number)),
        _ => None,
    }
}

fn faulty(fault: &FileFault, picture: Option<Picture>) -> Reply {
    let (content_type, bytes) = match &picture {
        Some(picture) => (picture.content_type, picture.encode()),
        None => return missing(),
    };
    match fault {
        FileFault::Missing => missing(),
        FileFault::Slow => reply::dripping(content_type, bytes),
        FileFault::Endless => reply::endless(content_type, bytes),
        FileFault::WrongType => reply::whole(200, content_type, WEB_PAGE.into()),
        FileFault::Cut => reply::cut(content_type, &bytes),
        FileFault::Elsewhere(address) => reply::redirect(address),
    }
}

fn missing() -> Reply {
    reply::whole(404, "text/plain", Bytes::from_static(b"Not Found"))
}
