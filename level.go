package kista

// levels are the isolation levels of what processes run, by its kind. What is not
// among them is native code in the node.
var levels = map[string]string{
	"wasm": "L2", // an instance with a memory of its own
}

func levelOf(kind string) string {
	if l := levels[kind]; l != "" {
		return l
	}
	return "L1"
}
