//! A blocking call may go on after its caller, so it must own what it uses.

async fn sum(numbers: &[u32]) -> u32 {
    let call = bowerbird::to_thread(|| numbers.iter().sum());
    call.await.unwrap()
}

fn main() {
    bowerbird::run(sum(&[1, 2]));
}
