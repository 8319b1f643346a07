use super::{number, tasks_of};

#[test]
fn a_call_is_a_task_and_each_above_one_makes_two_more() {
    assert_eq!(number(20), 6_765);
    assert_eq!([0, 1, 2, 3].map(tasks_of), [1, 1, 3, 5]);
    assert_eq!([14, 19, 20].map(tasks_of), [1_219, 13_529, 21_891]);
    assert_eq!([24, 28].map(tasks_of), [150_049, 1_028_457]);
}
