package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Op says what a message is about.
type Op uint8

// What a node asks, and what the answer's fields are.
const (
	// Hello is the first question. Answer: Data is a [Welcome] as JSON.
	Hello Op = iota + 1
	// Listen asks for the listener of network Key and address Data, which is made
	// if it is not there. Answer: one descriptor.
	Listen
	// Unlisten gives a listener up: fields as for Listen.
	Unlisten
	// Keep gives a connection, its one descriptor, to be kept under Key, with Data
	// as its note; it takes the place of an older one.
	Keep
	// Drop gives up the connection kept under Key, if its number is N, or N is 0.
	Drop
	// Take asks for the kept connections whose keys are greater than Key. Answer: Names are keys and notes by turns, one descriptor
	// for each pair, and Key is where to go on, empty at the end. Data has the numbers of the connections, 8 bytes each.
	Take
	// Renew asks to be killed and started again: Data is why, Names the subtrees
	// that are to stay away.
	Renew
	// Restore lets the subtree Key be there in the next life again.
	Restore
	// Beat says that the node is alive. It has no answer.
	Beat
	// Answer is an answer: Data is an error's text if Failed.
	Answer
	// Failed is an answer that is an error.
	Failed

	last = Failed
)

// Limits of a message.
const (
	// MaxPacket bounds a packet.
	MaxPacket = 64 << 10
	// MaxKey bounds Key and the keys in Names.
	MaxKey = 255
	// MaxNote bounds the Data of a Keep, and each name in Names.
	MaxNote = 1 << 10
	// MaxNames bounds how many Names there are.
	MaxNames = 128
	// MaxFiles is how many descriptors go with one packet.
	MaxFiles = MaxNames / 2
)

// Message is a question or an answer. Its zero value is none.
type Message struct {
	Op    Op
	Seq   uint32 // of the question, and of its answer
	N     uint64
	Key   string
	Data  []byte
	Names []string
}

const version = 1

// ErrMalformed is what [Decode] says of bytes that are no message.
var ErrMalformed = errors.New("heart: not a message of the protocol")

// Check says why a message cannot be sent.
func (m *Message) Check() error {
	switch {
	case m.Op == 0 || m.Op > last:
		return fmt.Errorf("heart: there is no operation %d", m.Op)
	case len(m.Key) > MaxKey:
		return fmt.Errorf("heart: a key of %d bytes; there may be %d", len(m.Key), MaxKey)
	case len(m.Names) > MaxNames:
		return fmt.Errorf("heart: %d names; there may be %d", len(m.Names), MaxNames)
	}
	for _, name := range m.Names {
		if len(name) > MaxNote {
			return fmt.Errorf("heart: a name or note of %d bytes; there may be %d", len(name), MaxNote)
		}
	}
	if n := m.size(); n > MaxPacket {
		return fmt.Errorf("heart: a message of %d bytes; there may be %d", n, MaxPacket)
	}
	return nil
}

const headSize = 1 + 1 + 4 + 8 + 1 + 4 + 2

func (m *Message) size() int {
	n := headSize + len(m.Key) + len(m.Data)
	for _, name := range m.Names {
		n += 2 + len(name)
	}
	return n
}

// Append appends the bytes of a message that [Message.Check] has passed.
func (m *Message) Append(b []byte) []byte {
	b = append(b, version, byte(m.Op))
	b = binary.LittleEndian.AppendUint32(b, m.Seq)
	b = binary.LittleEndian.AppendUint64(b, m.N)
	b = append(b, byte(len(m.Key)))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(m.Data)))
	b = binary.LittleEndian.AppendUint16(b, uint16(len(m.Names)))
	b = append(b, m.Key...)
	b = append(b, m.Data...)
	for _, name := range m.Names {
		b = binary.LittleEndian.AppendUint16(b, uint16(len(name)))
		b = append(b, name...)
	}
	return b
}

// Decode reads the one message that b is. What it returns has memory of its own.
func Decode(b []byte) (m Message, err error) {
	if len(b) < headSize || len(b) > MaxPacket || b[0] != version {
		return m, ErrMalformed
	}
	m.Op, m.Seq, m.N = Op(b[1]), binary.LittleEndian.Uint32(b[2:]), binary.LittleEndian.Uint64(b[6:])
	key, data, names := int(b[14]), binary.LittleEndian.Uint32(b[15:]), int(binary.LittleEndian.Uint16(b[19:]))
	rest := b[headSize:]
	if m.Op == 0 || m.Op > last || names > MaxNames || uint64(key)+uint64(data) > uint64(len(rest)) {
		return Message{}, ErrMalformed
	}
	m.Key = string(rest[:key])
	rest = rest[key:]
	if data > 0 {
		m.Data = append([]byte(nil), rest[:data]...)
	}
	rest = rest[data:]
	for range names {
		if len(rest) < 2 {
			return Message{}, ErrMalformed
		}
		n := int(binary.LittleEndian.Uint16(rest))
		rest = rest[2:]
		if n > MaxNote || n > len(rest) {
			return Message{}, ErrMalformed
		}
		m.Names = append(m.Names, string(rest[:n]))
		rest = rest[n:]
	}
	if len(rest) > 0 {
		return Message{}, ErrMalformed
	}
	return m, nil
}
