// Package linear uses states of conversations.
package linear

import (
	"context"

	"github.com/kista-go/kista/examples/fileserver/fileclient"
)

// silly reads from what it has closed.
func silly(ctx context.Context, ready fileclient.Ready) error {
	_, _, err := ready.Close(ctx, fileclient.Close{FileHandle: 1})
	if err != nil {
		return err
	}
	_, err = ready.ReadLine(ctx, fileclient.ReadLine{FileHandle: 1}) // want `linear: ready is used up by ready.Close \(linear.go:12\), so this fails when it runs`
	return err
}

// fine goes on with what it was given.
func fine(ctx context.Context, ready fileclient.Ready) error {
	ready, _, err := ready.Info(ctx, fileclient.Info{})
	if err != nil {
		return err
	}
	ready, _, err = ready.Rewind(ctx, fileclient.Rewind{FileHandle: 1})
	if err != nil {
		return err
	}
	_, _, err = ready.Close(ctx, fileclient.Close{FileHandle: 1})
	return err
}

// branches use it once each.
func branches(ctx context.Context, ready fileclient.Ready, read bool) (err error) {
	if read {
		_, err = ready.ReadLine(ctx, fileclient.ReadLine{FileHandle: 1})
	} else {
		_, _, err = ready.Close(ctx, fileclient.Close{FileHandle: 1})
	}
	return err
}

// leaves uses it once, since the first use leaves.
func leaves(ctx context.Context, ready fileclient.Ready, n int) error {
	switch n {
	case 1:
		_, _, err := ready.Close(ctx, fileclient.Close{FileHandle: 1})
		return err
	case 2:
		if _, err := ready.ReadLine(ctx, fileclient.ReadLine{FileHandle: 1}); err != nil {
			return err
		}
		_, _, err := ready.Close(ctx, fileclient.Close{FileHandle: 1}) // want `linear: ready is used up by ready.ReadLine`
		return err
	}
	_, _, err := ready.Rewind(ctx, fileclient.Rewind{FileHandle: 1})
	return err
}

// loops use it again and again.
func loops(ctx context.Context, ready fileclient.Ready) {
	for range 3 {
		_, _ = ready.ReadLine(ctx, fileclient.ReadLine{FileHandle: 1}) // want `linear: ready is used up by ready.ReadLine in the first round of the loop`
	}
}

// all reads a file as it should.
func all(ctx context.Context, ready fileclient.Ready) (lines []string, err error) {
	for {
		out, err := ready.ReadLine(ctx, fileclient.ReadLine{FileHandle: 1})
		if err != nil {
			return lines, err
		}
		switch out := out.(type) {
		case fileclient.ReadyReadLineLine:
			lines = append(lines, out.Reply.Text)
			ready = out.Next
		case fileclient.ReadyReadLineEof:
			_, _, err := out.Next.Close(ctx, fileclient.Close{FileHandle: 1})
			return lines, err
		}
	}
}

// allowed has its reason.
func allowed(ctx context.Context, ready fileclient.Ready) {
	_, _, _ = ready.Close(ctx, fileclient.Close{FileHandle: 1})
	//kista:allow linear to see it fail
	_, _, _ = ready.Close(ctx, fileclient.Close{FileHandle: 1})
}

// fields hold states too.
func fields(ctx context.Context, out fileclient.ReadyReadLineLine, others []fileclient.ReadyReadLineLine) error {
	if _, _, err := out.Next.Rewind(ctx, fileclient.Rewind{FileHandle: 1}); err != nil {
		return err
	}
	_, _, err := out.Next.Close(ctx, fileclient.Close{FileHandle: 1}) // want `linear: out.Next is used up by out.Next.Rewind`
	for _, o := range others {
		if _, _, err := o.Next.Close(ctx, fileclient.Close{FileHandle: 1}); err != nil {
			return err
		}
	}
	out = others[0]
	_, _, _ = out.Next.Close(ctx, fileclient.Close{FileHandle: 1})
	out.Next, _, _ = others[1].Next.Rewind(ctx, fileclient.Rewind{FileHandle: 1})
	_, _, _ = out.Next.Close(ctx, fileclient.Close{FileHandle: 1})
	return err
}
