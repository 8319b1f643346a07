//! An attribute with an argument that it does not have.

#[bowerbird::main(workers = 3)]
async fn main() {}
