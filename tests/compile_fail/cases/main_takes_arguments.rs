//! Nobody could pass them.

#[bowerbird::main]
async fn main(words: Vec<String>) {
    drop(words);
}
