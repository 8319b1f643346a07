//! An argument without its value.

#[bowerbird::main(worker_threads)]
async fn main() {}
