package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kista-go/kista/etf"
	"github.com/kista-go/kista/term"
)

// MaxName is the size of an account's name and of a tag, encoded.
const (
	MaxName = 200
	MaxTag  = 256
)

// Key returns the text by which an account is known inside the bank: in journals,
// names and labels. Accounts are one exactly where their names are the same term:
// the atom joe, the binary <<"joe">> and the charlist "joe" are three accounts,
// and 1 and 1.0 are two. Where a name has a readable source form that is the key;
// otherwise its encoding in hexadecimal.
func Key(who term.Term) (string, error) {
	enc, err := etf.Encode(who)
	if err != nil {
		return "", fmt.Errorf("ledger: the name of an account: %w", err)
	}
	if len(enc) > MaxName {
		return "", fmt.Errorf("ledger: the name of an account has %d bytes, more than %d", len(enc), MaxName)
	}
	text := term.String(who)
	if len(text) <= 2*MaxName && plain(text) {
		if back, err := term.Parse(text); err == nil && term.Identical(back, who) {
			return text, nil
		}
	}
	return "#" + hex.EncodeToString(enc), nil
}

func plain(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl)
}

// Name returns the account's name of a [Key].
func Name(key string) (term.Term, error) {
	if text, ok := strings.CutPrefix(key, "#"); ok && !strings.HasPrefix(text, "{") {
		enc, err := hex.DecodeString(text)
		if err != nil {
			return nil, fmt.Errorf("ledger: %q is no key", key)
		}
		return etf.DecodeAll(enc)
	}
	return term.Parse(key)
}

// MakeTag returns the Tag of a request. The error says that the tag is too large.
func MakeTag(tag, request term.Term) (Tag, error) {
	id, err := TagID(tag)
	if err != nil {
		return Tag{}, err
	}
	req, _, err := digest(request)
	return Tag{ID: id, Request: req}, err
}

// TagID returns what a tag is known by.
func TagID(tag term.Term) (Digest, error) {
	id, size, err := digest(tag)
	if err == nil && size > MaxTag {
		err = fmt.Errorf("ledger: a tag of %d bytes, more than %d", size, MaxTag)
	}
	return id, err
}

// digest works on the encoding, which is the same for the same term, however
// the peer has written it.
func digest(t term.Term) (d Digest, size int, err error) {
	enc, err := etf.Encode(t)
	if err != nil {
		return d, 0, err
	}
	sum := sha256.Sum256(enc)
	copy(d[:], sum[:])
	return d, len(enc), nil
}
