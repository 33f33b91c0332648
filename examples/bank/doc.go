// Package bank is the bank of the talk, whole: accounts behind two ports, kept
// on disk, under supervision. It is the program to read after the kernel's
// essay, because everything that the talk asks of a system is in it once:
// processes, messages, links, supervisors, journals, and what to do about a fault
// that does not go away. It is also what the command kista shows.
//
//	b, err := bank.Start(ctx, node, bank.Config{Data: "data", Port: bank.Port, RobustPort: bank.RobustPort})
//
// # The tree
//
//	bank                          rest for one, 10 restarts in a second
//	├── store                     opens the journals and keeps them open
//	├── accounts                  starts accounts on demand, restarts them, quarantine
//	│   ├── account joe           a server: the state of one account, its journal
//	│   │   └── courier joe 7     carries one transfer to its payee
//	│   └── account mike
//	└── front                     one for one, likewise
//	    ├── counter               the plain port: rest for one, likewise
//	    │   ├── counter.connections
//	    │   │   └── connection 127.0.0.1:40312
//	    │   └── counter.listener
//	    └── robust                the robust port, the same
//	        ├── robust.connections
//	        └── robust.listener
//
// The order is who needs whom: without the store no account can work, without
// accounts no connection, so that the death of one restarts what stands behind
// it, and nothing before it. What fails often stands where its failing costs
// little: a connection's death costs its client a new one; an account's, a replay.
//
// A child that ends is started again at once, so an intensity must tell bad luck
// from a crash loop. A restart takes a millisecond or less here, and a loop of
// them has the ten within moments; the supervisor then gives up, the one above
// restarts the larger part, and if that does not help either the whole bank ends,
// seconds later, with the reason. Faults that come more rarely, ten a second if it
// must be, are lived with: each costs little, and clients repeat their requests.
// A supervisor whose restarts are dear would have a longer period. Accounts and
// connections are not counted at all. There are many, started by strangers'
// requests, and no stranger shall be able to use up the patience that is meant for
// the bank: connections are temporary children, and accounts have a parent of their
// own kind.
//
// For people and for tools, every process is labelled "bank" and its name above
// (Config.Name stands for "bank"), such as "bank account joe"; connections are
// "bank counter.connection" and "bank robust.connection" with the client's
// address. The processes of the tree are registered as "bank", "bank.store",
// "bank.accounts", "bank.front", "bank.counter", "bank.counter.listener" and so on,
// accounts as "bank.account/" and their key.
//
// # The plain protocol
//
// A request is an Erlang term, in the external term format, in a frame with its
// length in four bytes before it; so is the reply. Requests on one connection are
// answered in their order.
//
//	{deposit,Who,X}          {ok,Balance}
//	{withdraw,Who,X}         {ok,Balance} | {error,{not_enough_money,Balance}}
//	{balance,Who}            {ok,Balance}
//	{transfer,From,To,X}     {ok,Balance of From} | {error,{not_enough_money,Balance}}
//
// X is an integer greater than 0, as large as a balance may be (Limits.Bits). Who
// is any term of at most 200 bytes, and accounts are one exactly where their names
// are the same term: the atom joe, the binary <<"joe">> and the charlist "joe" are
// three. An account that nobody has used has the balance 0. Other answers:
//
//	{error,bad_request}           no request, or no term
//	{error,too_much_money}        the balance would exceed its limit; of a transfer,
//	                              the payee's, and the money is back
//	{error,same_account}          a transfer from an account to itself
//	{error,quarantined}           see below; nothing was done
//	{error,too_many_transfers}    too many of this account are under way; nothing was done
//	{error,unavailable}           no answer in time: the request may or may not have
//	                              been carried out, or will be
//	{error,frame_too_large}       and the connection is closed
//	{error,too_many_connections}  and the connection is closed
//
// # The robust protocol
//
// unavailable is the answer that one would like not to get. On the robust port a
// request carries a tag, any term of at most 256 bytes that the client has not
// used before, and may be repeated until there is an answer: after a timeout, over
// another connection, after a crash of the server. It is carried out once.
//
//	{call,Tag,Request}       {ack,Tag,Reply} | {nack,Tag,Why}
//	{delete_tag,Tag}         {ack,Tag,deleted} | {ack,Tag,unknown} | {nack,Tag,Why}
//	{delete_tag,Tag,Who}     the same
//
// An ack is final: the same call gives the same ack, and has no further effect. A
// nack says that there is no final answer yet, and that the call may be repeated
// with the same tag: unavailable, quarantined, too_many_transfers or
// too_many_tags. (A balance is not recorded: asked again, it is what it is then.)
//
// A tag belongs to the account that its request concerns, of a transfer the payer.
// Tag, request, reply and effect are one event in that account's journal, so there
// is no moment at which a crash could part them. A tag that comes with another
// request is answered {ack,Tag,{error,tag_reused}}.
//
// A client that has its answer deletes the tag. A connection knows the accounts of
// the tags that it has acknowledged; on another one the client names the account,
// or repeats the call first. A deletion that is lost costs room, never money.
// Tags that nobody deletes are kept with their replies for a day, the last thousand of
// each account, and after that ten thousand by name only: a repetition is then
// answered {ack,Tag,{error,tag_expired}}, which means that it was carried out, or
// refused, long ago. When there is no room for names either, requests with new tags
// are told too_many_tags until the client deletes some. No tag is forgotten
// otherwise, so one that the account does not know is new: no request is ever
// carried out twice. Whoever would rather forget sets Limits.TagRetention, and
// promises that no client repeats a request after that time.
//
// # Transfers
//
// Payer and payee have journals of their own, and no transaction spans them.
// The payer's debit and its outbox entry are one event; a courier asks the payee,
// who notes the transfer's name with the credit in one event and does nothing the
// second time; then the payer settles, the client has its reply, and the names are
// taken off the books at both ends. Wherever this breaks off, the payer's next
// incarnation goes on. While it has anything in its outbox a mark in the store says
// so, by which a bank that starts finds those accounts without reading all others.
// A payee whose balance would become too large declines, for good, and the money
// returns. In between, the amount is on neither balance: [Bank.Audit] finds it
// under way. The reply comes when the outcome is in the payer's journal, so that
// an acknowledged transfer is on the payee's balance.
//
// # A fault that does not go away
//
// An account that dies of its own journal would die of it again after each
// restart. The accounts process knows which event each start has come to, however
// it ends: a panic, a Goexit, a loop that is killed for taking too long, damage on
// the disk. The second death at the same event is the last: the account goes into
// quarantine, is logged and reported (Config.Notify), and starts the simpler way,
// read only, from the state before that event. Balances are told, changes are
// not made, transfers to it wait. That is kept in a journal too, so that a restart
// of the bank does not begin with two more deaths. [Bank.Release] lets it out, when
// the code has been mended or without the event. Other accounts, and the
// supervisors, do not notice.
//
// # Live things
//
// Journals, sockets and the Fault hook are not data and never travel in
// messages. They reach a process as code does, in the closure that it runs; what
// one incarnation must find of another lies in a slot, which whoever owns it
// claims before use. Whoever was killed and comes back finds its claim void, and
// its writes fenced off by the token of the next incarnation.
package bank
