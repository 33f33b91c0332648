package vet

import (
	"go/types"
	"slices"
	"strings"
)

// kernel is the import path of the root package, and what all others of the
// library begin with.
const kernel = "github.com/kista-go/kista"

// library reports whether a package is part of the library and not a program
// beside it.
func library(path string) bool {
	rest, ok := strings.CutPrefix(path, kernel)
	if !ok || rest != "" && rest[0] != '/' {
		return false
	}
	first, _, _ := strings.Cut(strings.TrimPrefix(rest, "/"), "/")
	return first != "cmd" && first != "examples" && !strings.Contains(rest, "/testdata/")
}

// uses reports whether pkg is, or imports directly or not, the package at path.
func uses(pkg *types.Package, path string) bool {
	seen := map[*types.Package]bool{}
	var look func(p *types.Package) bool
	look = func(p *types.Package) bool {
		if p.Path() == path {
			return true
		}
		if seen[p] {
			return false
		}
		seen[p] = true
		return slices.ContainsFunc(p.Imports(), look)
	}
	return look(pkg)
}

// isHandle reports whether t is what only a process's own code may use: a *Self,
// or a pointer to a struct that embeds one, as the Ctx of every behaviour does.
func isHandle(t types.Type) bool {
	ptr, ok := types.Unalias(t).(*types.Pointer)
	if !ok {
		return false
	}
	if is(ptr.Elem(), kernel, "Self") {
		return true
	}
	st, ok := ptr.Elem().Underlying().(*types.Struct)
	if !ok {
		return false
	}
	for f := range st.Fields() {
		if f.Embedded() && isHandle(f.Type()) {
			return true
		}
	}
	return false
}

// isCallbackHandle reports whether t is a handle of a callback, not a *Self: the Ctx of
// a behaviour.
func isCallbackHandle(t types.Type) bool {
	ptr, ok := types.Unalias(t).(*types.Pointer)
	return ok && isHandle(t) && !is(ptr.Elem(), kernel, "Self")
}

// takesHandle reports whether a function of this type is process code because it
// has a handle as a parameter.
func takesHandle(sig *types.Signature) bool {
	for v := range sig.Params().Variables() {
		if isHandle(v.Type()) {
			return true
		}
	}
	return false
}

// is reports whether t is the named type, or an instance of it.
func is(t types.Type, path, name string) bool {
	named, ok := types.Unalias(t).(*types.Named)
	return ok && named.Obj().Name() == name && named.Obj().Pkg() != nil && named.Obj().Pkg().Path() == path
}

// key names a function or method as the tables below do: "server.Call" for the
// library, "(Self).Send" for methods, with the path for all others.
func key(f *types.Func) string {
	if f == nil || f.Pkg() == nil {
		return ""
	}
	path := f.Pkg().Path()
	switch {
	case path == kernel:
		path = "kista"
	case library(path):
		path = strings.TrimPrefix(path, kernel+"/")
	}
	if recv := f.Signature().Recv(); recv != nil {
		t := types.Unalias(recv.Type())
		if ptr, ok := t.(*types.Pointer); ok {
			t = types.Unalias(ptr.Elem())
		}
		if named, ok := t.(*types.Named); ok {
			return path + ".(" + named.Obj().Name() + ")." + f.Name()
		}
		return ""
	}
	return path + "." + f.Name()
}

// runs are the parameters of the library's functions that are run in processes
// though nothing in their type says so. Those that take a Self or Ctx say so.
var runs = map[string][]int{
	"supervisor.Func":        {0},
	"kista.BehaviourProgram": {2},
	"kista.On":               {0},
	"kista.OnIf":             {0, 1},
	"kista.After":            {1},
	"server.OnReport":        {1},
	"statem.OnReport":        {1},
	"event.OnReport":         {1},
	"server.Upgrade":         {1},
	"server.UpgradeHandler":  {1},
	"statem.Upgrade":         {1},
	"statem.UpgradeHandler":  {1},
	"event.Upgrade":          {2},
	"event.UpgradeHandler":   {2},
	"sys.ReplaceState":       {2},
	"sys.Install":            {3},
}

// within are those of them that are run by the process that calls, before the
// call or its own callback is over: they may use its variables.
var within = map[string]bool{"kista.On": true, "kista.OnIf": true, "kista.After": true}

// sends are the parameters of the library's functions that are messages,
// requests, replies or arguments: data that is copied.
var sends = map[string][]int{
	"kista.Send":             {1},
	"kista.SendAfter":        {2},
	"kista.Call":             {2},
	"kista.CallFor":          {3},
	"kista.Begin":            {2},
	"kista.Copy":             {0},
	"kista.(Self).Send":      {1},
	"kista.(From).Reply":     {0},
	"server.Call":            {2},
	"server.CallFor":         {3},
	"server.Begin":           {2},
	"server.Cast":            {1},
	"server.(Ctx).Cast":      {1},
	"server.(ReplyTo).Reply": {0},
	"statem.(Ctx).Cast":      {1},
	"statem.(Ctx).Reply":     {1},
	"event.Call":             {3},
	"event.CallFor":          {4},
	"event.Notify":           {1},
	"event.SyncNotify":       {1},
	"event.Delete":           {3},
	"event.Swap":             {3},
	"event.SwapSup":          {3},
}

// carried are the type parameters of the library's functions whose values are
// messages, requests, replies or arguments.
var carried = map[string][]string{
	"kista.IsData":        {"M"},
	"kista.Receive":       {"M"},
	"kista.On":            {"M"},
	"kista.OnIf":          {"M"},
	"server.Call":         {"R"},
	"server.CallFor":      {"R"},
	"server.Begin":        {"R"},
	"server.OnCall":       {"Q", "R"},
	"server.OnCast":       {"M"},
	"server.OnInfo":       {"M"},
	"server.Start":        {"A"},
	"server.StartLink":    {"A"},
	"server.StartMonitor": {"A"},
	"server.Child":        {"A"},
	"statem.OnCall":       {"Q", "R"},
	"statem.OnCast":       {"M"},
	"statem.OnInfo":       {"M"},
	"statem.Start":        {"A"},
	"statem.StartLink":    {"A"},
	"statem.StartMonitor": {"A"},
	"statem.Child":        {"A"},
	"event.Call":          {"R"},
	"event.CallFor":       {"R"},
	"event.OnCall":        {"Q", "R"},
	"event.OnEvent":       {"E"},
	"event.OnInfo":        {"M"},
	"event.New":           {"A"},
	"task.Async":          {"R"},
	"task.AsyncNolink":    {"R"},
	"task.AsyncOn":        {"R"},
	"task.AsyncUnder":     {"R"},
	"task.Deliver":        {"R"},
	"task.DeliverNolink":  {"R"},
	"task.Stream":         {"R"},
	"task.StreamNolink":   {"R"},
	"task.StreamOn":       {"R"},
	"task.StreamUnder":    {"R"},
}
