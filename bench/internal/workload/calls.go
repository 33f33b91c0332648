package workload

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kista-go/kista/bench/internal/harness"
)

type answering struct{ Base }

func (answering) Handle(c Ctx, m any) {
	if v, ok := m.(CallReq); ok {
		c.Reply(CallRep{v.A + 1, v.B})
	}
}

type crashing struct{ Base }

func (crashing) Handle(_ Ctx, m any) {
	if _, ok := m.(CallReq); ok {
		panic("crash")
	}
}

// callTimeout is what callers wait for an answer.
const callTimeout = 5 * time.Second

// calls is W8.
func calls(r *harness.R, s System) {
	to := s.Spawn(answering{})
	one := func(c Caller) func(k, i int) (CallRep, error) {
		return func(k, i int) (CallRep, error) {
			rep, err := c.Call(to, CallReq{k, i}, callTimeout)
			v, ok := rep.(CallRep)
			if err == nil && !ok {
				err = errors.New("an answer of another type")
			}
			return v, err
		}
	}
	inside := func(do func(call func(k, i int) (CallRep, error))) { s.Go(func(c Caller) { do(one(c)) }) }
	outside := func(do func(call func(k, i int) (CallRep, error))) { go do(one(s)) }
	Calls(r, "call_1", 1, r.P.Call, inside)
	Calls(r, "call_goroutine", 1, r.P.Call, outside)
	Calls(r, "call_1000", r.P.Callers, r.P.CallsEach, inside)
	Told(r, "told_of_crash_during_call", func(told chan<- error) {
		bad := s.Spawn(crashing{})
		s.Go(func(c Caller) { _, err := c.Call(bad, CallReq{1, 1}, time.Second); told <- err })
	})
	gone := &exiting{atOnce: true, left: new(atomic.Int64), done: make(chan struct{})}
	gone.left.Store(1)
	dead := s.Spawn(gone)
	if _, ok := harness.Wait(r, "the end of the server", gone.done); ok {
		time.Sleep(20 * time.Millisecond) // its end is told before it is over
		Told(r, "told_of_dead_before_call", func(told chan<- error) {
			s.Go(func(c Caller) { _, err := c.Call(dead, CallReq{1, 1}, time.Second); told <- err })
		})
	}
}

// Calls measures callers at once, each of which makes a number of calls. in runs
// a function where calls can be made, and hands it one call: of the k-th question
// by caller i, to be answered with k+1 and i.
func Calls(r *harness.R, metric string, callers, each int, in func(func(call func(k, i int) (CallRep, error)))) {
	var wg sync.WaitGroup
	var good, failed, wrong atomic.Int64
	begin := make(chan struct{})
	wg.Add(callers)
	for i := range callers {
		in(func(call func(k, i int) (CallRep, error)) {
			defer wg.Done()
			<-begin
			n := int64(0)
			for k := range each {
				v, err := call(k, i)
				switch {
				case err != nil:
					failed.Add(1)
				case v.A != k+1 || v.B != i:
					wrong.Add(1) // the answer to somebody else's question
				default:
					n++
				}
			}
			good.Add(n)
		})
	}
	time.Sleep(20 * time.Millisecond) // until all stand at begin
	done := make(chan struct{})
	w := harness.Start()
	close(begin)
	go func() { wg.Wait(); close(done) }()
	if _, ok := harness.Wait(r, metric, done); !ok {
		return
	}
	lap := w.Stop()
	if failed.Load()+wrong.Load() > 0 {
		r.Fail("%s: of %d calls %d failed and %d got the answer to another call", metric, callers*each, failed.Load(), wrong.Load())
		return
	}
	if harness.Check(r, metric+": good answers", good.Load(), int64(callers*each)) {
		r.NsPer(metric, lap, callers*each)
	}
}

// Told measures how long it takes until a caller hears that there will be no
// answer: begin makes the call, in its own time, and tells its error, which must
// not be nil. The median of several.
func Told(r *harness.R, metric string, begin func(told chan<- error)) {
	var all []time.Duration
	for range 5 {
		told := make(chan error, 1)
		t := time.Now()
		begin(told)
		err, ok := harness.Wait(r, metric, told)
		if !ok {
			return
		}
		if err == nil {
			r.Fail("%s: the call was answered", metric)
			return
		}
		all = append(all, time.Since(t))
		if all[0] > 500*time.Millisecond {
			break // the whole timeout: no need to see it again
		}
	}
	r.Emit(metric, float64(harness.Percentile(all, 0.5).Nanoseconds())/1e6, "ms")
}
