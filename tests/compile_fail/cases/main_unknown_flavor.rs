//! A flavour that does not exist.

#[bowerbird::main(flavor = "many_threads")]
async fn main() {}
