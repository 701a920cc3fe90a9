//! Models that are held back.

use super::{Ask, Board, KEPT, ask, board, now, positions, settle, shelf, take};
use ledger::Position;
use std::sync::Arc;

fn on(model: &str, account: u128, position: i64) -> Ask {
    Ask { model: model.into(), ..ask(account, position, "p") }
}

fn hold(board: &mut Board, models: &[&str]) {
    board.hold(models.iter().map(|model| Arc::from(*model)).collect());
}

fn held(board: &Board, model: &str) -> usize {
    board.held().get(model).copied().unwrap_or(0)
}

#[test]
fn jobs_of_other_models_of_the_same_account_go_on_and_the_held_ones_follow_in_order() {
    let mut board = board();
    hold(&mut board, &["shut"]);
    (1..=8).for_each(|position| board.ask(on("shut", 1, position), now()));
    (9..=11).for_each(|position| board.ask(on("open", 1, position), now()));
    assert_eq!(take(&mut board), [9, 10, 11]);
    assert_eq!((held(&board, "shut"), held(&board, "open"), board.waiting()), (8, 0, 8));
    hold(&mut board, &[]);
    assert_eq!(take(&mut board), [1], "its window has one place left");
    (9..=11).for_each(|position| settle(&mut board, &on("open", 1, position), 20));
    assert_eq!(take(&mut board), [2, 3, 4]);
    assert_eq!(held(&board, "shut"), 0);
}

#[test]
fn what_waits_when_its_model_is_held_back_stays_and_nothing_is_lost() {
    let mut board = board();
    (1..=3_i64).for_each(|position| board.ask(on("shut", position.unsigned_abs().into(), position), now()));
    hold(&mut board, &["shut"]);
    assert!(take(&mut board).is_empty());
    board.settle(on("shut", 2, 2).key, Position(9), false);
    hold(&mut board, &[]);
    assert_eq!(take(&mut board), [1, 3], "the second was cancelled");
}

#[test]
fn whoever_has_waited_longest_comes_first_when_a_model_is_open_again() {
    let mut board = board();
    hold(&mut board, &["shut"]);
    let since = |position: i64| now() + chrono::TimeDelta::seconds(position);
    let accounts = (1..=6_i64).rev().map(|position| (position, 100 - position.unsigned_abs()));
    for (position, account) in accounts {
        let ask = on("shut", account.into(), position);
        board.ask(Ask { since: since(position), ..ask }, now());
    }
    hold(&mut board, &[]);
    assert_eq!(take(&mut board), [1, 2, 3, 4, 5, 6]);
}

#[test]
fn one_job_is_sent_to_try_the_one_that_has_waited_longest() {
    let mut board = board();
    hold(&mut board, &["shut"]);
    let late = now() + chrono::TimeDelta::seconds(1);
    board.ask(Ask { since: late, ..on("shut", 1, 1) }, now());
    board.ask(on("shut", 2, 2), now());
    board.settle(on("shut", 2, 2).key, Position(3), false);
    board.ask(on("shut", 3, 4), now());
    let probe = |board: &mut Board| board.take_probe(&"shut".into()).map(|ask| ask.position.0);
    assert_eq!(probe(&mut board), Some(4));
    assert_eq!(board.safe_until(Position(4)), Position(3), "its message is on its way");
    assert!(take(&mut board).is_empty());
    assert_eq!((probe(&mut board), probe(&mut board)), (Some(1), None));
}

#[test]
fn a_job_that_may_be_made_already_is_not_held_back() {
    let mut board = board();
    hold(&mut board, &["shut"]);
    (1..=20).for_each(|position| board.ask(on("shut", 1, position), now()));
    board.ask(Ask { may_be_made: true, ..on("shut", 1, 21) }, now());
    assert_eq!(take(&mut board), [21]);
    assert_eq!(held(&board, "shut"), KEPT, "the others are in the read model");
}

#[test]
fn what_is_held_back_is_remembered_up_to_a_bound_and_read_again_only_when_it_goes_out() {
    let mut board = board();
    hold(&mut board, &["shut"]);
    let jobs: Vec<Ask> = (1..=100).map(|position| on("shut", 1, position)).collect();
    jobs.iter().for_each(|job| board.ask(job.clone(), now()));
    assert_eq!(board.waiting(), KEPT);
    assert!(!board.is_short());
    board.doubt((shelf(1).0, "shut".into()));
    assert!(!board.is_short(), "nothing is read for what does not go out");
    board.ask(on("open", 1, 101), now());
    assert_eq!(take(&mut board), [101], "another model of theirs");
    hold(&mut board, &[]);
    assert_eq!(take(&mut board), [1, 2, 3]);
    assert!(!board.is_short(), "some are left");
    (1..=3).for_each(|position| settle(&mut board, &on("shut", 1, position), 200));
    assert_eq!(positions(&board.take(100)), [4, 5, 6]);
    assert!(board.is_short());
}
