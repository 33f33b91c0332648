// Package storetest is the conformance suite of [store.Journal]: what every
// driver must pass, whatever it stores in. Its tests know a driver only by the
// interface.
//
//	func TestConformance(t *testing.T) {
//		storetest.Run(t, storetest.Driver{
//			Open: func(t testing.TB, l store.Limits) store.Journal { ... },
//		})
//	}
//
// A driver that keeps journals over the end of the program gives Reopen too.
// It should have tests of its own for what no interface shows: that a crash
// loses nothing that was acknowledged, and that damage is found.
package storetest
