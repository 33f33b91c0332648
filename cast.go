package kista

// Casted is what a behaviour receives when Msg was cast to it: sent as part of its
// protocol, and not to be answered. [DebugEvent] and reports show Msg.
type Casted struct{ Msg any }
