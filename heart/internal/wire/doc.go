// Package wire is what a node and its heart say to each other, and how it looks as bytes.
//
// A *message* is one packet of a socket that keeps packets apart, at most [MaxPacket] bytes, with file descriptors beside it.
// All messages have the same fields ([Message]); what they mean depends on the [Op]. The node asks and the heart answers, each
// question once, in order, with the question's number; the heart says nothing by itself.
//
// The heart trusts nothing that it reads here: [Decode] never panics, never allocates more than the packet holds, and takes
// only bytes that [Message.Append] makes. A packet that is none of these ends the conversation, never the heart.
package wire
