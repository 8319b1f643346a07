//! A value of the wrong kind.

#[bowerbird::main(worker_threads = "3", debug = 1)]
async fn main() {}
