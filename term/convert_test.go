package term_test

import (
	"math"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kista-go/kista/term"
)

type deposit struct {
	_      struct{} `term:"deposit"`
	Who    term.Atom
	Amount int64
}

type balance struct {
	Who string
}

type ping struct {
	_ struct{} `term:"ping"`
}

type base struct {
	ID   uint8
	Note string `term:",charlist,omitempty"`
}

type everything struct {
	base
	UserName string             `term:"full name,required"`
	State    status             `term:",atom"`
	Tags     []string           `term:",atom"`
	HTTPPort *uint16            // nil is undefined
	Scores   map[string]int     `term:",atom"`
	Ratio    float32            `term:",omitempty"`
	Raw      []byte             //
	Sum      [2]byte            //
	Pair     [2]int             //
	Big      *big.Int           //
	Huge     big.Int            //
	At       time.Time          //
	For      time.Duration      //
	Any      any                //
	More     []any              //
	Nested   *base              //
	Byth     map[[1]int]deposit //
	OK       bool               //
	Term     term.Tuple         //
	Cache    chan int           `term:"-"`
	hidden   func()
}

type status string

func sample() everything {
	port := uint16(8080)
	return everything{
		base: base{ID: 255, Note: "hej å"}, UserName: "Åsa", State: "not ok", Tags: []string{"a", "B"}, HTTPPort: &port,
		Scores: map[string]int{"x": 1, "y": -2}, Ratio: 0.5, Raw: []byte{0, 255}, Sum: [2]byte{1, 2}, Pair: [2]int{3, 4},
		Big: new(big.Int).Lsh(big.NewInt(1), 100), Huge: *big.NewInt(7), At: time.Unix(1, 5).UTC(), For: time.Second,
		Any: term.Tuple{term.Atom("x"), int64(1)}, More: []any{int64(1), term.Binary("b"), term.Atom("undefined")}, Nested: &base{ID: 1},
		Byth: map[[1]int]deposit{{1}: {Who: "joe", Amount: 5}}, OK: true, Term: term.Tuple{term.Atom("t")},
	}
}

const sampleText = `#{any => {x,1},at => 1000000005,big => 1267650600228229401496703205376,byth => #{[1] => {deposit,joe,5}},for => 1000000000,` +
	`'full name' => <<"Åsa"/utf8>>,http_port => 8080,huge => 7,id => 255,more => [1,<<"b">>,undefined],nested => #{id => 1},note => "hej å",ok => true,` +
	`pair => [3,4],ratio => 0.5,raw => <<0,255>>,scores => #{x => 1,y => -2},state => 'not ok',sum => <<1,2>>,tags => [a,'B'],term => {t}}`

func TestFromAndToEverything(t *testing.T) {
	in := sample()
	got, err := term.From(in)
	if err != nil {
		t.Fatal(err)
	}
	want := parse(t, sampleText)
	if !term.Identical(got, want) {
		// A charlist "\x03\x04" and [3,4] print alike as lists of numbers.
		t.Errorf("From:\n%v, want\n%v", got, want)
	}
	var out everything
	if err := term.To(got, &out); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(in, out, cmp.AllowUnexported(everything{}, base{}, deposit{}), cmp.Comparer(func(a, b *big.Int) bool { return a.Cmp(b) == 0 }),
		cmp.Comparer(func(a, b big.Int) bool { return a.Cmp(&b) == 0 }), cmp.Comparer(func(a, b func()) bool { return (a == nil) == (b == nil) })); diff != "" {
		t.Errorf("To gives back something else (-in +out):\n%s", diff)
	}
}

