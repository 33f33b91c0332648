// Package kinds has types of all kinds, each with what the kernel says of it. The
// checker must say the same of their text.
package kinds

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"hash/maphash"
	"io"
	"iter"
	"log"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"reflect"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unique"
	"unsafe"
	"weak"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/term"
)

// One name for each type.
type (
	Int     int
	Text    string
	Chan    chan int
	Func    func()
	Pointer struct{ P unsafe.Pointer }
	Deep    struct{ A []map[string]*[2]Chan }
	Key     map[struct{ C chan int }]int
	None    [0]chan int
	Empty   struct{}
	Loop    struct{ Next *Loop }
	BadLoop struct {
		Next *BadLoop
		Mu   sync.Mutex
	}
	Left  struct{ R *Right }
	Right struct {
		L *Left
		F func()
	}
	Any         struct{ V any }
	Reader      struct{ R io.Reader }
	Context     struct{ C context.Context }
	Conn        struct{ C net.Conn }
	TCP         struct{ C *net.TCPConn }
	UDP         struct{ C net.PacketConn }
	Listener    struct{ L net.Listener }
	File        struct{ F *os.File }
	Cmd         struct{ C *exec.Cmd }
	Process     struct{ P os.Process }
	Time        struct{ T time.Time }
	Location    struct{ L *time.Location }
	LocationVal struct{ L time.Location }
	Timer       struct{ T *time.Timer }
	Addr        struct{ A netip.AddrPort }
	URL         struct{ U *url.URL }
	Raw         struct{ R json.RawMessage }
	Big         struct{ B *big.Int }
	Regexp      struct{ R *regexp.Regexp }
	RegexpVal   struct{ R regexp.Regexp }
	Handle      struct{ H unique.Handle[string] }
	Weak        struct{ W weak.Pointer[int] }
	Seq         struct{ S iter.Seq[int] }
	Atomic      struct{ A atomic.Int64 }
	Once        struct{ O *sync.Once }
	Logger      struct{ L *slog.Logger }
	OldLogger   struct{ L *log.Logger }
	LogValue    struct{ V slog.Value }
	Buffered    struct{ R *bufio.Reader }
	Buffer      struct{ B bytes.Buffer }
	Builder     struct{ B strings.Builder }
	ReflectVal  struct{ V reflect.Value }
	ReflectType struct{ T reflect.Type }
	Hash        struct{ H maphash.Hash }
	Pinner      struct{ P runtime.Pinner }
	Testing     struct{ T *testing.T }
	Request     struct{ R *http.Request }
	Header      struct{ H http.Header }
	DB          struct{ D *sql.DB }
	Error       struct{ E error }
	Custom      struct{ E *OwnError }
	OwnError    struct{ C chan int }
	PID         struct{ P kista.PID }
	Ref         struct{ R kista.Ref }
	From        struct{ F kista.From }
	Reply       struct{ R server.ReplyTo[int] }
	Node        struct{ N *kista.Node }
	Self        struct{ S *kista.Self }
	Program     struct{ P kista.Program }
	Code        struct{ C kista.CodeHandle[func()] }
	Down        kista.Down
	Exited      struct{ E kista.Exited }
	Term        struct{ T term.Term }
	Tuple       term.Tuple
	Fixed       struct {
		kista.Immutable
		C chan int
	}
	FixedPtr       struct{ F *Fixed }
	Generic[T any] struct{ V T }
	OfInt          Generic[int]
	OfChan         Generic[chan int]
	List           []Generic[func()]
	Uintptr        uintptr
	Conn2          struct {
		C interface {
			Read([]byte) (int, error)
			Write([]byte) (int, error)
			Close() error
			SetDeadline(time.Time) error
		}
	}
	NotConn struct {
		C interface {
			Read([]byte) (int, error)
			Close() error
		}
	}
)

// Error makes it an error.
func (e *OwnError) Error() string { return "own" }

