//! Promises about the order of attempts, kept by a race whose clock the kernel is.

use std::net::TcpListener;
use std::sync::Mutex;

use super::*;

fn addr(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

#[test]
fn families_take_turns_beginning_with_the_first() {
    let given = ["[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1", "2.2.2.2:1"].map(addr);
    let turns = ["[::1]:1", "1.1.1.1:1", "[::2]:1", "2.2.2.2:1", "[::3]:1"].map(addr);
    assert_eq!(interleaved(given.to_vec()), turns);
    let given = ["1.1.1.1:1", "[::1]:1", "[::2]:1", "[::3]:1"].map(addr);
    let turns = ["1.1.1.1:1", "[::1]:1", "[::2]:1", "[::3]:1"].map(addr);
    assert_eq!(interleaved(given.to_vec()), turns);
    assert_eq!(interleaved(vec![]), []);
}

/// A listener whose backlog is full, so that an attempt to connect to it goes on for minutes; and
/// what keeps it full.
fn silent() -> (TcpListener, Vec<TcpStream>) {
    let listener = bowerbird_io::net::listen(addr("127.0.0.1:0"), 0).unwrap();
    let at = listener.local_addr().unwrap();
    let mut callers = Vec::new();
    loop {
        assert!(callers.len() < 64, "everyone was connected");
        let caller = bowerbird_io::net::start_connect(at).unwrap();
        let is_waiting = bowerbird_io::net::finish_connect(&caller).is_err();
        callers.push(caller);
        if is_waiting {
            return (listener, callers);
        }
    }
}

fn listening() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    (listener, at)
}

/// Runs a race, and says to whom it connected and whom it tried.
fn race(
    addrs: &[SocketAddr],
    stagger: Option<Duration>,
) -> (io::Result<SocketAddr>, Vec<SocketAddr>) {
    let tried = Mutex::new(Vec::new());
    let begin = |addr| {
        tried.lock().unwrap().push(addr);
        bowerbird_io::net::start_connect(addr)
    };
    let connected = crate::run(first(begin, addrs.to_vec(), stagger));
    let connected = connected.and_then(|stream| stream.get_ref().peer_addr());
    (connected, tried.into_inner().unwrap())
}

const NEVER: Option<Duration> = Some(Duration::from_secs(3_600));

#[test]
fn the_first_address_that_answers_is_the_only_one_tried() {
    let ((_one, first), (_other, second)) = (listening(), listening());
    let (connected, tried) = race(&[first, second], Some(Duration::ZERO.max(MOMENT)));
    assert_eq!(connected.unwrap(), first);
    assert_eq!(tried, [first]);
}

/// Long enough for an answer of this machine's own, short enough to wait for.
const MOMENT: Duration = Duration::from_millis(50);

#[test]
fn an_address_that_never_answers_costs_one_head_start() {
    let (dead, _callers) = silent();
    let dead = dead.local_addr().map(|at| (at, dead)).unwrap();
    let (_listener, alive) = listening();
    let (connected, tried) = race(&[dead.0, alive], Some(MOMENT));
    assert_eq!(connected.unwrap(), alive);
    assert_eq!(tried, [dead.0, alive]);
}

#[test]
fn a_failure_ends_the_head_start() {
    let refusing = listening().1;
    let (_listener, alive) = listening();
    // An hour would be noticed.
    for stagger in [NEVER, None] {
        let (connected, tried) = race(&[refusing, alive], stagger);
        assert_eq!(connected.unwrap(), alive);
        assert_eq!(tried, [refusing, alive]);
    }
}

#[test]
fn a_failure_of_one_does_not_give_up_the_others() {
    let (dead, _callers) = silent();
    let dead_addr = dead.local_addr().unwrap();
    let refusing = listening().1;
    let (_listener, alive) = listening();
    let (connected, tried) = race(&[dead_addr, refusing, alive], Some(MOMENT));
    assert_eq!(connected.unwrap(), alive);
    assert_eq!(tried, [dead_addr, refusing, alive]);
}

#[test]
fn all_errors_are_told() {
    let refusing = [listening().1, listening().1];
    let (refused, _) = race(&refusing[..1], NEVER);
    let refused = refused.unwrap_err();
    assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
    assert!(refused.get_ref().is_none(), "one error is told as it is");

    let (refused, _) = race(&refusing, NEVER);
    let refused = refused.unwrap_err();
    assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
    let all = refused.get_ref().unwrap();
    let all = all.downcast_ref::<ConnectError>().unwrap();
    let addrs: Vec<SocketAddr> = all.failed().iter().map(|(addr, _)| *addr).collect();
    assert_eq!(addrs, refusing);
    for addr in refusing {
        assert!(refused.to_string().contains(&addr.to_string()));
    }
    assert_eq!(
        race(&[], NEVER).0.unwrap_err().kind(),
        io::ErrorKind::InvalidInput
    );
}

#[test]
fn errors_of_different_kinds_have_none_in_common() {
    let failed = [
        io::ErrorKind::ConnectionRefused,
        io::ErrorKind::HostUnreachable,
    ];
    let failed = failed.map(|kind| (addr("127.0.0.1:1"), kind.into()));
    assert_eq!(summary(failed.into()).kind(), io::ErrorKind::Other);
}
