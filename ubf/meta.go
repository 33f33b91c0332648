package ubf

import (
	"fmt"
	"strings"
	"sync"

	"github.com/kista-go/kista/contract"
	"github.com/kista-go/kista/term"
	"github.com/kista-go/kista/ubfa"
)

// metaText is the contract of the meta service, with the type of info and description left open: UBF 2.x says string(), a list
// of characters, and sends a string of UBF.
const metaText = `+NAME("meta_server").
+VSN("ubf1.0").
+TYPES
info() :: info;
description() :: description;
contract() :: contract;
help() :: help;
services() :: services;
serviceList() :: [ubfstring()] "Names of the offered services";
startSession() :: {startSession, ubfstring(), term()};
restartService() :: {restartService, ubfstring(), term()};
ok_or_error() :: ok() | error();
ok() :: {ok, term()};
error() :: {error, term()}.
+ANYSTATE
info() => %[1]s();
description() => %[1]s();
contract() => term();
help() => binary();
services() => serviceList();
startSession() => ok_or_error();
restartService() => ok_or_error().
`

var (
	meta       = sync.OnceValue(func() *contract.Checker { return compileMeta("ubfstring") })
	compatMeta = sync.OnceValue(func() *contract.Checker { return compileMeta("string") })
)

func compileMeta(text string) *contract.Checker {
	c, err := contract.Parse("meta", fmt.Appendf(nil, metaText, text))
	if err == nil {
		var k *contract.Checker
		if k, err = contract.Compile(c); err == nil {
			return k
		}
	}
	panic(err) // the text above is wrong
}

// metaState is the state of every conversation with the meta service.
const metaState = term.Atom("start")

// The words of the meta service.
const (
	wordContract    = term.Atom("contract")
	wordInfo        = term.Atom("info")
	wordDescription = term.Atom("description")
	wordHelp        = term.Atom("help")
	wordServices    = term.Atom("services")
	wordStart       = term.Atom("startSession")
	wordRestart     = term.Atom("restartService")
	wordOK          = term.Atom("ok")
	wordError       = term.Atom("error")
	wordEventIn     = term.Atom("event_in")
	wordEventOut    = term.Atom("event_out")
	wordClientBroke = term.Atom("clientBrokeContract")
	wordServerBroke = term.Atom("serverBrokeContract")
	wordUndefined   = term.Atom("undefined")
	stateStop       = term.Atom("stop")
)

// Texts are what the meta service tells people.
type Texts struct {
	// Greeting is the help in the greeting.
	Greeting string
	// Info and Description are the answers to info and description. Empty: something general.
	Info, Description string
	// Help is the answer to help.
	Help string
}

func (t Texts) withDefaults(names []string) Texts {
	set := func(p *string, text string) {
		if *p == "" {
			*p = text
		}
	}
	set(&t.Greeting, "\n\nThis server keeps contracts. Type 'help'$ for help, 'services'$ for what there is.\n\n")
	set(&t.Info, "I am a meta server: type 'help'$ to find out what I can do")
	set(&t.Description, "services: "+strings.Join(names, ", "))
	set(&t.Help, `
This server speaks the Universal Binary Format. Each message ends with a dollar sign.

'help'$                        this text
'info'$                        in a word, what this is
'description'$                 in more words
'services'$                    the names of the services
'contract'$                    the contract of the service that you talk to
{'startSession',"Name",Arg}$   a session with a service; Arg is the service's matter, # if it has none
`)
	return t
}

// stringTerm is a string of UBF.
func stringTerm(s string) term.Term { return ubfa.String(s).Term() }

// failure is the answer of the meta service to what cannot be.
func failure(reason term.Term) term.Term { return term.Tuple{wordError, reason} }
