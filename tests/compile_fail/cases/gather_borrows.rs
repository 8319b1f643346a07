//! What `gather` is given becomes tasks, which must own what they use.

fn main() {
    bowerbird::run(async {
        let words = vec![String::from("one"), String::from("two")];
        let lengths = words.iter().map(|word| async move { word.len() });
        bowerbird::gather(lengths).await.unwrap();
    });
}
