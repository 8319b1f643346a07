//! asyncio's `Future`, our `Promise`.

mod callbacks;

mod many_awaiters;

mod states;
