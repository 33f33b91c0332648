package kista_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kista-go/kista"
)

func TestAwaitName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, err := kista.Start(kista.Config{})
		if err != nil {
			t.Fatal(err)
		}
		defer n.Stop(context.Background())
		got := make(chan kista.PID, 1)
		go func() {
			pid, _ := n.AwaitName(context.Background(), "late")
			got <- pid
		}()
		synctest.Wait()
		other, _ := n.SpawnWith(kista.SpawnOpts{Name: "other"}, receiveOnce)
		synctest.Wait()
		pid, _ := n.SpawnWith(kista.SpawnOpts{Name: "late"}, receiveOnce)
		if who := <-got; who != pid || who == other {
			t.Errorf("got %v, want %v", who, pid)
		}
		if who, err := n.AwaitName(context.Background(), "late"); who != pid || err != nil {
			t.Errorf("got %v, %v", who, err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if _, err := n.AwaitName(ctx, "nobody"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		ended := make(chan error, 1)
		go func() {
			_, err := n.AwaitName(context.Background(), "nobody")
			ended <- err
		}()
		synctest.Wait()
		_ = n.Stop(context.Background())
		if err := <-ended; !errors.Is(err, kista.ErrNodeStopped) {
			t.Errorf("got %v", err)
		}
	})
}

func receiveOnce(s *kista.Self) error {
	_, err := s.Receive()
	return err
}
