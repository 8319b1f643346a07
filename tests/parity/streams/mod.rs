//! Connections as streams.

mod echo;

mod reading;