func TestFrom(t *testing.T) {
	var nilPointer *deposit
	for _, c := range []struct {
		in   any
		want string
	}{
		{nil, "undefined"},
		{nilPointer, "undefined"},
		{&deposit{Who: "joe", Amount: 5}, "{deposit,joe,5}"},
		{deposit{Who: "Joe B", Amount: -5}, "{deposit,'Joe B',-5}"},
		{ping{}, "ping"},
		{balance{Who: "joe"}, `#{who => <<"joe">>}`},
		{[]int(nil), "[]"},
		{map[int]string(nil), "#{}"},
		{[]byte(nil), "<<>>"},
		{[3]byte{1, 2, 3}, "<<1,2,3>>"},
		{uint64(math.MaxUint64), "18446744073709551615"},
		{int8(-1), "-1"},
		{float32(0.5), "0.5"},
		{term.Tuple{term.Atom("ok"), 5, ping{}, []string{"a"}, map[term.Atom]bool{"b": true}}, `{ok,5,ping,[<<"a">>],#{b => true}}`},
		{term.List{balance{"x"}}, `[#{who => <<"x">>}]`},
		{term.Improper{Elems: term.List{uint8(1)}, Tail: ping{}}, "[1|ping]"},
		{term.NewMap(term.Pair{Key: uint8(1), Value: deposit{Who: "a"}}), "#{1 => {deposit,a,0}}"},
		{struct{}{}, "#{}"},
		{time.Unix(-1, 999999999), "-1"},
		{map[any]any{1: "a", "b": 2.5}, `#{1 => <<"a">>,<<"b">> => 2.5}`},
		{struct{ UserID, HTTPServer, A, Ab_C int }{1, 2, 3, 4}, "#{a => 3,ab_c => 4,http_server => 2,user_id => 1}"},
	} {
		got, err := term.From(c.in)
		if err != nil || !term.Identical(got, parse(t, c.want)) {
			t.Errorf("From(%#v) = %v, %v, want %s", c.in, got, err, c.want)
		}
	}
}

func TestFromRefuses(t *testing.T) {
	type order struct{ Lines []struct{ Price any } }
	type loop struct{ Next *loop }
	ring := &loop{}
	ring.Next = ring
	type twin struct{ A, B any }
	bush := &twin{}
	bush.A, bush.B = []any{bush, bush}, []any{bush, bush}
	for want, in := range map[string]any{
		"term: order.Lines[1].Price: a chan int cannot be a term":          order{Lines: make2(make(chan int))},
		"term: order.Lines[1].Price[<<\"k\">>]: a func() cannot be a term": order{Lines: make2(map[string]any{"k": func() {}})},
		"term: order.Lines[1].Price[key]: NaN is no term":                  order{Lines: make2(map[float64]int{math.NaN(): 1})},
		"term: float64: +Inf is no term":                                   math.Inf(1),
		"term: uintptr: a uintptr cannot be a term":                        uintptr(1),
		"term: complex128: a complex128 cannot be a term":                  1i,
		"term: Tuple[1]: a chan int cannot be a term":                      term.Tuple{1, make(chan int)},
		"term: Improper[tail]: a chan int cannot be a term":                term.Improper{Elems: term.List{1}, Tail: make(chan int)},
		"term: Atom: \"\\xff\" is no atom: not UTF-8":                      term.Atom("\xff"),
		"term: struct { S string \"term:\\\",atom\\\"\" }.S: \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"... is no atom: more than 255 characters": struct {
			S string `term:",atom"`
		}{strings.Repeat("a", 256)},
		"term: struct { S string \"term:\\\",charlist\\\"\" }.S: \"\\xff\" is no charlist: not UTF-8": struct {
			S string `term:",charlist"`
		}{"\xff"},
		"term: textError: term_test.textError has no exported field": textError{"x"},
		"term: struct { S string \"term:\\\",atm\\\"\" }.S: unknown option \"atm\" in the tag: want atom, charlist, omitempty or required": struct {
			S string `term:",atm"`
		}{},
		"term: struct { AB int; Ab int \"term:\\\"ab\\\"\" }: struct { AB int; Ab int \"term:\\\"ab\\\"\" } has two fields with the key ab: AB and Ab": struct {
			AB int
			Ab int `term:"ab"`
		}{},
		"term: map[interface {}]int: two keys of the map give the same term": map[any]int{1: 1, int8(1): 2},
	} {
		got, err := term.From(in)
		if err == nil || err.Error() != want {
			t.Errorf("From(%T) = %v, %v, want the error\n%s", in, got, err, want)
		}
	}
	for _, in := range []any{ring, bush} {
		if _, err := term.From(in); err == nil || !strings.Contains(err.Error(), "does the value contain itself?") {
			t.Errorf("a ring: %.200v", err)
		}
	}
}

type textError struct{ text string }

func ptr[T any](v T) *T { return &v }

func make2(price any) []struct{ Price any } { return []struct{ Price any }{{1}, {price}} }

