use proptest::prelude::*;

use super::*;

#[test]
fn one_range_is_cut_to_the_file() {
    let of_100 = |set: &str| wanted(&format!("bytes={set}"), 100);
    assert_eq!(of_100("0-9"), Wanted::One(0..10));
    assert_eq!(of_100("90-"), Wanted::One(90..100));
    assert_eq!(of_100("90-1000"), Wanted::One(90..100));
    assert_eq!(of_100("-10"), Wanted::One(90..100));
    assert_eq!(of_100("-1000"), Wanted::One(0..100));
    assert_eq!(of_100(" 1-2 ,, "), Wanted::One(1..3));
    assert_eq!(of_100("99-18446744073709551615"), Wanted::One(99..100));
    assert_eq!(of_100("0-99999999999999999999999"), Wanted::One(0..100));
    assert_eq!(wanted("Bytes=0-0", 1), Wanted::One(0..1));
}

#[test]
fn ranges_behind_the_end_are_nothing_and_left_out() {
    let of_100 = |set: &str| wanted(&format!("bytes={set}"), 100);
    assert_eq!(of_100("100-"), Wanted::Nothing);
    assert_eq!(of_100("200-300"), Wanted::Nothing);
    assert_eq!(of_100("-0"), Wanted::Nothing);
    assert_eq!(of_100("200-300,-0"), Wanted::Nothing);
    assert_eq!(of_100("200-300,5-6"), Wanted::One(5..7));
    assert_eq!(wanted("bytes=0-", 0), Wanted::Nothing);
}

#[test]
fn several_are_given_as_they_were_asked_for() {
    let some = wanted("bytes=50-59,0-9,-5", 100);
    assert_eq!(some, Wanted::Several(vec![50..60, 0..10, 95..100]));
}

#[test]
fn what_is_malformed_or_a_burden_is_the_whole() {
    let overlapping = (0..10).map(|_| "0-").collect::<Vec<_>>().join(",");
    let many = (0..17).map(|at| format!("{0}-{0}", at * 2));
    let many = many.collect::<Vec<_>>().join(",");
    let sets = [
        "",
        ",",
        "x",
        "1",
        "2-1",
        "+1-2",
        "1-+2",
        "-",
        "--1",
        "0x1-",
        "1-2;",
        &overlapping,
        &many,
    ];
    for set in sets {
        assert_eq!(
            wanted(&format!("bytes={set}"), 1000),
            Wanted::Whole,
            "{set}"
        );
    }
    assert_eq!(wanted("lines=0-1", 100), Wanted::Whole);
    assert_eq!(wanted("0-1", 100), Wanted::Whole);
}

proptest! {
    /// Nothing that is said makes it panic, or give what is not in the file.
    #[test]
    fn every_range_lies_in_the_file(header in "(bytes=)?[-,0-9 ]{0,40}|.{0,20}", length: u64) {
        let ranges = match wanted(&header, length) {
            Wanted::One(range) => vec![range],
            Wanted::Several(ranges) => ranges,
            Wanted::Whole | Wanted::Nothing => vec![],
        };
        let mut total = 0_u64;
        for range in ranges {
            prop_assert!(range.start < range.end && range.end <= length);
            total += range.end - range.start;
        }
        prop_assert!(total <= length);
    }

    /// Held against what the words mean, byte by byte.
    #[test]
    fn a_range_is_the_bytes_it_names(
        first in 0..300_u64,
        more in 0..300_u64,
        length in 0..200_u64,
    ) {
        let last = first + more;
        let named: Vec<u64> = (0..length).filter(|at| (first..=last).contains(at)).collect();
        let found = match wanted(&format!("bytes={first}-{last}"), length) {
            Wanted::One(range) => range.collect(),
            Wanted::Nothing => vec![],
            other => return Err(TestCaseError::fail(format!("{other:?}"))),
        };
        prop_assert_eq!(found, named);
        let named: Vec<u64> = (length.saturating_sub(first)..length).collect();
        let found = match wanted(&format!("bytes=-{first}"), length) {
            Wanted::One(range) => range.collect(),
            Wanted::Nothing => vec![],
            other => return Err(TestCaseError::fail(format!("{other:?}"))),
        };
        prop_assert_eq!(found, named);
    }
}
