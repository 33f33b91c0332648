package ubf_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kista-go/kista/etf"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/jsf"
	"github.com/kista-go/kista/supervisor"
	"github.com/kista-go/kista/term"
	"github.com/kista-go/kista/ubf"
	"github.com/kista-go/kista/ubfa"
)

// transcript is a recorded session of UBF 2.2.4 on Erlang/OTP 25.
type transcript struct {
	name        string
	Description string
	Transport   string
	Events      []struct{ Dir, Hex string }
}

// deviations are where we do not do what was recorded, and why: the session is replayed up to the message that holds the
// words, and not beyond.
var deviations = map[string]struct{ from, why string }{
	"raw-pipelining":        {"echo", "UBF 2.x loses the second of two messages in a segment, and crashes; we answer both"},
	"raw-jsf-split":         {"$A", "UBF 2.x closes the connection when a text comes in two segments; we read on"},
	"raw-jsf-two-in-one":    {"services", "UBF 2.x closes the connection when two texts come in one segment; we answer both"},
	"erl-meta-and-test":     {"bogus", "the checker of UBF 2.x crashes on a constant where lists are due; we answer clientBrokeContract"},
	"erl-ebf-meta-and-test": {"contract", "it asks for the whole contract of a test service, of which only a part is written here"},
}

func load(t testing.TB) (all []transcript) {
	t.Helper()
	files, err := filepath.Glob("testdata/*.json")
	assert.NoError(t, err)
	for _, file := range files {
		b, err := os.ReadFile(file)
		assert.NoError(t, err)
		tr := transcript{name: strings.TrimSuffix(filepath.Base(file), ".json")}
		if json.Unmarshal(b, &tr) == nil { // one is a list of another kind
			all = append(all, tr)
		}
	}
	return all
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	assert.NoError(t, err)
	return b
}

// decode reads all messages in some bytes.
func decode(transport string, b []byte) (all []term.Term) {
	var read func() (term.Term, error)
	switch r := bytes.NewReader(b); transport {
	case "jsf":
		read = jsf.NewReader(r).ReadTerm
	case "ebf":
		read = etf.NewReader(r).ReadTerm
	default:
		read = ubfa.NewReader(r).ReadTerm
	}
	for {
		t, err := read()
		if err != nil {
			return all
		}
		all = append(all, t)
	}
}

// contracts are those of the services that were recorded, as far as the sessions show them.
var contracts = map[string]string{
	"probe": probe,
	"file_server": `+NAME("file_server").
+VSN("1.0").
+TYPES
info() :: info;
description() :: description;
contract() :: contract;
ls() :: ls;
files() :: {files, [file()]};
getFile() :: {get, file()};
noSuchFile() :: noSuchFile;
file() :: ubfstring().
+STATE start
ls() => files() & start;
getFile() => binary() & start | noSuchFile() & stop.
+ANYSTATE
info() => string();
description() => string();
contract() => term().
`,
	"test": `+NAME("test").
+VSN("1.0").
+TYPES
info() :: info;
logon() :: {logon, ubfstring()};
ok() :: ok;
ack() :: ack;
ls() :: ls;
files() :: {files, [ubfstring()]};
getFile() :: {get, ubfstring()};
okFile() :: {ok, binary()};
noSuchFile() :: {error, noSuchFile};
stopIt() :: stop;
testAmbiguities() :: testAmbiguities;
yes() :: yes;
callback() :: {callback, any()};
onItsWay() :: callbackOnItsWay;
intList() :: [integer()];
text() :: ubfstring();
propList() :: ubfproplist();
weight() :: 0.5.
+STATE start
logon() => ok() & active.
+STATE active
ls() => files() & active;
callback() => onItsWay() & active;
getFile() => okFile() & active | noSuchFile() & stop;
stopIt() => none() & stop;
testAmbiguities() => yes() & funny;
EVENT => callback();
EVENT <= callback().
+STATE funny
text() => text() & funny;
intList() => intList() & funny;
propList() => propList() & funny;
stopIt() => ack() & start.
+ANYSTATE
info() => weight().
`,
	"irc": `+NAME("irc").
+VSN("1.0").
+TYPES
bool() :: true | false;
nick() :: ubfstring();
logon() :: logon;
nickReply() :: {ok, nick()};
listGroups() :: groups;
groups() :: [ubfstring()];
joinGroup() :: {join, ubfstring()};
leaveGroup() :: {leave, ubfstring()};
ok() :: ok;
changeNick() :: {nick, nick()};
msg() :: {msg, ubfstring(), string()};
msgEvent() :: {msg, nick(), ubfstring(), string()};
joinEvent() :: {joins, nick(), ubfstring()};
leaveEvent() :: {leaves, nick(), ubfstring()};
changeNameEvent() :: {changesName, nick(), nick(), ubfstring()}.
+STATE start
logon() => nickReply() & active.
+STATE active
listGroups() => groups() & active;
joinGroup() => ok() & active;
leaveGroup() => ok() & active;
changeNick() => bool() & active;
msg() => bool() & active;
EVENT => msgEvent();
EVENT => joinEvent();
EVENT => leaveEvent();
EVENT => changeNameEvent().
`,
	"stateless": `+NAME("test").
+VSN("1.0").
+TYPES
keepalive() :: keepalive;
ok() :: ok;
client_breaks_req01() :: client_breaks_req01;
server_breaks_req01() :: server_breaks_req01;
server_breaks_res01() :: server_breaks_res01;
server_timeout_req03() :: {server_timeout_req03, integer()};
server_timeout_res03() :: server_timeout_res03;
server_crash_req05() :: server_crash_req05;
info() :: info;
description() :: description.
+ANYSTATE
keepalive() => ok();
client_breaks_req01() => ok();
server_breaks_req01() => server_breaks_res01();
server_timeout_req03() => server_timeout_res03();
server_crash_req05() => ok();
info() => ubfstring();
description() => ubfstring().
`,
}