func TestTo(t *testing.T) {
	for _, c := range []struct {
		text string
		want any // its type is the type stored into
	}{
		{`<<"joe">>`, "joe"},
		{`"joe å"`, "joe å"},
		{"[]", ""},
		{"[1,2]", []byte{1, 2}},
		{"<<1,2>>", []byte{1, 2}},
		{"[1,2]", [2]byte{1, 2}},
		{"[]", []int{}},
		{"5", 5.0},
		{"9007199254740992", 9007199254740992.0},
		{"5", float32(5)},
		{"18446744073709551615", uint64(math.MaxUint64)},
		{"-128", int8(-128)},
		{"true", true},
		{"undefined", (*int)(nil)},
		{"5", ptr(5)},
		{"5", big.NewInt(5)},
		{"{deposit,joe,5}", deposit{Who: "joe", Amount: 5}},
		{"{deposit,joe,5}", &deposit{Who: "joe", Amount: 5}},
		{"ping", ping{}},
		{"{ping}", ping{}},
		{`#{<<"who">> => "joe",more => 1}`, balance{"joe"}},
		{"#{}", balance{"kept"}},
		{"#{<<1>> => [2]}", map[string][]int{"\x01": {2}}},
		{"-1", time.Unix(-1, 999999999).UTC()},
		{"{a,b}", term.Tuple{term.Atom("a"), term.Atom("b")}},
		{"#{a => [1.5]}", map[term.Atom][]float64{"a": {1.5}}},
	} {
		dst := reflect.New(reflect.TypeOf(c.want))
		if c.want == any(balance{"kept"}) {
			dst.Elem().Set(reflect.ValueOf(balance{"kept"}))
		}
		if err := term.To(parse(t, c.text), dst.Interface()); err != nil {
			t.Errorf("To(%s, %T): %v", c.text, c.want, err)
			continue
		}
		if got := dst.Elem().Interface(); !reflect.DeepEqual(got, c.want) {
			t.Errorf("To(%s) = %#v, want %#v", c.text, got, c.want)
		}
	}
}

func TestToRefuses(t *testing.T) {
	type order struct {
		_     struct{} `term:"order"`
		Lines []deposit
	}
	type strict struct {
		Email string `term:",required"`
	}
	for _, c := range []struct {
		text string
		dst  any
		want string
	}{
		{"{order,[{deposit,joe,5},{deposit,joe,5.5}]}", &order{}, "term: order.Lines[1].Amount: 5.5 does not fit int64"},
		{"{order,[{withdraw,joe,5}]}", &order{}, "term: order.Lines[0]: {withdraw,joe,5} does not fit term_test.deposit: want {deposit,...} with 2 fields"},
		{"{order,[1|2]}", &order{}, "term: order.Lines: [1|2] does not fit []term_test.deposit"},
		{"#{}", &strict{}, "term: strict.Email: the key email is missing"},
		{"256", new(uint8), "term: uint8: 256 does not fit uint8"},
		{"-1", new(uint), "term: uint: -1 does not fit uint"},
		{"9223372036854775808", new(int64), "term: int64: 9223372036854775808 does not fit int64"},
		{"9007199254740993", new(float64), "term: float64: 9007199254740993 does not fit float64"},
		{"1.0e300", new(float32), "term: float32: 1.0e300 does not fit float32"},
		{"1.0", new(int), "term: int: 1.0 does not fit int"},
		{"joe", new(string), "term: string: joe does not fit string"},
		{"<<1:1>>", new([]byte), "term: []uint8: <<1:1>> does not fit []uint8"},
		{"[256]", new([]byte), "term: []uint8: \"Ā\" does not fit []uint8"},
		{"<<1>>", new([2]byte), "term: [2]uint8: <<1>> does not fit [2]uint8"},
		{"[1,2,3]", new([2]int), "term: [2]int: [1,2,3] does not fit [2]int"},
		{"yes", new(bool), "term: bool: yes does not fit bool"},
		{"<<1>>", new(term.Atom), "term: Atom: <<1>> does not fit term.Atom"},
		{"#{{1} => 1}", new(map[any]int), "term: map[interface {}]int: {1} cannot be a key of a Go map"},
		{`#{"a" => 1,<<"a">> => 2}`, new(map[string]int), "term: map[string]int: two keys give the same string; the second is <<\"a\">>"},
		{"#{a => b}", new(map[term.Atom]int), "term: map[term.Atom]int[a]: b does not fit int"},
		{"1", new(chan int), "term: chan int: a chan int cannot be a term"},
		{"1", new(error), "term: error: 1 does not fit error, and no registered type does"},
		{"1", deposit{}, "term: deposit: To needs a pointer to store through, not term_test.deposit"},
		{"1", nil, "term: nil: To needs a pointer to store through, not <nil>"},
	} {
		if err := term.To(parse(t, c.text), c.dst); err == nil || err.Error() != c.want {
			t.Errorf("To(%s, %T): %v, want the error\n%s", c.text, c.dst, err, c.want)
		}
	}
}

