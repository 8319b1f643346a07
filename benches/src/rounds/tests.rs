use super::schedule;
use crate::options::Options;
use crate::workloads::Plan;

#[test]
fn runtimes_take_turns_and_each_is_first_once() {
    let options = Options {
        plan: Plan { is_quick: true },
        rounds: 2,
        is_json: false,
        runtimes: vec!["a", "b"],
        workloads: vec!["x", "y"],
    };
    let expected = [
        [("x", "a"), ("x", "b"), ("y", "a"), ("y", "b")],
        [("x", "b"), ("x", "a"), ("y", "b"), ("y", "a")],
    ];
    assert_eq!(schedule(&options), expected.concat());
}