// script is a plugin that says what the recorded one said: after each request, the reply that was recorded, and the events
// that were recorded before the next message.
type script struct {
	steps  []step
	events []term.Term
}

type step struct {
	request term.Term
	answer  []term.Term
}

func (s *script) Start(_ *ubf.Ctx, _ term.Term) (term.Term, term.Atom, error) {
	reply := s.take(nil)
	tu, _ := reply.(term.Tuple)
	if len(tu) != 2 {
		panic("the recorded one crashed")
	}
	said := tu[0].(term.Tuple)
	if said[0] == term.Atom("error") {
		return nil, "", ubf.Reject(said[1])
	}
	return said[1], tu[1].(term.Atom), nil
}

func (s *script) Call(c *ubf.Ctx, _ term.Atom, q term.Term) (term.Term, term.Atom, error) {
	reply := s.take(q)
	for _, e := range s.events {
		if err := c.Emit(e); err != nil {
			return nil, "", err
		}
	}
	tu, _ := reply.(term.Tuple)
	if len(tu) != 2 {
		if slow, ok := q.(term.Tuple); ok && slow[0] == term.Atom("slow") { // it was cut off
			<-c.Done()
			return nil, "", c.Err()
		}
		panic("the recorded one crashed")
	}
	next, _ := tu[1].(term.Atom)
	if said, ok := tu[0].(term.Tuple); ok && len(said) == 3 && said[0] == term.Atom("serverBrokeContract") {
		return said[1].(term.Tuple)[1], next, nil
	}
	return tu[0], next, nil
}

func (s *script) Event(c *ubf.Ctx, _ term.Atom, e term.Term) error {
	s.take(term.Tuple{term.Atom("event_in"), e})
	for _, e := range s.events {
		if err := c.Emit(e); err != nil {
			return err
		}
	}
	return nil
}

// take goes to the step of a request, and returns the reply, nil if there was none.
func (s *script) take(q term.Term) (reply term.Term) {
	s.events = nil
	for i, st := range s.steps {
		tu, _ := st.request.(term.Tuple)
		if q != nil && !term.Identical(st.request, q) || q == nil && (len(tu) != 3 || tu[0] != term.Atom("startSession")) {
			continue
		}
		s.steps = s.steps[i+1:]
		for _, a := range st.answer {
			if e, ok := a.(term.Tuple); ok && len(e) == 2 && e[0] == term.Atom("event_out") {
				s.events = append(s.events, e[1])
			} else if reply == nil {
				reply = a
			}
		}
		return reply
	}
	return nil
}

