use super::record::{Count, Record};
use super::{judge, loops, place, valgrind};

fn counts(list: &[(&str, u64)]) -> Vec<Count> {
    let count = |(name, instructions): &(&str, u64)| Count {
        name: (*name).to_owned(),
        instructions: *instructions,
    };
    list.iter().map(count).collect()
}

#[test]
fn every_loop_comes_to_its_end() {
    for name in loops::names() {
        loops::run(name, 100).unwrap();
    }
    assert!(loops::run("nonsense", 1).is_err());
}

#[test]
fn every_loop_has_its_recorded_count() {
    let record = Record::from_text(&std::fs::read_to_string(place()).unwrap()).unwrap();
    let recorded: Vec<_> = record
        .counts
        .iter()
        .map(|count| count.name.as_str())
        .collect();
    assert_eq!(recorded, loops::names().collect::<Vec<_>>());
}

#[test]
fn five_percent_more_is_the_most() {
    let recorded = counts(&[("a", 1_000), ("b", 100)]);
    let accepts = |list: &[(&str, u64)]| judge(&recorded, &counts(list)).is_accepted;
    assert!(accepts(&[("a", 1_000), ("b", 100)]));
    assert!(accepts(&[("a", 1_050), ("b", 1)]));
    assert!(!accepts(&[("a", 1_051), ("b", 100)]));
    assert!(!accepts(&[("a", 1_000), ("b", 106)]));
}

#[test]
fn a_loop_that_comes_or_goes_has_to_be_recorded() {
    let one = counts(&[("a", 10)]);
    let two = counts(&[("a", 10), ("b", 20)]);
    let came = judge(&one, &two);
    assert!(!came.is_accepted && came.lines[2].ends_with("not recorded"));
    let gone = judge(&two, &one);
    assert!(!gone.is_accepted && gone.lines[2].ends_with("there is no such loop"));
}

#[test]
fn a_gain_worth_keeping_is_pointed_out() {
    let verdict = judge(&counts(&[("a", 100)]), &counts(&[("a", 90)]));
    assert!(verdict.is_accepted && verdict.lines[1].contains("-10.0 %  better"));
}

#[test]
fn what_is_recorded_is_read_back() {
    let record = Record::new(counts(&[("a", 10), ("b", 20)]));
    assert_eq!(Record::from_text(&record.to_text()), Ok(record));
    assert!(Record::from_text("a = many").is_err());
    assert!(Record::from_text("a = 0").is_err());
    assert!(Record::from_text("a: 1").is_err());
}

#[test]
fn the_number_is_found_in_a_report() {
    let report = "==7== Events    : Ir\n==7== Collected : 240817\n==7==\n";
    assert_eq!(valgrind::collected(report), Some(240_817));
    assert_eq!(valgrind::collected("==7== killed"), None);
}
