package app

import "github.com/kista-go/kista"

// Requests, as a controller receives them. Applications hold code, which is no
// data: they are passed as they are and never changed.
type (
	loadReq struct {
		kista.Immutable
		apps []App
	}
	unloadReq struct{ Name string }
	startReq  struct {
		Names []string
		Type  Type
		All   bool // and what they need
	}
	stopReq        struct{ Name string }
	whichReq       struct{ Running bool }
	infoReq        struct{ Name string }
	reconfigureReq struct {
		kista.Immutable
		from Sources
	}
	settingsReq struct{ Name string }
	belongsReq  struct{ PID kista.PID }
)

type done struct{}
