// Package parent is the heart itself: the process above a node, in which nothing runs but this package.
//
// A *life* is one run of the node's program. The heart starts it, holds what it is given for the next life (listeners,
// connections, a file in memory), waits for its end, and decides: end as well, or another life, at once or after a pause, with
// everything or without what has killed it. The decision is a pure function of the deaths so far ([History]); what a fatal
// error says of its culprit is read from the runtime's report ([Read]).
//
// The heart must outlive whatever the node does. So it parses nothing but packets of package wire, never waits for the node
// (who does not take an answer in time gets none any more), has a limit for everything that it holds, and never looks into the
// memory that it keeps. It is also a good process 1: it reaps whatever becomes its child, and hands signals on.
package parent
