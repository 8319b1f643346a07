//! `wait` takes tasks: what it gives back must go on by itself.

fn main() {
    bowerbird::run(async {
        bowerbird::wait([async { 1 }]).await;
    });
}
