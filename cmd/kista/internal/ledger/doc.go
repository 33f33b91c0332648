// Package ledger is the other side of the demo: clients in a process of their
// own that use a bank over its robust port, note every request whose outcome
// they know, and repeat a request with its tag until they know it. At the end
// they hold their notes against the balances that the bank tells. Nothing here
// shares memory, or trust, with the bank.
package ledger
