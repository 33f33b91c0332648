package sqlite

import (
	"encoding/binary"
	"hash/crc32"

	"github.com/kista-go/kista/store"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// checksum is stored with each event and snapshot. It covers the journal's id
// and the number too, so that a row in a wrong place is found as well as one
// with a wrong content. SQLite checks its structures, not what is in them.
func checksum(id store.PersistenceID, seq store.Seq, nanos int64, manifest string, payload []byte) int64 {
	var n [32]byte
	binary.BigEndian.PutUint64(n[0:], uint64(seq))
	binary.BigEndian.PutUint64(n[8:], uint64(nanos))
	binary.BigEndian.PutUint64(n[16:], uint64(len(id)))
	binary.BigEndian.PutUint64(n[24:], uint64(len(manifest)))
	sum := crc32.Update(0, castagnoli, n[:])
	sum = crc32.Update(sum, castagnoli, []byte(id))
	sum = crc32.Update(sum, castagnoli, []byte(manifest))
	return int64(crc32.Update(sum, castagnoli, payload))
}
