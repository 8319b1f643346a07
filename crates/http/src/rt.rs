//! hyper's idea of a runtime, met by bowerbird: streams, time and tasks. For the server of this
//! crate, and for whoever brings a hyper stack of their own. Knows nothing of HTTP.

mod io;

mod timer;

mod executor;

pub use executor::Executor;
pub use io::Io;
pub use timer::{Delay, Timer};
