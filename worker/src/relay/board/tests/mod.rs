//! Whose turn it is, what is remembered, and what may be lost.

mod held;

use super::{Ask, Board, Limits, ShelfKey, Window};
use chrono::{DateTime, TimeDelta, Utc};
use ledger::{AccountId, JobId, Position};
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;
use tokio::time::Instant;
use uuid::Uuid;

const KEPT: usize = 8;
const USUAL: Window = Window { of_lane: 4, of_provider: 6 };
const MINUTE: Duration = Duration::from_secs(60);

fn now() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH
}

fn board() -> Board {
    Board::new(Limits { usual: USUAL, windows: BTreeMap::new(), kept: KEPT }, Position(0))
}

/// The job at this position of the log.
fn ask(account: u128, position: i64, via: &str) -> Ask {
    Ask {
        key: (AccountId(Uuid::from_u128(account)), JobId(Uuid::from_u128(position.unsigned_abs().into()))),
        run: 1,
        model: "model".into(),
        via: via.into(),
        may_be_made: false,
        due: None,
        position: Position(position),
        since: now(),
    }
}

/// The jobs of this account on the usual model.
fn shelf(account: u128) -> ShelfKey {
    ((AccountId(Uuid::from_u128(account)), "p".into()), "model".into())
}

fn positions(asks: &[Ask]) -> Vec<i64> {
    asks.iter().map(|ask| ask.position.0).collect()
}

fn take(board: &mut Board) -> Vec<i64> {
    positions(&board.take(100))
}

fn settle(board: &mut Board, ask: &Ask, at: i64) {
    board.settle(ask.key, Position(at), true);
}

#[test]
fn an_account_with_many_jobs_leaves_room_for_others_and_goes_on_as_they_are_claimed() {
    let mut board = board();
    (1..=8).for_each(|position| board.ask(ask(1, position, "p"), now()));
    assert_eq!(take(&mut board), [1, 2, 3, 4], "its window is full");
    board.ask(ask(2, 9, "p"), now());
    assert_eq!(take(&mut board), [9]);
    settle(&mut board, &ask(1, 2, "p"), 10);
    assert_eq!(take(&mut board), [5]);
    board.settle(ask(1, 6, "p").key, Position(11), false);
    settle(&mut board, &ask(1, 1, "p"), 12);
    assert_eq!(take(&mut board), [7], "the sixth was cancelled while it waited");
}

#[test]
fn accounts_take_turns() {
    let mut board = board();
    for (account, position) in [(1, 1), (1, 2), (1, 3), (2, 4), (2, 5), (3, 6)] {
        board.ask(ask(account, position, "p"), now());
    }
    assert_eq!(take(&mut board), [1, 4, 6, 2, 5, 3]);
}

#[test]
fn a_provider_that_claims_nothing_fills_only_its_own_window() {
    let mut board = board();
    (1..=20_i64).for_each(|position| board.ask(ask(position.unsigned_abs().into(), position, "dead"), now()));
    assert_eq!(take(&mut board).len(), USUAL.of_provider);
    (21..=22).for_each(|position| board.ask(ask(1, position, "alive"), now()));
    assert_eq!(take(&mut board), [21, 22]);
}

#[test]
fn a_window_that_leads_to_slots_of_its_own_has_limits_of_its_own() {
    let few = Window { of_lane: 1, of_provider: 2 };
    let windows = BTreeMap::from([("p for video".into(), few)]);
    let mut board = Board::new(Limits { usual: USUAL, windows, kept: KEPT }, Position(0));
    (1..=5).for_each(|position| board.ask(ask(1, position, "p for video"), now()));
    (6..=8).for_each(|position| board.ask(ask(2, position, "p for video"), now()));
    board.ask(ask(3, 9, "p for video"), now());
    (10..=15).for_each(|position| board.ask(ask(1, position, "p"), now()));
    assert_eq!(take(&mut board), [1, 10, 6, 11, 12, 13], "what waits there keeps back nothing else");
    settle(&mut board, &ask(2, 6, "p for video"), 20);
    assert_eq!(take(&mut board), [9], "the next account's turn");
}

#[test]
fn a_later_event_takes_the_place_of_an_earlier_one_and_never_the_other_way_round() {
    let mut board = board();
    let first = ask(1, 5, "p");
    board.ask(first.clone(), now());
    assert_eq!(take(&mut board), [5]);
    board.ask(first.clone(), now());
    settle(&mut board, &first, 4);
    assert!(take(&mut board).is_empty() && board.is_out(&first), "the log told this before");
    let again = Ask { position: Position(7), ..first.clone() };
    board.ask(again.clone(), now());
    assert!(!board.is_out(&first));
    assert_eq!(take(&mut board), [7]);
    settle(&mut board, &again, 8);
    board.refill(&shelf(1), vec![again], true, Position(7));
    assert!(take(&mut board).is_empty(), "what the read model says is older than the claim");
}

