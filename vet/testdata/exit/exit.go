package exit

import (
	"log"
	"os"
	"syscall"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/vet/testdata/helper"
)

func body(s *kista.Self) error {
	if s.Name() == "" {
		os.Exit(1) // want `exit: os.Exit in process code ends the whole program`
	}
	log.Fatal("no")             // want `exit: log.Fatal in process code`
	log.Fatalf("no %d", 1)      // want `exit: log.Fatalf`
	log.Default().Fatalln("no") // want `exit: log.Fatalln`
	syscall.Exit(1)             // want `exit: syscall.Exit`
	defer os.Exit(2)            // want `exit: os.Exit`
	helper.Must(nil)            // want `exit: Must ends the whole program \(helper.go:23\)`
	helper.Allowed()
	log.Panic("this is a reason, like any panic")
	deep()
	return nil
}

func deep() { deeper() }

func deeper() {
	os.Exit(3) // want `exit: os.Exit`
}

func main() {
	n, err := kista.Start(kista.Config{})
	if err != nil {
		log.Fatal(err)
	}
	n.Spawn(body)
	os.Exit(0)
}
