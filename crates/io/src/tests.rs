//! Timers, readiness and deregistration under loom. Other tests are beside what they test.

mod loom;
