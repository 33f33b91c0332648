// Package slab keeps small values under keys in a piece of memory that outlives the process that writes it: a file in memory,
// mapped by one life of a node after the other.
//
// The memory is cut into *chunks* of [ChunkSize], each for values of one *class*, sizes of which are powers of two. A *slot*
// has room for two *versions* of a value, each with its key, a number that rises and a checksum, and a *selector*, one word
// that says which of them holds. To commit is to write the other version and then the selector: a process that ends at any
// instruction leaves the old value or the new one, never a mixture. A value that grows out of its class moves to a slot of a
// larger one, and is there twice for a moment; the higher number holds.
//
// The next life trusts nothing of what it finds, for the last one may have scribbled on it while it died: every number is
// checked before it is used, every value against its checksum before it is given out. What does not fit is broken
// ([ErrBroken]), and its owner begins anew; the rest stays good. No content makes this package panic or read beyond the
// memory.
//
// There is one user of a memory at a time. A memory of zeros is an empty slab.
package slab
