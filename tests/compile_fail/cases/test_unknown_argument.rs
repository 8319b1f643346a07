//! An attribute with an argument that it does not have.

#[bowerbird::test(workers = 3)]
async fn works() {}

fn main() {}
