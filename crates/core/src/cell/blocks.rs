//! The memory of cells: from the allocator, or a block that this thread has kept of a cell before.
//!
//! Tasks come and go in a few sizes, many at a time, which is what allocators are worst at. So a
//! thread that works for a loop keeps the blocks of tasks that end on it, up to a limit, for those
//! it makes next ([`keep_blocks`]); all other threads keep none. Called by the cell alone. It knows
//! sizes, not tasks: it never runs a destructor.
//!
//! ```text
//!  heads[2] ──► 72 bytes ──► 72 bytes ──► null     a block that is kept begins with the next one
//!  heads[3] ──► null
//!  heads[4] ──► 88 bytes ──► null                  room: bytes that may still be kept
//! ```

use std::alloc::{self, Layout};
use std::cell::Cell;
use std::marker::PhantomData;
use std::ptr::{self, NonNull};

/// How every block is aligned; what needs more is not kept.
const ALIGN: usize = 8;
/// Blocks differ by so many bytes, which is by how much cells do: none takes more than its own.
const STEP: usize = ALIGN;
/// What the smallest blocks hold.
const SMALLEST: usize = 56;
/// How many sizes of blocks there are; what is larger is not kept.
const SIZES: usize = 64;
/// How much a thread keeps at most, in bytes: ten thousand small tasks. Nothing where a checker is
/// to see every cell come and go, and little where each step takes it long.
const ROOM: usize = if cfg!(bowerbird_plain_blocks) {
    0
} else if cfg!(miri) {
    1 << 12
} else {
    1 << 20
};

/// A block that is kept.
struct Spare {
    /// The one that was kept before.
    next: *mut Spare,
}

/// What a thread has kept.
struct Shelf {
    /// The block kept last, for each size, or null.
    heads: [Cell<*mut Spare>; SIZES],
    /// Bytes that may still be kept.
    room: Cell<usize>,
    /// Whether anything is.
    is_open: Cell<bool>,
}

thread_local! {
    /// Nothing of it has a destructor: [`KeptBlocks`] empties it.
    static SHELF: Shelf = const {
        Shelf {
            heads: [const { Cell::new(ptr::null_mut()) }; SIZES],
            room: Cell::new(0),
            is_open: Cell::new(false),
        }
    };
}

/// As long as this lives, the thread that made it keeps the memory of tasks that end on it, up to
/// a megabyte, for those that it makes. Of several on one thread the first one counts.
#[derive(Debug)]
#[must_use = "what is kept is given back when this drops"]
pub struct KeptBlocks {
    /// Whether it is this one that gives the blocks back.
    is_first: bool,
    /// They are this thread's.
    _here: PhantomData<*const ()>,
}

/// Keeps the memory of tasks on this thread from now on; see [`KeptBlocks`].
pub fn keep_blocks() -> KeptBlocks {
    let is_first = SHELF.with(|shelf| {
        let was_open = shelf.is_open.replace(true);
        if !was_open {
            shelf.room.set(ROOM);
        }
        !was_open
    });
    KeptBlocks {
        is_first,
        _here: PhantomData,
    }
}

impl Drop for KeptBlocks {
    fn drop(&mut self) {
        if self.is_first {
            SHELF.with(Shelf::close);
        }
    }
}

/// Memory for a `T`, as `Box` would have it.
#[inline]
pub(super) fn allocate<T>(value: T) -> NonNull<T> {
    let block = match const { size_of_block(Layout::new::<T>()) } {
        Some(size) => SHELF.with(|shelf| shelf.take(size)).cast(),
        None => return NonNull::from(Box::leak(Box::new(value))),
    };
    // SAFETY: the block is nobody else's, and at least as large and as aligned as a `T`.
    unsafe { block.write(value) };
    block
}

/// Drops the value and takes its memory back.
///
/// # Safety
/// The pointer came from [`allocate`] of this very type, once, and nobody uses it any more.
#[inline]
pub(super) unsafe fn free<T>(value: NonNull<T>) {
    let Some(size) = (const { size_of_block(Layout::new::<T>()) }) else {
        // SAFETY: what has no size of block was boxed; the rest is this function's contract.
        return drop(unsafe { Box::from_raw(value.as_ptr()) });
    };
    let _goes_last = Emptied {
        block: value.cast(),
        size,
    };
    // SAFETY: it lives and is nobody else's, by this function's contract.
    unsafe { value.drop_in_place() };
}

/// A block whose value is on its way out; it goes back even if a destructor panics.
struct Emptied {
    /// The block, which nobody uses once this drops.
    block: NonNull<Spare>,
    /// Its size.
    size: usize,
}

impl Drop for Emptied {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: `free` made this of a block of that size, and the value in it is gone.
        SHELF.with(|shelf| unsafe { shelf.put(self.block, self.size) });
    }
}

/// Which size of block has room for that, if one has.
const fn size_of_block(layout: Layout) -> Option<usize> {
    let size = layout.size().saturating_sub(SMALLEST).div_ceil(STEP);
    if size < SIZES && layout.align() <= ALIGN {
        Some(size)
    } else {
        None
    }
}

/// What a block of that size is to the allocator.
const fn layout(size: usize) -> Layout {
    match Layout::from_size_align(SMALLEST + size * STEP, ALIGN) {
        Ok(layout) => layout,
        Err(_) => unreachable!(),
    }
}

impl Shelf {
    /// A block that was kept, or a new one.
    #[inline]
    fn take(&self, size: usize) -> NonNull<Spare> {
        let Some(spare) = NonNull::new(self.heads[size].get()) else {
            return fresh(size);
        };
        // SAFETY: whatever is on the shelf was written by `put`, and belongs to this thread alone.
        self.heads[size].set(unsafe { spare.as_ref() }.next);
        self.room.set(self.room.get() + layout(size).size());
        spare
    }

    /// Keeps a block if there is room for it, else gives it back.
    ///
    /// # Safety
    /// The block came from `take` of that size, and nobody uses it any more.
    #[inline]
    unsafe fn put(&self, block: NonNull<Spare>, size: usize) {
        let Some(room) = self.room.get().checked_sub(layout(size).size()) else {
            // SAFETY: passed on from this function's contract.
            return unsafe { give_back(block, size) };
        };
        let next = self.heads[size].get();
        // SAFETY: the block is ours by this function's contract, and holds a pointer at least.
        unsafe { block.write(Spare { next }) };
        self.heads[size].set(block.as_ptr());
        self.room.set(room);
    }

    /// Gives all blocks back and keeps none any more.
    fn close(&self) {
        self.is_open.set(false);
        for size in 0..SIZES {
            while !self.heads[size].get().is_null() {
                let spare = self.take(size);
                // SAFETY: it was taken in the line above.
                unsafe { give_back(spare, size) };
            }
        }
        self.room.set(0);
    }
}

/// A block from the allocator.
#[cold]
#[inline(never)]
fn fresh(size: usize) -> NonNull<Spare> {
    // SAFETY: no layout of a block is empty.
    let block = unsafe { alloc::alloc(layout(size)) };
    NonNull::new(block.cast()).unwrap_or_else(|| alloc::handle_alloc_error(layout(size)))
}

/// Gives a block back to the allocator.
///
/// # Safety
/// The block came from [`fresh`] of that size, and nobody uses it any more.
#[cold]
#[inline(never)]
unsafe fn give_back(block: NonNull<Spare>, size: usize) {
    // SAFETY: by this function's contract it came from the allocator with this layout.
    unsafe { alloc::dealloc(block.as_ptr().cast(), layout(size)) };
}

#[cfg(all(test, not(loom)))]
mod tests;
