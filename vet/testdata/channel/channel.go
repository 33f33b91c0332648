package channel

import (
	"context"
	"os"
	"os/signal"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/server"
)

var events = make(chan int)

func body(s *kista.Self) error {
	events <- 1        // want `channel: process code sends to a channel that it shares with others \(events\)`
	<-events           // want `channel: process code receives from a channel`
	for range events { // want `channel: process code receives from`
	}
	close(events) // want `channel: process code closes`
	select {
	case events <- 1:
	case <-s.Done():
	}
	select {
	case e := <-events:
		_ = e
	case <-time.After(time.Second):
	}
	select {
	case events <- 1:
	default:
	}
	select {
	case events <- 1: // want `channel: process code sends to`
	case <-events: // want `channel: process code receives from`
	}
	_ = len(events)
	<-s.Done()
	<-time.After(1)
	t := time.NewTicker(1)
	<-t.C
	own := make(chan int, 1)
	own <- 1
	<-own
	help(own)
	return nil
}

func help(c chan int) { c <- 1 }

type state struct {
	requests chan int
	timer    *time.Timer
}

func register(m *server.Mux[state], out chan<- int) {
	server.OnTimeout(m, func(c *server.Ctx, s *state) error {
		s.requests <- 1 // want `channel: process code sends to a channel that it shares with others \(s.requests\)`
		<-s.timer.C
		out <- 1      // want `channel: process code sends to a channel that it shares with others \(out\)`
		help2(c, out) // want `channel: process code uses a channel`
		return nil
	})
}

func help2(ctx context.Context, c chan<- int) {}

func starts(n *kista.Node) int {
	result := make(chan int)
	n.Spawn(func(*kista.Self) error {
		result <- 1 // want `channel: process code sends to`
		return nil
	})
	n.Spawn(func(*kista.Self) error {
		//kista:allow channel the reader waits as long as the node lives
		result <- 1
		return nil
	})
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt)
	events <- 1
	return <-result
}
