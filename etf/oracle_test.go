package etf_test

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/kista-go/kista/etf"
	"github.com/kista-go/kista/internal/erltest"
	"github.com/kista-go/kista/internal/termtest"
	"github.com/kista-go/kista/term"
)

// oracle answers the requests of these tests; every term under test travels as a binary of its own.
//
//	{again, Bin}        decode and encode anew: {Mv2, Mv1, Mv0, Zip, Printed, UsedBytes}, or error
//	{order, A, B}       {A < B, A == B, A =:= B}
//	{random, Seed, N}   N random terms of Erlang's own making: [{Mv2, Mv1, Zip, Printed}]
//	{decode, Opts, Bin} {ok, Mv2} or error
const oracle = `fun(Request) ->
	Det = [deterministic, {minor_version,2}],
	Text = fun(T) -> unicode:characters_to_binary(io_lib:format("~tw", [T])) end,
	Small = fun() -> rand:uniform(600) - 300 end,
	Gen = fun Gen(D) ->
		case rand:uniform(case D of 0 -> 9; _ -> 16 end) of
			1 -> Small();
			2 -> (rand:uniform(1 bsl 62) - (1 bsl 61)) * (rand:uniform(1 bsl 30));
			3 -> (1 bsl rand:uniform(3000)) - rand:uniform(2);
			4 -> rand:normal() * math:pow(10, rand:uniform(40) - 20);
			5 -> Small() / 8;
			6 -> lists:nth(rand:uniform(6), [ok, 'Not plain', '', 'å', '日本', 'if']);
			7 -> rand:bytes(rand:uniform(20) - 1);
			8 -> <<(rand:uniform(1 bsl 20)):(rand:uniform(30))>>;
			9 -> lists:nth(rand:uniform(4), [self(), make_ref(), fun lists:map/2, fun(X) -> {X, D} end]);
			10 -> list_to_tuple([Gen(D - 1) || _ <- lists:seq(1, rand:uniform(4) - 1)]);
			11 -> [Gen(D - 1) || _ <- lists:seq(1, rand:uniform(6) - 1)];
			12 -> [Gen(D - 1) | Gen(D - 1)];
			13 -> maps:from_list([{Gen(D - 1), Gen(D - 1)} || _ <- lists:seq(1, rand:uniform(5) - 1)]);
			14 -> [rand:uniform(256) - 1 || _ <- lists:seq(1, rand:uniform(50))];
			15 -> maps:from_list([{N, Small()} || N <- lists:seq(1, rand:uniform(60))]);
			16 -> list_to_tuple(lists:seq(1, rand:uniform(400)))
		end
	end,
	Answer = case binary_to_term(Request) of
		{again, B} ->
			try binary_to_term(B, [used]) of
				{T, Used} -> {term_to_binary(T, Det), term_to_binary(T, [{minor_version,1}]), term_to_binary(T, [{minor_version,0}]),
					term_to_binary(T, [compressed]), Text(T), Used}
			catch error:badarg -> error end;
		{order, A, B} ->
			X = binary_to_term(A), Y = binary_to_term(B), {X < Y, X == Y, X =:= Y};
		{random, Seed, N} ->
			rand:seed(exsss, Seed),
			[begin T = Gen(4), {term_to_binary(T, Det), term_to_binary(T), term_to_binary(T, [compressed]), Text(T)} end || _ <- lists:seq(1, N)];
		{decode, Opts, B} ->
			try {ok, term_to_binary(binary_to_term(B, Opts), Det)} catch error:badarg -> error end
	end,
	term_to_binary(Answer)
end`