// scriptOf takes a session apart. skip leaves out those sessions' starts that another service answers.
func scriptOf(t testing.TB, tr transcript, service string) (s *script, starts []term.Term) {
	t.Helper()
	s = &script{}
	var from, to []byte
	flush := func() {
		answers := decode(tr.Transport, to)
		requests := decode(tr.Transport, from)
		for i, q := range requests {
			st := step{request: q}
			if len(requests) == 1 {
				st.answer = answers
			} else if i < len(answers) {
				st.answer = answers[i : i+1]
			}
			if tu, ok := q.(term.Tuple); ok && len(tu) == 3 && tu[0] == term.Atom("startSession") {
				starts = append(starts, tu[1])
				if name, _ := ubfa.StringOf(tu[1]); string(name) != service {
					continue
				}
			}
			s.steps = append(s.steps, st)
		}
		from, to = nil, nil
	}
	for _, e := range tr.Events {
		switch e.Dir {
		case "c2s":
			if len(to) > 0 {
				flush()
			}
			from = append(from, unhex(t, e.Hex)...)
		case "s2c":
			to = append(to, unhex(t, e.Hex)...)
		}
	}
	flush()
	return s, starts
}

// Our server answers what the recorded one answered, byte for byte, with Compat and the same contracts, where the plugin
// says the same.
func TestTranscriptsServer(t *testing.T) {
	all := load(t)
	texts := metaTexts(t, all)
	replayed := 0
	for _, tr := range all {
		t.Run(tr.name, func(t *testing.T) {
			replayServer(t, tr, texts)
			replayed++
		})
	}
	t.Logf("%d of %d sessions replayed, byte for byte; %d of them not to the end", replayed, len(all), len(deviations))
	for name, d := range deviations {
		t.Logf("not to the end: %s: %s", name, d.why)
	}
}

// metaTexts are what the recorded meta service told people.
func metaTexts(t testing.TB, all []transcript) (texts ubf.Texts) {
	t.Helper()
	for _, tr := range all {
		if tr.name != "erl-meta-and-test" {
			continue
		}
		s, _ := scriptOf(t, tr, "test")
		for _, st := range s.steps {
			if len(st.answer) == 0 {
				continue
			}
			said, _ := st.answer[0].(term.Tuple)
			switch st.request {
			case term.Atom("info"), term.Atom("description"):
				text, _ := ubfa.StringOf(said[0].(term.Tuple)[1].(term.Tuple)[1])
				if st.request == term.Atom("info") {
					texts.Info = string(text)
				} else {
					texts.Description = string(text)
				}
			case term.Atom("help"):
				texts.Help = string(said[0].(term.Binary))
			}
		}
	}
	return texts
}

// specFor is the server that was recorded.
func specFor(t testing.TB, tr transcript, texts ubf.Texts) ubf.Spec {
	t.Helper()
	spec := ubf.Spec{Compat: true, Texts: texts, Transport: transports[strings.Replace(tr.Transport, "ubf", "ubfa", 1)], Call: -1}
	if len(tr.Events) > 0 && tr.Events[0].Dir == "s2c" {
		hello := decode(tr.Transport, unhex(t, tr.Events[0].Hex))[0].(term.Tuple)
		name, _ := ubfa.StringOf(hello[1])
		help, _ := ubfa.StringOf(hello[2])
		spec.Name, spec.Texts.Greeting = string(name), string(help)
	} else {
		spec.Quiet = true
	}
	names := []string{"probe"}
	switch {
	case strings.Contains(tr.Description, "stateless"):
		names = []string{"stateless"}
	case spec.Name == "test_meta_server" || spec.Quiet:
		names = []string{"test", "irc", "file_server"}
	}
	for _, name := range names {
		s, _ := scriptOf(t, tr, strings.Replace(name, "stateless", "test", 1))
		spec.Services = append(spec.Services, ubf.Service{Contract: parse(t, contracts[name]), Plugin: func() ubf.Plugin { return s }})
	}
	if strings.Contains(tr.Description, "idletimer") {
		spec.Idle = 100 * time.Millisecond
	}
	if strings.Contains(tr.Description, "safe option") {
		spec.Limits.Safe = func(a term.Atom) bool { return !strings.HasPrefix(string(a), "zz_") }
	}
	return spec
}

