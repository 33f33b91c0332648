// Command shop is a small release: two applications, run by [release.Main].
//
//	stock   how many of each thing there are: a server
//	shop    sells them over HTTP: a till, which is a server, a door, which is a
//	        state machine, and a front, which is a Body that listens; under a supervisor
//
// Try it, and stop it with Ctrl-C:
//
//	go run ./examples/shop --shop.listen=127.0.0.1:8080 --stock.items.pear=3
//	curl -X POST localhost:8080/buy/apple
//	go run ./examples/shop config show
//
// Its commands, its exit codes and how it is configured are package release's.
package main

import (
	"os"

	"github.com/kista-go/kista/release"
)

// shopRelease is the whole program.
var shopRelease = release.Release{
	Name: "shop", Version: "1.0.0", Description: "sells fruit over HTTP",
	Apps: []release.Entry{{App: stockApp}, {App: shopApp}},
}

func main() { os.Exit(release.Main(shopRelease)) }