// ask sends a request to the node; this is the codec's own path.
func ask(t testing.TB, n *erltest.Node, request ...any) term.Term {
	t.Helper()
	b, err := etf.Encode(term.Tuple(request))
	if err != nil {
		t.Fatal(err)
	}
	got, err := etf.DecodeAll(n.Call(t, b))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func encode(t reporter, v term.Term) []byte {
	b, err := etf.Encode(v)
	if err != nil {
		t.Fatalf("encode %v: %v", v, err)
	}
	return b
}

func TestOracleReadsWhatWeWrite(t *testing.T) {
	n := erltest.Start(t, oracle)
	rapid.Check(t, func(rt *rapid.T) {
		// OTP 25 has one map key for 0.0 and -0.0.
		v := termtest.Gen{NoNegativeZero: true}.Term().Draw(rt, "term")
		b := encode(rt, v)
		answer, ok := ask(t, n, term.Atom("again"), term.Binary(b)).(term.Tuple)
		if !ok {
			rt.Fatalf("Erlang refuses %v: %x", v, b)
		}
		if again := answer[0].(term.Binary); string(again) != string(b) {
			rt.Errorf("%v: Erlang encodes anew\n%x, we wrote\n%x", v, again, b)
		}
		for i, form := range []string{"minor version 2", "minor version 1", "minor version 0", "compressed"} {
			got, err := etf.DecodeAll([]byte(answer[i].(term.Binary)))
			if err != nil {
				rt.Fatalf("%s of %v: %v", form, v, err)
			}
			if form == "minor version 0" && hasFloat(v) {
				continue // 20 decimals are not enough for every float
			}
			if !term.Identical(got, v) {
				rt.Errorf("%s of %v decodes to %v", form, v, got)
			}
		}
		if used := answer[5]; used != int64(len(b)) {
			rt.Errorf("Erlang used %v of %d bytes", used, len(b))
		}
	})
}

func hasFloat(v term.Term) bool { return bytes.IndexByte([]byte(term.Key(v)), 'f') >= 0 }

func TestOraclePrintsAlike(t *testing.T) {
	n := erltest.Start(t, oracle)
	rapid.Check(t, func(rt *rapid.T) {
		v := termtest.Gen{NoIdentifiers: true, MaxPairs: 32}.Term().Draw(rt, "term")
		answer := ask(t, n, term.Atom("again"), term.Binary(encode(rt, v)))
		if answer == term.Term(term.Atom("error")) {
			rt.Skip("0.0 and -0.0 as two keys")
		}
		if want := string(answer.(term.Tuple)[4].(term.Binary)); term.Format(v) != want && !largeMaps(v) {
			rt.Errorf("printed\n%s, Erlang prints\n%s", term.Format(v), want)
		}
	})
}

func TestOracleOrdersAlike(t *testing.T) {
	n := erltest.Start(t, oracle)
	gen := termtest.Gen{NoNegativeZero: true}.Term()
	rapid.Check(t, func(rt *rapid.T) {
		a := gen.Draw(rt, "a")
		b := gen.Draw(rt, "b")
		if rapid.Bool().Draw(rt, "near") {
			b = near(rt, a)
		}
		checkOrder(t, rt, n, a, b)
	})
}

// reporter is what *testing.T and *rapid.T share.
type reporter interface {
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// checkOrder compares a and b here and there.
func checkOrder(t testing.TB, r reporter, n *erltest.Node, a, b term.Term) {
	t.Helper()
	answer := ask(t, n, term.Atom("order"), term.Binary(encode(r, a)), term.Binary(encode(r, b))).(term.Tuple)
	yes := func(i int) bool { return answer[i] == term.Term(term.Atom("true")) }
	less, equal, same := yes(0), yes(1), yes(2)
	if got := term.Compare(a, b); got < 0 != less || got == 0 != equal {
		r.Errorf("Compare(%v, %v) = %d, Erlang: less %v, equal %v", a, b, got, less, equal)
	}
	if got := term.Identical(a, b); got != same {
		r.Errorf("Identical(%v, %v) = %v, Erlang: %v", a, b, got, same)
	}
	if (term.Key(a) == term.Key(b)) != same {
		r.Errorf("Key(%v) == Key(%v) is %v, Erlang has =:= %v", a, b, !same, same)
	}
}

// Every pair of identifiers and funs, which random pairs rarely meet.
func TestOracleOrdersIdentifiersAlike(t *testing.T) {
	n := erltest.Start(t, oracle)
	words := []term.Term{}
	for _, node := range []term.Atom{"a@b", "c@d"} {
		for _, creation := range []uint32{1, 2} {
			for _, id := range []uint32{0, 7, 1 << 31} {
				words = append(words,
					term.PID{Node: node, ID: id, Creation: creation}, term.PID{Node: node, ID: 3, Serial: id, Creation: creation},
					term.Port{Node: node, ID: uint64(id), Creation: creation}, term.Port{Node: node, ID: uint64(id) << 30, Creation: creation},
					term.NewRef(node, creation, id), term.NewRef(node, creation, id, 0), term.NewRef(node, creation, id, 0, 0, 0, 0),
					term.NewRef(node, creation, 1, id, 2), term.NewRef(node, creation, 1, 2, id), term.NewRef(node, creation, 1, 2, 3, id))
			}
		}
	}
	for _, m := range []term.Atom{"kista_no_such_module", "lists"} {
		for _, f := range []term.Atom{"map", "foldl"} {
			words = append(words, term.Export{Module: m, Function: f, Arity: 2}, term.Export{Module: m, Function: f, Arity: 3})
		}
		// Index and OldUniq count and in this order; the other numbers do not.
		for i, n := range []struct{ index, uniq, other uint32 }{{0, 9, 1}, {1, 8, 2}, {1, 9, 0}, {1, 9, 2}, {math.MaxUint32, 7, 3}} {
			words = append(words, term.Fun{
				Module: m, Arity: uint8(n.other), Index: n.index, OldIndex: int64(n.other), OldUniq: int64(n.uniq), Uniq: [16]byte{byte(n.other)},
				Creator: term.PID{Node: "a@b", ID: uint32(i), Creation: 1},
			})
		}
		for _, i := range []uint32{0, 1, 2} {
			for _, free := range [][]term.Term{{}, {1}, {1.0}, {term.Atom("a"), 2}} {
				words = append(words, term.Fun{
					Module: m, Arity: 1, Index: i, OldIndex: int64(i), OldUniq: int64(7 - i), Uniq: [16]byte{byte(i)},
					Free: free, Creator: term.PID{Node: "a@b", ID: uint32(len(words)), Creation: 1},
				})
			}
		}
	}
	for _, a := range words {
		for _, b := range words {
			checkOrder(t, t, n, a, b)
		}
	}
}

// near changes one thing deep in a: an integer to the float of its value, or a value to its neighbour.
func near(rt *rapid.T, a term.Term) term.Term {
	pick := func(n int) int { return rapid.IntRange(0, n-1).Draw(rt, "element") }
	switch v := a.(type) {
	case int64:
		if rapid.Bool().Draw(rt, "float") {
			return float64(v)
		}
		return term.Canonical(v - 1)
	case float64:
		if math.Abs(v) < 1<<62 {
			return int64(v)
		}
	case term.Tuple:
		if len(v) > 0 {
			out, i := append(term.Tuple{}, v...), pick(len(v))
			out[i] = near(rt, v[i])
			return out
		}
	case term.List:
		if len(v) > 0 {
			out, i := append(term.List{}, v...), pick(len(v))
			out[i] = near(rt, v[i])
			return out
		}
	case term.Map:
		for k, x := range v.All() {
			if rapid.Bool().Draw(rt, "value") {
				return v.With(k, near(rt, x))
			}
			return v.Without(k).With(near(rt, k), x)
		}
	case term.PID:
		v.Creation++
		return v
	case term.Ref:
		if v.Len < term.RefWords {
			v.Len++ // a word that is 0
		}
		return v
	case term.Port:
		v.ID++
		return v
	}
	return a
}

func TestOracleOwnRandomTerms(t *testing.T) {
	n := erltest.Start(t, oracle)
	const count = 2000
	for i, x := range ask(t, n, term.Atom("random"), 42, count).(term.List) {
		mv2, mv1, zip := x.(term.Tuple)[0].(term.Binary), x.(term.Tuple)[1].(term.Binary), x.(term.Tuple)[2].(term.Binary)
		v, err := etf.DecodeAll([]byte(mv2))
		if err != nil {
			t.Fatalf("%d: %v\n%x", i, err, mv2)
		}
		if b := encode(t, v); string(b) != string(mv2) {
			t.Errorf("%d: we encode %v as\n%x, Erlang as\n%x", i, v, b, mv2)
		}
		for _, form := range []term.Binary{mv1, zip} {
			if same, err := etf.DecodeAll([]byte(form)); err != nil || !term.Identical(same, v) {
				t.Errorf("%d: %x decodes to %v, %v, want %v", i, form, same, err, v)
			}
		}
	}
}

// Broken bytes: what Erlang takes we take with the same result, and what it refuses we refuse.
func TestOracleBrokenBytes(t *testing.T) {
	n := erltest.Start(t, oracle)
	seeds := [][]byte{}
	for _, v := range load(t).Valid {
		for _, s := range []string{v.MV2, v.MV1, v.MV0} {
			if s != "" && len(s) < 600 {
				seeds = append(seeds, unhex(t, s))
			}
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		b := bytes.Clone(rapid.SampledFrom(seeds).Draw(rt, "seed"))
		for range rapid.IntRange(1, 3).Draw(rt, "changes") {
			b[rapid.IntRange(0, len(b)-1).Draw(rt, "at")] = rapid.Byte().Draw(rt, "byte")
		}
		v, _, err := etf.Decode(b)
		answer := ask(t, n, term.Atom("decode"), term.List{}, term.Binary(b))
		if errors.Is(err, etf.ErrMalformed) {
			if answer != term.Term(term.Atom("error")) && !otpOnly(b, err) {
				rt.Errorf("%x: %v, Erlang takes it: %v", b, err, answer)
			}
			return
		}
		if errors.Is(err, etf.ErrLimit) {
			rt.Skip("larger than our limits")
		}
		if answer == term.Term(term.Atom("error")) {
			if !oursOnly(b) {
				rt.Errorf("%x: decoded to %v, Erlang refuses it", b, v)
			}
			return
		}
		again := answer.(term.Tuple)[1].(term.Binary)
		if ours := encode(rt, v); string(ours) != string(again) {
			rt.Errorf("%x: decoded to %v, encoded\n%x, Erlang encodes\n%x", b, v, ours, again)
		}
	})
}

// otpOnly: OTP's decoder takes its internal atom tags, and any term as the creator of a fun.
func otpOnly(b []byte, err error) bool {
	return bytes.IndexByte(b, 73) >= 0 || bytes.IndexByte(b, 75) >= 0 || strings.Contains(err.Error(), "creator of a fun")
}

// oursOnly: two zeros as keys; a reference without words, for which OTP reads a word that is not there; and identifiers of
// the node itself with numbers that it cannot give.
func oursOnly(b []byte) bool {
	if bytes.Contains(b, []byte{90, 0, 0}) || bytes.Contains(b, []byte("nonode@nohost")) {
		return true
	}

	return bytes.Contains(b, []byte{70, 128, 0, 0, 0, 0, 0, 0, 0})
}
