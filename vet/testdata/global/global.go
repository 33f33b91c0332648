package global

import (
	"errors"
	"net/http"
	"os"
	"regexp"
	"sync"
	"sync/atomic"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/vet/testdata/helper"
)

var (
	count    int
	seen     = map[string]bool{}
	latest   struct{ name string }
	list     []int
	hits     atomic.Int64
	shared   sync.Map
	early    string
	settings = map[string]string{}

	errNo   = errors.New("no")
	pattern = regexp.MustCompile("a+")
	table   = map[string]int{"a": 1}
	names   = map[string]int{"a": 1}
	buffers = sync.Pool{New: func() any { return new([64]byte) }}
	double  = kista.Code("double/1", func(n int) int { return 2 * n })
	mux     server.Mux[state]

	// tally is for people.
	//
	//kista:allow global it is a statistic: nobody decides by it
	tally int
)

type state struct{ n int }

type next struct{ server.Replies[int] }

func init() {
	settings["a"] = "b"
	server.OnCall(&mux, func(c *server.Ctx, s *state, q next) (int, error) {
		count++     // want `global: package variable count, which changes \(global.go:\d+\), is used`
		s.n = count // said already
		tally++
		return names["a"], nil
	})
}

func body(s *kista.Self) error {
	seen["x"] = true       // want `global: package variable seen`
	latest.name = "x"      // want `global: package variable latest`
	list = append(list, 1) // want `global: package variable list`
	hits.Add(1)            // want `global: package variable hits`
	shared.Store("a", 1)   // want `global: package variable shared`
	_ = early              // set by main before there are processes
	_ = settings["a"]      // by init
	_ = names["b"]
	_ = pattern.MatchString("b")
	_ = buffers.Get()
	_ = double.Func()(2)
	_ = os.Args
	_ = helper.Answers             // want `global: package variable Answers, which changes \(helper.go:59\)`
	http.DefaultClient.Timeout = 1 // want `global: http.DefaultClient of another package is changed`
	return errNo
}

func reads(s *kista.Self) error {
	if count > 3 { // want `global: package variable count`
		return errNo
	}
	count := 4 // another
	count++
	return local(s)
}

func local(s *kista.Self) error {
	var list []int
	list = append(list, 1)
	p := &list
	_ = p
	return nil
}

func main() {
	early = "set"
	n, _ := kista.Start(kista.Config{})
	n.Spawn(body)
	count++
}

func pointer(s *kista.Self) error {
	helper.SetAnswers(3) // not followed
	q := &table          // want `global: package variable table`
	_ = q
	return nil
}
