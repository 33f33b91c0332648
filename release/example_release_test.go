package release_test

import (
	"context"
	"fmt"
	"os"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/app"
	"github.com/kista-go/kista/release"
	"github.com/kista-go/kista/supervisor"
)

// GreeterConfig is the configuration of the application greeter.
type GreeterConfig struct {
	Name     string     `doc:"whom to greet"`
	Password app.Secret `doc:"nobody sees it"`
}

// Greeter greets once, and has done its work then.
var Greeter = app.New(app.Spec[GreeterConfig]{
	Name: "greeter", Version: "0.1.0", Config: GreeterConfig{Name: "world"},
	Start: func(c *app.Ctx[GreeterConfig]) (kista.Program, error) {
		name := c.Config.Name
		return supervisor.Func(func(context.Context) error {
			fmt.Println("hello,", name)
			return nil
		}), nil
	},
})

// A program's main is os.Exit(release.Main(r)). Run is the same with everything
// given.
func ExampleRun() {
	r := release.Release{Name: "hello", Version: "1.0.0", Apps: []release.Entry{{App: Greeter}}}
	ctx := context.Background()
	run := func(args ...string) {
		code := release.Run(ctx, r, release.Invocation{
			Args: args, Env: []string{"GREETER_PASSWORD=rosebud"}, Stdout: os.Stdout,
		})
		fmt.Println("exit code", code)
	}

	run("--greeter.name=Joe")
	run("config", "show")
	// Output:
	// hello, Joe
	// exit code 0
	// release.node          =           # default
	// release.stop_timeout  = 25s       # default
	// release.log.level     = INFO      # default
	// release.log.format    = text      # default
	// greeter.name          = world     # default
	// greeter.password      = (secret)  # GREETER_PASSWORD
	// exit code 0
}
