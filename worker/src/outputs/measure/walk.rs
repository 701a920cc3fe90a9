//! Walks through a container while it passes by, in pieces of any size. Only headers and a few bytes of the parts that
//! somebody wants are held, never more than [`MOST_HELD`]; everything else is counted and let go.
//!
//! No size is believed: a part ends with the one around it, whatever it says, and every step goes forward. Where a header
//! makes no sense the rest of what is around it is passed over.

/// The most bytes that are held at once.
pub(super) const MOST_HELD: usize = 128;

/// The most parts that are within each other. What lies deeper is passed over.
pub(super) const DEEPEST: usize = 8;

/// What the bytes of a header say.
pub(super) enum Header {
    /// That it goes on until it has this many bytes.
    Wants(usize),
    /// Nothing that makes sense.
    Broken,
    /// What begins after it, and how many bytes that has; `None` for as many as there are.
    Of { id: u32, length: Option<u64> },
}

/// What is done with a part.
pub(super) enum Part {
    /// It is walked through.
    Open,
    /// Its first bytes are read, as many as this if there are.
    Read(usize),
    /// It is of no interest.
    Pass,
}

/// A kind of container, and what was read of one.
pub(super) trait Format {
    /// Bytes of the shortest header.
    const SHORTEST: usize;

    /// What this beginning of a header says.
    fn header(bytes: &[u8]) -> Header;

    /// What is done with a part that lies in this one, or in none.
    fn part(&mut self, within: Option<u32>, id: u32) -> Part;

    /// Takes the first bytes of a part that was to be read.
    fn read(&mut self, id: u32, bytes: &[u8]);
}

/// A part that is being walked through, and where it ends.
struct Opened {
    id: u32,
    end: u64,
}

/// A walk through one file. Places are bytes from its beginning.
pub(super) struct Walk<F> {
    format: F,
    /// How far it has come.
    at: u64,
    /// Where what is held begins, or will begin.
    next: u64,
    held: Vec<u8>,
    /// How many bytes are to be held before the next step. More than are held.
    wants: usize,
    /// Set while a part is read and not a header.
    reading: Option<Opened>,
    open: Vec<Opened>,
}

impl<F: Format> Walk<F> {
    pub(super) fn through(format: F) -> Walk<F> {
        let (held, open) = (Vec::with_capacity(MOST_HELD), Vec::with_capacity(DEEPEST));
        Walk { format, at: 0, next: 0, held, wants: F::SHORTEST, reading: None, open }
    }

    /// Takes the next bytes of the file.
    pub(super) fn push(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let count = match usize::try_from(self.next.saturating_sub(self.at)) {
                Ok(0) => bytes.len().min(self.wants - self.held.len()),
                Ok(passed) => bytes.len().min(passed),
                Err(_more_than_there_can_be) => bytes.len(),
            };
            let (taken, rest) = bytes.split_at(count);
            if self.at >= self.next {
                self.held.extend_from_slice(taken);
            }
            self.at += count as u64;
            bytes = rest;
            if self.held.len() == self.wants {
                self.step();
            }
        }
    }

    /// What was read so far.
    pub(super) fn format(&self) -> &F {
        &self.format
    }

    /// Bytes that it holds room for, and parts that it is within.
    #[cfg(test)]
    pub(super) fn size(&self) -> (usize, usize) {
        (self.held.capacity(), self.open.capacity())
    }

    fn step(&mut self) {
        if let Some(part) = self.reading.take() {
            self.format.read(part.id, &self.held);
            return self.go_on_at(part.end);
        }
        match F::header(&self.held) {
            Header::Wants(more) if more > self.held.len() => self.want(more),
            Header::Wants(_) | Header::Broken => self.go_on_at(self.end()),
            Header::Of { id, length } => self.meet(id, length),
        }
    }

    /// A part begins here.
    fn meet(&mut self, id: u32, length: Option<u64>) {
        let end = length.map_or(u64::MAX, |length| self.at.saturating_add(length)).min(self.end());
        let there = usize::try_from(end - self.at).unwrap_or(usize::MAX);
        match self.format.part(self.open.last().map(|part| part.id), id) {
            Part::Open if self.open.len() < DEEPEST => {
                self.open.push(Opened { id, end });
                self.go_on_at(self.at);
            }
            Part::Read(most) if there > 0 => {
                (self.next, self.wants) = (self.at, most.min(there).min(MOST_HELD));
                self.held.clear();
                self.reading = Some(Opened { id, end });
            }
            Part::Open | Part::Read(_) | Part::Pass => self.go_on_at(end),
        }
    }

    /// The next header begins there.
    fn go_on_at(&mut self, place: u64) {
        self.held.clear();
        self.next = place;
        while self.open.last().is_some_and(|part| part.end <= place) {
            self.open.pop();
        }
        self.want(F::SHORTEST);
    }

    /// A header needs this many bytes. Without room for them, what is left of the part around it is none.
    fn want(&mut self, count: usize) {
        self.wants = count;
        if self.next.saturating_add(count as u64) > self.end() {
            self.go_on_at(self.end());
        }
    }

    /// Where the innermost part ends.
    fn end(&self) -> u64 {
        self.open.last().map_or(u64::MAX, |part| part.end)
    }
}