func TestToLeavesTheValueAloneOnError(t *testing.T) {
	d := deposit{Who: "joe", Amount: 5}
	if err := term.To(parse(t, "{deposit,ann,x}"), &d); err == nil || d.Who != "joe" {
		t.Errorf("%v, %v", d, err)
	}
	if err := term.To((*big.Int)(nil), new(any)); err == nil {
		t.Errorf("a nil *big.Int is no term")
	}
}

type shape interface{ area() int }

type square struct{ Side int }

func (s square) area() int { return s.Side * s.Side }

type circle struct{ R int }

func (c *circle) area() int { return 3 * c.R * c.R }

func TestRegistry(t *testing.T) {
	var r term.Registry
	for tag, v := range map[term.Atom]any{"square": square{}, "circle": &circle{}, "": deposit{}} {
		if err := r.Register(tag, v); err != nil {
			t.Fatal(err)
		}
	}
	type drawing struct{ Shapes []shape }
	in := drawing{[]shape{square{2}, &circle{3}}}
	got, err := r.From(in)
	if err != nil || !term.Identical(got, parse(t, "#{shapes => [{square,2},{circle,3}]}")) {
		t.Fatalf("From = %v, %v", got, err)
	}
	var out drawing
	if err := r.To(got, &out); err != nil || !reflect.DeepEqual(in, out) {
		t.Errorf("To = %v, %v", out, err)
	}
	var msg any
	if err := r.To(parse(t, "{deposit,joe,5}"), &msg); err != nil || msg != any(deposit{Who: "joe", Amount: 5}) {
		t.Errorf("a registered message: %#v, %v", msg, err)
	}
	if err := r.To(parse(t, "{deposit,joe}"), &msg); err != nil || !reflect.DeepEqual(msg, term.Tuple{term.Atom("deposit"), term.Atom("joe")}) {
		t.Errorf("an unknown message stays a term: %#v, %v", msg, err)
	}
	if err := r.To(parse(t, "{deposit,joe,x}"), &msg); err == nil || err.Error() != "term: interface {}.(term_test.deposit).Amount: x does not fit int64" {
		t.Errorf("a bad message: %v", err)
	}
	var s shape
	if err := r.To(parse(t, "{deposit,joe,5}"), &s); err == nil {
		t.Errorf("a deposit is no shape: %v", s)
	}
}

func TestRegisterRefuses(t *testing.T) {
	var r term.Registry
	if err := r.Register("square", square{}); err != nil {
		t.Fatal(err)
	}
	if err := r.Register("square", square{}); err != nil {
		t.Errorf("the same again: %v", err)
	}
	type other struct{ X int }
	for want, c := range map[string]struct {
		tag term.Atom
		v   any
	}{
		"term: register term_test.other: term_test.square is {square,...} with 1 fields already": {"square", other{}},
		"term: register term_test.square: it is square already, not rect":                        {"rect", square{}},
		"term: register term_test.deposit: its own tag is deposit, not d":                        {"d", deposit{}},
		"term: register x: int is no struct of your own":                                         {"x", 5},
		"term: register x: <nil> is no struct of your own":                                       {"x", nil},
		"term: register x: term.PID is no struct of your own":                                    {"x", term.PID{}},
		"term: register term_test.other: \"\" is no tag":                                         {"", other{}},
		"term: textError: term_test.textError has no exported field":                             {"x", textError{}},
	} {
		if err := r.Register(c.tag, c.v); err == nil || err.Error() != want {
			t.Errorf("Register(%s, %T): %v, want\n%s", c.tag, c.v, err, want)
		}
	}
}
