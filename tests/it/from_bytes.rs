//! Promises that hold whatever bytes come. The fuzzer's targets (`fuzz/`) include the files of this
//! folder one by one, so each stands alone; the tests here feed them random bytes.

use proptest::prelude::*;

mod contexts;

#[cfg(unix)]
mod streams;

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config(500))]

    #[test]
    fn contexts_do_what_maps_do(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        contexts::check(&bytes);
    }
}

#[cfg(unix)]
proptest! {
    #![proptest_config(config(200))]

    #[test]
    fn reads_give_the_bytes_that_came_and_no_more_than_the_limit(
        bytes in prop::collection::vec(0..40_u8, 0..200),
    ) {
        streams::check(&bytes);
    }
}
