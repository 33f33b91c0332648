package port

import (
	"context"
	"errors"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/term"
)

// DefaultMaxOutput is how many bytes [Run] takes of what a program writes, if
// [Spec.Buffer] does not say it.
const DefaultMaxOutput = 64 << 20

// Run runs a program to its end as one step: it gives it input as its standard
// input and returns what it wrote to its standard output, in one piece, whatever
// [Spec.Framing] says. [Spec.Subscriber] is ignored, and [Spec.Buffer] bounds the
// output; 0: 64 MiB.
//
// The program runs on a node and ends with it. When ctx ends, it is stopped, and
// Run returns once it is gone; ctx may be the *Self of a process.
//
// The error is why the program could not be started, as from [Start]; its exit
// reason, such as an [*ExitError], in which case what it wrote is returned too;
// an [*OutputError] if that was more than it may be; or ctx's.
func Run(ctx context.Context, n *kista.Node, spec Spec, input []byte) (output []byte, err error) {
	job := &oneshot{spec: spec, input: input, limit: spec.Buffer, done: make(chan struct{})}
	def(&job.limit, DefaultMaxOutput)
	job.spec.Framing, job.spec.Buffer = Stream, 0
	o := kista.SpawnOpts{TrapExits: true, Label: "run of " + spec.Path, Grace: kista.NoTimeout}
	pid, err := n.SpawnWith(o, job.body)
	if err != nil {
		return nil, err
	}
	select {
	case <-job.done:
	case <-ctx.Done():
		_ = kista.Exit(pid, kista.ErrShutdown)
		<-job.done
		if errors.Is(job.err, kista.ErrShutdown) {
			job.err = context.Cause(ctx)
		}
	}
	return job.output, job.err
}

// oneshot is the process that runs one program to its end.
type oneshot struct {
	spec   Spec
	input  []byte
	limit  int
	done   chan struct{}
	output []byte
	err    error
}

func (j *oneshot) body(s *kista.Self) error {
	j.err = kista.ErrKilled // unless we come to the end
	defer close(j.done)
	j.spec.Subscriber = s.PID()
	pid, err := StartLink(s, s, j.spec, Opts{})
	if err != nil {
		j.err = err
		return nil
	}
	// Nobody waits for the input to be taken: meanwhile the output is.
	kista.Begin(s, pid, input{data: term.Binary(j.input)})
	kista.Begin(s, pid, closeInput{})
	var stopped error
	for {
		msg, err := s.Receive()
		if err != nil {
			return err
		}
		switch m := msg.(type) {
		case Data:
			if len(j.output)+len(m.Bytes) > j.limit && stopped == nil {
				stopped = &OutputError{Program: j.spec.Path, Limit: j.limit}
				_ = s.Exit(pid, kista.ErrShutdown)
			}
			if stopped == nil {
				j.output = append(j.output, m.Bytes...)
			}
			_ = Activate(pid, 1)
		case kista.Exited:
			if m.PID == pid {
				j.err = m.Reason
				if stopped != nil {
					j.err = stopped
				}
				return nil
			}
			if stopped == nil {
				stopped = kista.ErrShutdown
				_ = s.Exit(pid, kista.ErrShutdown)
			}
		}
	}
}
