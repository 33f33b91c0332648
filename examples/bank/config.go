package bank

import (
	"fmt"
	"time"

	"github.com/kista-go/kista/examples/bank/internal/ledger"
)

// Limits bound what one account keeps: the size of a balance, tags, transfers
// under way. The zero value of a field means its default.
type Limits = ledger.Limits

// validate reports the first field that makes no sense.
func (c Config) validate() error {
	for _, f := range []struct {
		name  string
		value int64
	}{
		{"Port", int64(c.Port)},
		{"RobustPort", int64(c.RobustPort)},
		{"MaxConnections", int64(c.MaxConnections)},
		{"MaxFrame", int64(c.MaxFrame)},
		{"ReadTimeout", int64(c.ReadTimeout)},
		{"WriteTimeout", int64(c.WriteTimeout)},
		{"RequestTimeout", int64(c.RequestTimeout)},
		{"Shutdown", int64(c.Shutdown)},
		{"MaxLive", int64(c.MaxLive)},
		{"IdleTime", int64(c.IdleTime)},
		{"StartTimeout", int64(c.StartTimeout)},
		{"SnapshotEvery", int64(c.SnapshotEvery)},
	} {
		if f.value < 0 {
			return fmt.Errorf("bank: Config.%s is %d: it must not be negative", f.name, f.value)
		}
	}
	if c.Port > 65535 || c.RobustPort > 65535 {
		return fmt.Errorf("bank: Config.Port or RobustPort is above 65535: there is no such port")
	}
	if c.Data != "" && c.Open != nil {
		return fmt.Errorf("bank: Config.Data and Config.Open are both set: only one can say where the journals are")
	}
	if err := c.Limits.Validate(); err != nil {
		return fmt.Errorf("bank: Config.%w", err)
	}
	return nil
}

// withDefaults returns c with every zero field replaced by its default.
func (c Config) withDefaults() Config {
	def(&c.Name, "bank")
	def(&c.Listen, "127.0.0.1")
	def(&c.MaxConnections, 1000)
	def(&c.MaxFrame, 64<<10)
	def(&c.ReadTimeout, 30*time.Second)
	def(&c.WriteTimeout, 10*time.Second)
	def(&c.RequestTimeout, 5*time.Second)
	def(&c.Shutdown, 5*time.Second)
	def(&c.MaxLive, 10_000)
	def(&c.IdleTime, time.Minute)
	def(&c.StartTimeout, 10*time.Second)
	def(&c.SnapshotEvery, 100)
	c.Limits = c.Limits.WithDefaults()
	return c
}

func def[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
