// Package frozen turns errors into values that may be shared between processes
// and nodes: exit reasons, and errors inside messages.
//
// An error is a value with methods. Whoever prints it or asks [errors.Is] runs
// those methods, which are the code of whoever made the error, and which read
// memory that may still be written to. So the owner *freezes* an error once,
// before anybody else sees it. A *sentinel* is an error known by its identity,
// like io.EOF; an error *is data* if its type could be sent in a message. What
// [Freeze] makes of an error:
//
//   - a registered sentinel ([Register]) stays itself;
//   - an error of a registered type ([RegisterType]) is rebuilt by its library
//     from frozen parts and copied data;
//   - a frozen error stays itself;
//   - anything else becomes an [*Error]: its text, and what [errors.Is] and
//     [errors.As] can still be asked of its chain.
//
// # What an Error still answers
//
// errors.Is(e, target) holds if target was, in e's chain at the time of the
// freeze: a registered sentinel, also one that only an Is method there
// confirmed; or, within this OS process, any error known by its address (every
// errors.New), which is not kept alive for it; or a comparable value equal to
// target, like a syscall.Errno. Other answers of Is methods are lost.
//
// errors.As(e, &target) finds errors of the chain whose types are data, like
// *fs.PathError, and every call hands out a copy of its own, in which errors are
// frozen. It also finds those of registered types. As methods are not asked.
//
// errors.Unwrap(e) is nil: the chain is flattened into e. [Error.Chain] lists
// the parts that are frozen errors themselves.
//
// # While freezing
//
// The error's own methods (Error, Unwrap, Is) run once, each under recover, on a
// goroutine that Freeze waits for, so that a method that panics or calls
// runtime.Goexit costs its answer and nothing else. A method that blocks blocks
// Freeze; one that recurses for ever overflows the stack, which nothing in Go can
// contain. Errors known to run nobody's code (errors.New, fmt.Errorf,
// syscall.Errno) need no goroutine. A chain is followed for 256 errors and 64
// levels, a cyclic one once round; text is cut to 64 KiB and made valid UTF-8.
package frozen
