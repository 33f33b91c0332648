// Command dies ends badly in its first life, and well in its second.
package main

import (
	"fmt"
	"os"

	"github.com/kista-go/kista/heart"
)

func main() {
	fmt.Println("life", heart.Life(), heart.Present())
	if heart.Life() == 1 {
		os.Exit(3)
	}
	fmt.Println("it was:", heart.LastDeath().Kind, heart.LastDeath().Status)
}
