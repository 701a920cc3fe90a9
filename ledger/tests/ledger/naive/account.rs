//! The naive account: its lots and holds, and every command that they know.

use super::{Answer, MOST, Micros, Seconds};

const MOST_LOTS: usize = 200;
const MOST_HOLDS: usize = 200;

/// Some credits of a lot, with the terms under which they were given.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Part {
    pub(crate) lot: i64,
    pub(crate) amount: Micros,
    pub(crate) priority: u8,
    pub(crate) from: Option<Seconds>,
    pub(crate) until: Option<Seconds>,
    /// Whether the time until which they live is a grace already.
    pub(crate) late: bool,
}

/// Credits set aside.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Kept {
    pub(crate) hold: i64,
    pub(crate) job: Option<usize>,
    pub(crate) until: Option<Seconds>,
    pub(crate) parts: Vec<Part>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct NaiveAccount {
    pub(crate) lots: Vec<Part>,
    pub(crate) holds: Vec<Kept>,
    pub(crate) voided: Vec<i64>,
    /// How long credits live that come back to a lot that has lapsed.
    pub(crate) grace: Seconds,
    /// How many events were written.
    pub(crate) version: i64,
    /// When the last one was.
    pub(crate) last: Seconds,
    /// When the current command is decided.
    pub(crate) now: Seconds,
    /// What the current command wrote, without what had merely lapsed: names and changes of the balance.
    pub(crate) facts: Vec<(&'static str, Micros)>,
}

pub(crate) fn total(parts: &[Part]) -> Micros {
    parts.iter().map(|part| part.amount).sum()
}

/// Splits what was taken into what is spent, which is what burned first, and the rest.
fn split(parts: &[Part], spent: Micros) -> (Vec<Part>, Vec<Part>) {
    let (mut gone, mut kept) = (Vec::new(), Vec::new());
    let mut left = spent;
    for part in parts {
        let here = part.amount.min(left);
        left -= here;
        gone.push(Part { amount: here, ..part.clone() });
        kept.push(Part { amount: part.amount - here, ..part.clone() });
    }
    gone.retain(|part| part.amount > 0);
    kept.retain(|part| part.amount > 0);
    kept.reverse();
    (gone, kept)
}

impl NaiveAccount {
    pub(crate) fn balance(&self) -> Micros {
        total(&self.lots)
    }

    pub(crate) fn held(&self) -> Micros {
        self.holds.iter().map(|kept| total(&kept.parts)).sum()
    }

    pub(crate) fn available(&self, now: Seconds) -> Micros {
        self.spendable(now).iter().map(|lot| lot.amount).sum()
    }

    /// The lots that can be spent at `now`, in the order in which they burn.
    fn spendable(&self, now: Seconds) -> Vec<Part> {
        let mut lots = self.lots.clone();
        lots.retain(|lot| {
            lot.from.is_none_or(|from| from <= now) && lot.until.is_none_or(|until| now < until)
        });
        lots.sort_by_key(|lot| (lot.priority, lot.until.unwrap_or(Seconds::MAX), lot.lot));
        lots
    }

    /// Begins a command at this time of the clock: what has lapsed is written down first.
    pub(crate) fn begin(&mut self, clock: Seconds) {
        self.now = clock.max(self.last);
        while let Some(moment) = self.next_end().filter(|moment| *moment <= self.now) {
            if let Some(place) = self.lots.iter().position(|lot| lot.until == Some(moment)) {
                let lot = self.lots.remove(place);
                self.write("credits.expired", -lot.amount);
            } else if let Some(place) = self.holds.iter().position(|kept| kept.until == Some(moment)) {
                let kept = self.holds.remove(place);
                self.write("credits.released", total(&kept.parts));
                self.come_back(kept.parts, moment);
            }
        }
        self.facts.clear();
    }

    fn next_end(&self) -> Option<Seconds> {
        let lots = self.lots.iter().filter_map(|lot| lot.until);
        lots.chain(self.holds.iter().filter_map(|kept| kept.until)).min()
    }

    fn write(&mut self, name: &'static str, change: Micros) -> i64 {
        self.version += 1;
        self.last = self.now;
        self.facts.push((name, change));
        self.version
    }

    fn burn(&mut self, amount: Micros) -> Vec<Part> {
        let mut left = amount;
        let mut taken = Vec::new();
        for lot in self.spendable(self.now) {
            let here = lot.amount.min(left);
            left -= here;
            if here > 0 {
                self.lots
                    .iter_mut()
                    .filter(|other| other.lot == lot.lot)
                    .for_each(|other| other.amount -= here);
                taken.push(Part { amount: here, ..lot });
            }
        }
        self.lots.retain(|lot| lot.amount > 0);
        taken
    }

    /// Credits come back to their lots, at this moment.
    fn come_back(&mut self, parts: Vec<Part>, moment: Seconds) {
        let mut late = Vec::new();
        for part in parts {
            if let Some(lot) = self.lots.iter_mut().find(|lot| lot.lot == part.lot) {
                lot.amount += part.amount;
            } else if self.voided.contains(&part.lot) {
                late.push(("credits.voided", part.amount));
            } else if part.until.is_some_and(|until| until <= moment) {
                if self.grace == 0 || part.late {
                    late.push(("credits.expired", part.amount));
                } else {
                    self.lots.push(Part { until: Some(moment + self.grace), late: true, ..part });
                }
            } else {
                self.lots.push(part);
            }
        }
        for (name, amount) in late {
            self.write(name, -amount);
        }
    }

    pub(crate) fn room_for(&self, amount: Micros) -> Answer {
        if self.balance() + self.held() + amount > MOST { Err("balance_too_large") } else { Ok(()) }
    }

    pub(crate) fn grant(
        &mut self,
        amount: Micros,
        priority: u8,
        from: Option<Seconds>,
        until: Option<Seconds>,
    ) -> Answer {
        if amount == 0 {
            return Err("amount_zero");
        }
        if until.is_some_and(|until| until <= self.now) {
            return Err("expiry_in_past");
        }
        if from.zip(until).is_some_and(|(from, until)| until <= from) {
            return Err("grant_never_effective");
        }
        self.room_for(amount)?;
        if self.lots.len() >= MOST_LOTS {
            return Err("lots_too_many");
        }
        let lot = self.write("credits.granted", amount);
        self.lots.push(Part { lot, amount, priority, from, until, late: false });
        Ok(())
    }

    pub(crate) fn adjust(&mut self, change: Micros, clamp: bool) -> Answer {
        if change == 0 {
            return Err("amount_zero");
        }
        if change > 0 {
            self.room_for(change)?;
            if self.lots.len() >= MOST_LOTS {
                return Err("lots_too_many");
            }
            let lot = self.write("credits.adjusted", change);
            self.lots.push(Part { lot, amount: change, priority: 50, from: None, until: None, late: false });
            return Ok(());
        }
        let there = self.available(self.now);
        if -change > there && !clamp {
            return Err("adjustment_too_large");
        }
        let taken = there.min(-change);
        self.burn(taken);
        self.write("credits.adjusted", -taken);
        Ok(())
    }

    pub(crate) fn debit(&mut self, amount: Micros) -> Answer<Vec<Part>> {
        if amount > self.available(self.now) {
            return Err("credits_insufficient");
        }
        self.write("credits.debited", -amount);
        Ok(self.burn(amount))
    }

    pub(crate) fn refund(&mut self, parts: Vec<Part>) -> Answer {
        self.room_for(total(&parts))?;
        self.write("credits.refunded", total(&parts));
        self.come_back(parts, self.now);
        Ok(())
    }

    pub(crate) fn hold(&mut self, amount: Micros, until: Option<Seconds>) -> Answer {
        if amount == 0 {
            return Err("amount_zero");
        }
        if until.is_some_and(|until| until <= self.now) {
            return Err("expiry_in_past");
        }
        self.set_aside(amount, until, None).map(drop)
    }

    pub(crate) fn set_aside(
        &mut self,
        amount: Micros,
        until: Option<Seconds>,
        job: Option<usize>,
    ) -> Answer<Vec<Part>> {
        if amount > self.available(self.now) {
            return Err("credits_insufficient");
        }
        if self.holds.len() >= MOST_HOLDS {
            return Err("holds_too_many");
        }
        let hold = self.write("credits.held", -amount);
        let parts = self.burn(amount);
        self.holds.push(Kept { hold, job, until, parts: parts.clone() });
        Ok(parts)
    }

    fn own_hold(&self, hold: i64) -> Answer<usize> {
        match self.holds.iter().position(|kept| kept.hold == hold) {
            None => Err("hold_not_open"),
            Some(place) if self.holds[place].job.is_some() => Err("hold_of_job"),
            Some(place) => Ok(place),
        }
    }

    pub(crate) fn capture(&mut self, hold: i64, amount: Micros) -> Answer {
        if amount == 0 {
            return Err("amount_zero");
        }
        let place = self.own_hold(hold)?;
        if amount > total(&self.holds[place].parts) {
            return Err("capture_too_large");
        }
        self.spend(place, amount);
        Ok(())
    }

    /// Spends a part of a hold and lets the rest come back; returns what was spent.
    fn spend(&mut self, place: usize, amount: Micros) -> Vec<Part> {
        let (spent, rest) = split(&self.holds.remove(place).parts, amount);
        self.write("credits.captured", total(&rest));
        self.come_back(rest, self.now);
        spent
    }

    pub(crate) fn release(&mut self, hold: i64) -> Answer {
        let place = self.own_hold(hold)?;
        self.let_go(place);
        Ok(())
    }

    fn let_go(&mut self, place: usize) {
        let parts = self.holds.remove(place).parts;
        self.write("credits.released", total(&parts));
        self.come_back(parts, self.now);
    }

    fn hold_of_job(&self, job: usize) -> Option<usize> {
        self.holds.iter().position(|kept| kept.job == Some(job))
    }

    pub(crate) fn capture_of_job(&mut self, job: usize, amount: Micros) -> Answer<Vec<Part>> {
        let place = self.hold_of_job(job).ok_or("hold_not_open")?;
        Ok(self.spend(place, amount))
    }

    pub(crate) fn release_of_job(&mut self, job: usize) -> Answer {
        let place = self.hold_of_job(job).ok_or("hold_not_open")?;
        self.let_go(place);
        Ok(())
    }

    pub(crate) fn void(&mut self, lot: i64) -> Answer {
        if self.voided.contains(&lot) {
            return Err("lot_voided");
        }
        let place = self.lots.iter().position(|other| other.lot == lot);
        if lot < 0 || lot > self.version || (lot == 0 && place.is_none()) {
            return Err("lot_unknown");
        }
        let left = place.map_or(0, |place| self.lots.remove(place).amount);
        self.write("credits.voided", -left);
        self.voided.push(lot);
        Ok(())
    }

    /// Takes `amount` from the end of what was paid: what burned last comes back first.
    pub(crate) fn unpay(paid: &mut Vec<Part>, amount: Micros) -> Vec<Part> {
        let (kept, back) = split(paid, total(paid) - amount);
        *paid = kept;
        back
    }
}