// Kernel is what the kernel says, by the types' names.
var Kernel = map[string]func() error{
	"Int":          kista.IsData[Int],
	"*Int":         kista.IsData[*Int],
	"Text":         kista.IsData[Text],
	"*Text":        kista.IsData[*Text],
	"Chan":         kista.IsData[Chan],
	"*Chan":        kista.IsData[*Chan],
	"Func":         kista.IsData[Func],
	"*Func":        kista.IsData[*Func],
	"Pointer":      kista.IsData[Pointer],
	"*Pointer":     kista.IsData[*Pointer],
	"Deep":         kista.IsData[Deep],
	"*Deep":        kista.IsData[*Deep],
	"Key":          kista.IsData[Key],
	"*Key":         kista.IsData[*Key],
	"None":         kista.IsData[None],
	"*None":        kista.IsData[*None],
	"Empty":        kista.IsData[Empty],
	"*Empty":       kista.IsData[*Empty],
	"Loop":         kista.IsData[Loop],
	"*Loop":        kista.IsData[*Loop],
	"BadLoop":      kista.IsData[BadLoop],
	"*BadLoop":     kista.IsData[*BadLoop],
	"Left":         kista.IsData[Left],
	"*Left":        kista.IsData[*Left],
	"Right":        kista.IsData[Right],
	"*Right":       kista.IsData[*Right],
	"Any":          kista.IsData[Any],
	"*Any":         kista.IsData[*Any],
	"Reader":       kista.IsData[Reader],
	"*Reader":      kista.IsData[*Reader],
	"Context":      kista.IsData[Context],
	"*Context":     kista.IsData[*Context],
	"Conn":         kista.IsData[Conn],
	"*Conn":        kista.IsData[*Conn],
	"TCP":          kista.IsData[TCP],
	"*TCP":         kista.IsData[*TCP],
	"UDP":          kista.IsData[UDP],
	"*UDP":         kista.IsData[*UDP],
	"Listener":     kista.IsData[Listener],
	"*Listener":    kista.IsData[*Listener],
	"File":         kista.IsData[File],
	"*File":        kista.IsData[*File],
	"Cmd":          kista.IsData[Cmd],
	"*Cmd":         kista.IsData[*Cmd],
	"Process":      kista.IsData[Process],
	"*Process":     kista.IsData[*Process],
	"Time":         kista.IsData[Time],
	"*Time":        kista.IsData[*Time],
	"Location":     kista.IsData[Location],
	"*Location":    kista.IsData[*Location],
	"LocationVal":  kista.IsData[LocationVal],
	"*LocationVal": kista.IsData[*LocationVal],
	"Timer":        kista.IsData[Timer],
	"*Timer":       kista.IsData[*Timer],
	"Addr":         kista.IsData[Addr],
	"*Addr":        kista.IsData[*Addr],
	"URL":          kista.IsData[URL],
	"*URL":         kista.IsData[*URL],
	"Raw":          kista.IsData[Raw],
	"*Raw":         kista.IsData[*Raw],
	"Big":          kista.IsData[Big],
	"*Big":         kista.IsData[*Big],
	"Regexp":       kista.IsData[Regexp],
	"*Regexp":      kista.IsData[*Regexp],
	"RegexpVal":    kista.IsData[RegexpVal],
	"*RegexpVal":   kista.IsData[*RegexpVal],
	"Handle":       kista.IsData[Handle],
	"*Handle":      kista.IsData[*Handle],
	"Weak":         kista.IsData[Weak],
	"*Weak":        kista.IsData[*Weak],
	"Seq":          kista.IsData[Seq],
	"*Seq":         kista.IsData[*Seq],
	"Atomic":       kista.IsData[Atomic],
	"*Atomic":      kista.IsData[*Atomic],
	"Once":         kista.IsData[Once],
	"*Once":        kista.IsData[*Once],
	"Logger":       kista.IsData[Logger],
	"*Logger":      kista.IsData[*Logger],
	"OldLogger":    kista.IsData[OldLogger],
	"*OldLogger":   kista.IsData[*OldLogger],
	"LogValue":     kista.IsData[LogValue],
	"*LogValue":    kista.IsData[*LogValue],
	"Buffered":     kista.IsData[Buffered],
	"*Buffered":    kista.IsData[*Buffered],
	"Buffer":       kista.IsData[Buffer],
	"*Buffer":      kista.IsData[*Buffer],
	"Builder":      kista.IsData[Builder],
	"*Builder":     kista.IsData[*Builder],
	"ReflectVal":   kista.IsData[ReflectVal],
	"*ReflectVal":  kista.IsData[*ReflectVal],
	"ReflectType":  kista.IsData[ReflectType],
	"*ReflectType": kista.IsData[*ReflectType],
	"Hash":         kista.IsData[Hash],
	"*Hash":        kista.IsData[*Hash],
	"Pinner":       kista.IsData[Pinner],
	"*Pinner":      kista.IsData[*Pinner],
	"Testing":      kista.IsData[Testing],
	"*Testing":     kista.IsData[*Testing],
	"Request":      kista.IsData[Request],
	"*Request":     kista.IsData[*Request],
	"Header":       kista.IsData[Header],
	"*Header":      kista.IsData[*Header],
	"DB":           kista.IsData[DB],
	"*DB":          kista.IsData[*DB],
	"Error":        kista.IsData[Error],
	"*Error":       kista.IsData[*Error],
	"Custom":       kista.IsData[Custom],
	"*Custom":      kista.IsData[*Custom],
	"OwnError":     kista.IsData[OwnError],
	"*OwnError":    kista.IsData[*OwnError],
	"PID":          kista.IsData[PID],
	"*PID":         kista.IsData[*PID],
	"Ref":          kista.IsData[Ref],
	"*Ref":         kista.IsData[*Ref],
	"From":         kista.IsData[From],
	"*From":        kista.IsData[*From],
	"Reply":        kista.IsData[Reply],
	"*Reply":       kista.IsData[*Reply],
	"Node":         kista.IsData[Node],
	"*Node":        kista.IsData[*Node],
	"Self":         kista.IsData[Self],
	"*Self":        kista.IsData[*Self],
	"Program":      kista.IsData[Program],
	"*Program":     kista.IsData[*Program],
	"Code":         kista.IsData[Code],
	"*Code":        kista.IsData[*Code],
	"Down":         kista.IsData[Down],
	"*Down":        kista.IsData[*Down],
	"Exited":       kista.IsData[Exited],
	"*Exited":      kista.IsData[*Exited],
	"Term":         kista.IsData[Term],
	"*Term":        kista.IsData[*Term],
	"Tuple":        kista.IsData[Tuple],
	"*Tuple":       kista.IsData[*Tuple],
	"Fixed":        kista.IsData[Fixed],
	"*Fixed":       kista.IsData[*Fixed],
	"FixedPtr":     kista.IsData[FixedPtr],
	"*FixedPtr":    kista.IsData[*FixedPtr],
	"OfInt":        kista.IsData[OfInt],
	"*OfInt":       kista.IsData[*OfInt],
	"OfChan":       kista.IsData[OfChan],
	"*OfChan":      kista.IsData[*OfChan],
	"List":         kista.IsData[List],
	"*List":        kista.IsData[*List],
	"Uintptr":      kista.IsData[Uintptr],
	"*Uintptr":     kista.IsData[*Uintptr],
	"Conn2":        kista.IsData[Conn2],
	"*Conn2":       kista.IsData[*Conn2],
	"NotConn":      kista.IsData[NotConn],
	"*NotConn":     kista.IsData[*NotConn],
}
