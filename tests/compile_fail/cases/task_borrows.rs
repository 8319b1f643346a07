//! A task may outlive the function that creates it, so it must own what it uses.

async fn count(words: &str) -> usize {
    let task = bowerbird::create_task(async { words.len() });
    task.await.unwrap()
}

fn main() {
    bowerbird::run(count("one two"));
}