func replayServer(t *testing.T, tr transcript, texts ubf.Texts) {
	n, _ := node(t)
	sv, err := ubf.NewServer(specFor(t, tr, texts))
	assert.NoError(t, err)
	_, err = sv.Start(patient(t), n, supervisor.Opts{})
	assert.NoError(t, err)
	r := rawDial(t, sv)
	unasked := false // events that somebody else's messages caused
	for i, e := range tr.Events {
		switch e.Dir {
		case "c2s":
			b := unhex(t, e.Hex)
			if d := deviations[tr.name]; d.from != "" && bytes.Contains(b, []byte(d.from)) {
				return
			}
			r.put(string(b))
		case "s2c":
			if unasked = unasked || slices.Contains([]string{"raw-irc-two-clients"}, tr.name) && isForeign(tr, e.Hex); unasked {
				unasked = false
				continue
			}
			want := string(unhex(t, e.Hex))
			if got := r.get(len(want)); got != want {
				t.Fatalf("event %d: the server said\n%q\nwant\n%q", i, got, want)
			}
		case "server_closed":
			r.closed()
		case "client_closed":
			_ = r.Close()
		case "send_failed":
		default:
			t.Fatalf("event %d: %q", i, e.Dir)
		}
	}
}

// isForeign tells whether an event tells of what another client did.
func isForeign(tr transcript, hexed string) bool {
	b, _ := hex.DecodeString(hexed)
	return bytes.Contains(b, []byte(`"mike"`)) && tr.name != ""
}

// Our client sends what the recorded one sent.
func TestTranscriptsClient(t *testing.T) {
	for _, tr := range load(t) {
		if !strings.HasPrefix(tr.name, "erl-") { // the others were written by hand
			continue
		}
		t.Run(tr.name, func(t *testing.T) { replayClient(t, tr) })
	}
}

func replayClient(t *testing.T, tr transcript) {
	ours, theirs := net.Pipe()
	defer theirs.Close()
	var recorded []string
	go func() { // the recorded server
		for _, e := range tr.Events {
			switch e.Dir {
			case "s2c":
				_, _ = theirs.Write(unhex(t, e.Hex))
			case "c2s":
				b := make([]byte, len(e.Hex)/2)
				if _, err := io.ReadFull(theirs, b); err != nil || !bytes.Equal(b, unhex(t, e.Hex)) {
					t.Errorf("the client said\n%q\nwant\n%q (%v)", b, unhex(t, e.Hex), err)
				}
			case "server_closed":
				_ = theirs.Close()
			}
		}
	}()
	c, err := ubf.NewClient(patient(t), ours, ubf.Options{Transport: transports[strings.Replace(tr.Transport, "ubf", "ubfa", 1)]})
	assert.NoError(t, err)
	defer func() { _ = c.Close() }()
	for _, e := range tr.Events {
		if e.Dir != "c2s" {
			continue
		}
		recorded = append(recorded, e.Hex)
		q := decode(tr.Transport, unhex(t, e.Hex))[0]
		if tu, ok := q.(term.Tuple); ok && len(tu) == 2 && tu[0] == term.Atom("event_in") {
			assert.NoError(t, c.SendEvent(tu[1]))
			continue
		}
		_, _, err := c.Call(patient(t), q)
		if err != nil && c.Err() == nil {
			assert.ErrorAs[*ubf.BrokenError](t, err)
		}
	}
	t.Logf("%d messages the same", len(recorded))
}

// What is no message closes the connection, or waits, as it did at the recorded server.
func TestTranscriptsMalformed(t *testing.T) {
	b, err := os.ReadFile("testdata/raw-malformed-on-live-connection.json")
	assert.NoError(t, err)
	var all []struct {
		Name    string
		Sent    string   `json:"sent_hex"`
		Then    string   `json:"then_sent"`
		Closed  bool     `json:"server_closed"`
		Replies []string `json:"replies_after_hello"`
	}
	assert.NoError(t, json.Unmarshal(b, &all))
	n, _ := node(t)
	sv := serve(t, n, ubf.Spec{Compat: true, Quiet: true, Services: []ubf.Service{probes(t, nil)}})
	for _, e := range all {
		t.Run(e.Name, func(t *testing.T) {
			r := rawDial(t, sv)
			r.put(string(unhex(t, e.Sent)))
			switch {
			case e.Closed:
				r.closed()
			case len(e.Replies) > 0:
				r.put(e.Then)
				want := strings.Join(e.Replies, "")
				assert.Equal(t, r.get(len(want)), want)
			default: // it waits for more
				r.put("1$")
				assert.NoError(t, r.SetReadDeadline(time.Now().Add(20*time.Millisecond)))
				_, err := r.Read(make([]byte, 1))
				assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
			}
		})
	}
	t.Logf("%d messages that are none", len(all))
}
