//! Names to addresses, remembered for a while, and looked up once for all who ask at a time. The
//! system's resolver does the looking up; the connector calls this.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bowerbird::{Lock, get_running_loop, lookup_host};

/// Names that are remembered; beyond these, what is out of date is forgotten.
const NAMES: usize = 1_000;

/// See the module.
#[derive(Debug)]
pub(super) struct Dns {
    /// How long an answer is good.
    ttl: Duration,
    /// What is known of each name.
    names: Mutex<HashMap<String, Arc<Lock<Known>>>>,
}

/// What is known of a name. Whoever has its lock asks the resolver; others wait for the answer.
#[derive(Debug, Default)]
struct Known {
    /// The answer, and when it came.
    answer: Option<(Instant, Answer)>,
}

/// Addresses; or why there are none, for all who waited while it was asked.
type Answer = Result<Vec<IpAddr>, (io::ErrorKind, Arc<str>)>;

impl Dns {
    pub(super) fn new(ttl: Duration) -> Self {
        Self {
            ttl,
            names: Mutex::new(HashMap::new()),
        }
    }

    /// The addresses of a host, the two families in turns.
    ///
    /// - Cancel: leaves the asking to the next who waits.
    ///
    /// # Errors
    /// The resolver's.
    pub(super) async fn lookup(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        if let Ok(ip) = host.parse::<IpAddr>() {
            return Ok(vec![(ip, port).into()]);
        }
        let began = time()?;
        let name = self.name(host);
        let mut known = name.acquire().await;
        let is_good = |(since, answer): &(Instant, Answer)| {
            // Everybody's who asked before it was known; and a failure is nobody's after.
            let is_ours = *since >= began;
            is_ours || answer.is_ok() && began.saturating_duration_since(*since) < self.ttl
        };
        if !known.answer.as_ref().is_some_and(is_good) {
            let asked = lookup_host((host, port)).await;
            let answer = match asked {
                Ok(addrs) => Ok(addrs.iter().map(SocketAddr::ip).collect()),
                Err(error) => Err((error.kind(), error.to_string().into())),
            };
            known.answer = Some((time()?, answer));
        }
        match &known.answer {
            Some((_, Ok(ips))) => Ok(in_turns(ips, port)),
            Some((_, Err((kind, text)))) => Err(io::Error::new(*kind, &**text)),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// What is known of a name, made where it is new.
    fn name(&self, host: &str) -> Arc<Lock<Known>> {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(name) = names.get(host) {
            return name.clone();
        }
        if names.len() >= NAMES {
            // Those that somebody asks for at this moment are held elsewhere, too.
            names.retain(|_, name| Arc::strong_count(name) > 1);
        }
        let name = Arc::new(Lock::new(Known::default()));
        names.insert(host.to_owned(), name.clone());
        name
    }
}

/// The families in turns, so that one that leads nowhere holds up the other by one attempt.
fn in_turns(ips: &[IpAddr], port: u16) -> Vec<SocketAddr> {
    let is_leading = |ip: &&IpAddr| ips.first().is_some_and(|one| one.is_ipv4() == ip.is_ipv4());
    let (leading, following): (Vec<&IpAddr>, Vec<&IpAddr>) = ips.iter().partition(is_leading);
    let mut following = following.into_iter();
    let mut turns = Vec::with_capacity(ips.len());
    for ip in leading {
        turns.push((*ip, port).into());
        turns.extend(following.next().map(|ip| SocketAddr::from((*ip, port))));
    }
    turns.extend(following.map(|ip| SocketAddr::from((*ip, port))));
    turns
}

fn time() -> io::Result<Instant> {
    let running = get_running_loop().map_err(io::Error::other)?;
    Ok(running.time())
}

#[cfg(test)]
mod tests {
    //! Promises about what is asked, and how often.

    use super::*;

    #[test]
    fn families_take_turns_beginning_with_the_first() {
        let ips = ["::1", "::2", "::3", "1.1.1.1"].map(|ip| ip.parse().unwrap());
        let turns: Vec<String> = in_turns(&ips, 80)
            .iter()
            .map(|a| a.ip().to_string())
            .collect();
        assert_eq!(turns, ["::1", "1.1.1.1", "::2", "::3"]);
    }

    #[test]
    fn an_answer_is_kept_and_a_failure_is_not() {
        bowerbird::run(async {
            let dns = Dns::new(Duration::from_secs(60));
            let asked = dns.lookup("localhost", 80).await.unwrap();
            assert!(asked.iter().all(|addr| addr.ip().is_loopback()));
            let name = dns.name("localhost");
            name.acquire().await.answer =
                Some((time().unwrap(), Ok(vec!["9.9.9.9".parse().unwrap()])));
            let kept = dns.lookup("localhost", 81).await.unwrap();
            assert_eq!(kept, ["9.9.9.9:81".parse().unwrap()]);

            let failure = Err((io::ErrorKind::NotFound, "gone".into()));
            let earlier = time().unwrap();
            bowerbird::sleep(Duration::from_millis(1)).await;
            name.acquire().await.answer = Some((earlier, failure));
            assert!(
                dns.lookup("localhost", 80).await.unwrap()[0]
                    .ip()
                    .is_loopback()
            );
        });
    }

    #[test]
    fn who_asks_together_is_answered_together_however_short_an_answer_is_good() {
        bowerbird::run(async {
            let dns = Arc::new(Dns::new(Duration::ZERO));
            let name = dns.name("localhost");
            let mut asking = name.acquire().await;
            let mut waiting = Box::pin(dns.lookup("localhost", 80));
            assert!(
                futures_lite::future::poll_once(&mut waiting)
                    .await
                    .is_none()
            );
            let answer: IpAddr = "9.9.9.9".parse().unwrap();
            asking.answer = Some((time().unwrap(), Ok(vec![answer])));
            drop(asking);
            assert_eq!(waiting.await.unwrap(), [(answer, 80).into()]);
            bowerbird::sleep(Duration::from_millis(2)).await;
            let asked = dns.lookup("localhost", 80).await.unwrap();
            assert!(asked[0].ip().is_loopback(), "{asked:?}");
        });
    }
}
