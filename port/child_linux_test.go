package port_test

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/port"
)

// children are the programs that the test binary can be.
var children = map[string]func(){
	"stubborn": stubborn, "crash": func() { panic("a bug") }, "node": childNode, "caged": cagedNode,
}

// stubborn ends of nothing but SIGKILL.
func stubborn() {
	signal.Ignore(syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT)
	fmt.Println("ready")
	<-time.After(time.Minute)
}

// childNode is a node of its own, with a port that has spread.
func childNode() {
	n, err := newNode()
	if err == nil {
		_, err = port.Start(ctx, n, shell(os.Args[1], spread), port.Opts{})
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	time.Sleep(time.Minute) // sleep: it is there to be killed
}

func newNode() (*kista.Node, error) { return kista.Start(kista.Config{}) }
