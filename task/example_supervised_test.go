package task_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/supervisor"
	"github.com/kista-go/kista/task"
)

// ErrNotFound is an answer of tasks.
var ErrNotFound = errors.New("not found")

// A task supervisor is part of the tree. Its tasks may fail as they like: whoever
// started one hears of it in the result, and nowhere else.
func ExampleAsyncNolink() {
	ctx := context.Background()
	node, _ := kista.Start(kista.Config{Logger: quiet})
	defer node.Stop(ctx)
	_, _ = supervisor.Start(ctx, node, supervisor.Spec{Children: []supervisor.Child{
		{ID: "tasks", Start: task.Supervisor(supervisor.Opts{Name: "tasks"})},
	}}, supervisor.Opts{})
	tasks := node.Name("tasks")

	find := func(what string) task.Func[string] {
		return func(*kista.Self) (string, error) {
			switch what {
			case "treasure":
				return "", ErrNotFound
			case "dragon":
				panic("it bites")
			}
			return "a " + what, nil
		}
	}
	for _, what := range []string{"door", "treasure", "dragon"} {
		found, err := task.AsyncNolink(ctx, tasks, find(what)).Await(ctx)
		var died *task.Error
		switch {
		case errors.Is(err, ErrNotFound):
			fmt.Println(what, "is an answer:", err)
		case errors.As(err, &died):
			fmt.Println(what, "is a death:", died.Reason)
		default:
			fmt.Println(found)
		}
	}
	// Output:
	// a door
	// treasure is an answer: not found
	// dragon is a death: kista: panic: it bites
}
