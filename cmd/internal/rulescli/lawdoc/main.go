package main

import (
	"fmt"
	"os"

	"habeas/models/hold"
	"habeas/models/rules"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: lawdoc FILE")
		os.Exit(2)
	}
	if err := os.WriteFile(os.Args[1], rules.Law(hold.Builtin()), 0o644); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