#[test]
fn what_is_not_remembered_is_read_when_its_turn_comes() {
    let mut board = board();
    let jobs: Vec<Ask> = (1..=30).map(|position| ask(1, position, "p")).collect();
    jobs.iter().for_each(|job| board.ask(job.clone(), now()));
    assert_eq!(take(&mut board), [1, 2, 3, 4]);
    let mut claimed = 0;
    let mut sent = 4;
    while sent < 30 {
        settle(&mut board, &jobs[claimed], 100);
        claimed += 1;
        let (short, each) = board.short(10);
        for shelf in short {
            let front: Vec<Ask> = jobs[claimed..].iter().take(each).cloned().collect();
            let is_all = front.len() < each;
            board.refill(&shelf, front, is_all, Position(30));
        }
        for position in take(&mut board) {
            sent += 1;
            assert_eq!(position, sent, "in order");
        }
    }
    assert!(!board.is_short(), "all is known");
}

#[test]
fn a_lane_is_whole_only_when_the_read_model_knows_its_newest_job() {
    let mut board = board();
    (1..=9).for_each(|position| board.ask(ask(1, position, "p"), now()));
    assert_eq!(take(&mut board).len(), 4);
    (1..=4).for_each(|position| settle(&mut board, &ask(1, position, "p"), 100));
    assert_eq!(take(&mut board), [5, 6, 7, 8]);
    board.refill(&shelf(1), Vec::new(), true, Position(8));
    assert!(board.is_short(), "the ninth is not in the read model yet");
    board.refill(&shelf(1), vec![ask(1, 9, "p")], true, Position(9));
    assert!(!board.is_short());
}

#[test]
fn what_backs_off_waits_until_it_is_due() {
    let mut board = board();
    let due = now() + TimeDelta::seconds(5);
    board.ask(Ask { due: Some(due), ..ask(1, 1, "p") }, now());
    assert!(take(&mut board).is_empty());
    assert_eq!(board.next_due(), Some(due));
    board.wake(due);
    assert_eq!(take(&mut board), [1]);
    assert_eq!(board.next_due(), None);
}

#[test]
fn the_checkpoint_stays_before_the_first_message_that_is_not_acknowledged() {
    let mut board = board();
    (1..=6).for_each(|position| board.ask(ask(1, position, "p"), now()));
    assert_eq!(board.safe_until(Position(6)), Position(6), "what waits is in the read model");
    let out = board.take(100);
    assert_eq!(board.safe_until(Position(6)), Position(0));
    board.acknowledge(&out[1], Instant::now());
    board.acknowledge(&out[0], Instant::now());
    assert_eq!(board.safe_until(Position(6)), Position(2));
    settle(&mut board, &out[2], 9);
    board.acknowledge(&out[3], Instant::now());
    assert_eq!(board.safe_until(Position(9)), Position(9));
}

#[test]
fn what_is_out_for_long_is_suspected_at_doubling_intervals() {
    let mut board = board();
    let begun = Instant::now();
    board.ask(ask(1, 1, "p"), now());
    let out = board.take(1);
    board.acknowledge(&out[0], begun);
    assert!(board.overdue(begun + MINUTE / 2, MINUTE).others.is_empty());
    assert_eq!(board.overdue(begun + MINUTE, MINUTE).others, out);
    assert!(board.send_again(&out[0]));
    board.acknowledge(&out[0], begun + MINUTE);
    assert!(board.overdue(begun + MINUTE * 2, MINUTE).others.is_empty());
    assert_eq!(board.overdue(begun + MINUTE * 3, MINUTE).others, out);
}

#[test]
fn what_was_overtaken_by_messages_sent_much_later_is_told_apart() {
    let mut board = board();
    let begun = Instant::now();
    for (position, minutes) in [(1, 0), (2, 1), (3, 3)] {
        board.ask(ask(1, position, "p"), now());
        let out = board.take(1);
        board.acknowledge(&out[0], begun + MINUTE * minutes);
    }
    settle(&mut board, &ask(1, 3, "p"), 9);
    let overdue = board.overdue(begun + MINUTE * 4, MINUTE);
    assert_eq!(overdue.out, HashMap::from([("model".into(), 2)]));
    assert_eq!(overdue.overtaken.len(), 2);
    let early = board.overdue(begun + MINUTE + MINUTE / 2, MINUTE);
    assert_eq!(positions(&early.overtaken), [1], "the second is not out for long yet");
}
