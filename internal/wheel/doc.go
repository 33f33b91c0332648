// Package wheel keeps very many timers with one timer of the runtime.
//
// Nearly all timers of a node are timeouts that never come: set, and stopped a
// moment later. So what must be cheap is to set and to stop, however many are
// under way. An [Entry] is embedded by value in the thing that waits; a [Wheel]
// links it into a list, so that setting allocates nothing, stopping is an unlink,
// and a million timers take no memory but their own.
//
// # How it works
//
// A time is a count of nanoseconds since the wheel was made, read as eleven digits
// of six bits. The cursor is a time that nothing set lies before. An entry whose
// time differs from the cursor first in digit L (counted from the lowest) is on
// level L, in the slot that its digit L names: 11 levels of 64 slots, a bit for
// each that holds something. Two things follow. Whatever is on a lower level is
// due earlier, and on one level the slots are in the order of time: the next slot
// is two bit scans away. And a slot's place depends on time alone, so entries due
// at the same nanosecond are always in the same list, in the order of setting.
//
// When the next slot comes up the cursor moves into it and its entries fall to
// lower levels; on level 0 a slot is one nanosecond, and what is there fires.
// This is a wheel with a tick of a nanosecond, or a radix heap. The usual wheel
// has ticks of a millisecond, which would round a timer of 300 us up to 1 ms, and
// leave the order within a tick to be sorted. That the tick is small costs nothing,
// since nobody counts ticks: each slot knows a time that none of its entries is
// due before (the earliest ever put in), and the runtime's timer is set to that of
// the next slot, be it on a high level. An entry that is alone is met at its
// exact time, with one wake. One that has been stopped may leave a wake that
// finds nothing to do; in exchange, while something earlier is set, to set and to
// stop do not touch the runtime's timer. When nothing is set, at most one timer of the
// runtime is.
//
// # Rules for callers
//
// Nothing fires before its time. It fires later by what the clock is late, and by
// the callbacks before it: these run one after the other, in order of due time,
// then of setting, on a goroutine that lasts as long as something is due. So they
// must be short and must not wait. They run outside all locks of the wheel and may
// call any of its methods.
//
// A stop that comes while the callback begins is told that it came too late.
// Whoever must know that the callback is over, or that it does nothing, sees to it
// with a lock and a state of his own, which the callback looks at.
package wheel
