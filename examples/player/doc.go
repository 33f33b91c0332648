// Package player puts things together, as the talk "Making reliable distributed systems in the presence of software errors" asks: a
// player of songs that is made of three boxes, which know nothing of each other but contracts, with a checker on each boundary.
//
//	               player.con                 library.con
//	the listener ────────────── the player ───────────────── the library
//	                                │
//	                                │ speaker.con
//	                                └──────────────────────── the speaker
//
// The player takes {play,Song} only in the state active; nobody wrote code for that, the contract says it. Each box is reached by a
// checked address (package contract/checked), is supervised, and can be replaced by any other that keeps the contract. If one breaks its
// contract, the checker says which one, and that box ends, not the one who trusted it.
package player
