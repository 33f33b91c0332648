package main

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kista-go/kista/etf"
	"github.com/kista-go/kista/jsf"
	"github.com/kista-go/kista/term"
	"github.com/kista-go/kista/ubfa"
)

func termCommand() *cobra.Command {
	var c conversion
	cmd := &cobra.Command{
		Use:   "term [--from ENCODING] [--to ENCODING] [FILE]",
		Short: "Convert terms between encodings: Erlang's, UBF's, JSON and text",
		Long: `term reads terms from a file or from standard input, and writes each of them in another encoding:

  text   as Erlang source has them, and as io_lib:format("~tw") prints them, maps in standard order
  etf    Erlang's external term format, the bytes of term_to_binary
  ubfa   UBF(A)
  jsf    the JSON of UBF

Input of text and JSON is one term a line. Of the other two it is one term after the other; with --hex it is one a line, in
hexadecimal digits, and so is what is written in them. (A line of JSON that is nothing but such digits is taken for bytes, too.) For each line of input there is one of output, in
order. Where a term cannot be read or written, its line begins with "error" and says what is wrong and at which byte; the status
is then 1. (Without --hex, etf has no lines to say it on: it is said on standard error.)`,
		Example: `  echo '{deposit,joe,5}' | kista term --to etf --hex
  echo 836803770764... | kista term --from etf --hex
  kista term --from ubfa --to jsf conversation.ubf
  kista term --from etf --hex --safe --max-bytes 65536 < captured.txt`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			in := cmd.InOrStdin()
			if len(args) == 1 && args[0] != "-" {
				f, err := os.Open(args[0])
				if err != nil {
					return err
				}
				defer f.Close()
				in = f
			}
			return c.run(in, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	addEncodingFlag(cmd, &c.from, "from", "the encoding that is read")
	addEncodingFlag(cmd, &c.to, "to", "the encoding that is written")
	cmd.Flags().BoolVar(&c.hex, "hex", false, "bytes are hexadecimal digits, one term a line")
	cmd.Flags().IntVar(&c.write.compress, "compress", 0, "write etf compressed, with this zlib level (1 to 9)")
	cmd.Flags().BoolVar(&c.write.minor1, "minor1", false, "write etf as OTP 25 and earlier do by default: atoms in Latin-1")
	cmd.Flags().BoolVar(&c.write.names, "node-names", false, "in text, print the names of nodes in pids, ports and references, not a number for each")
	c.read.add(cmd)
	c.write.compat = &c.read.compat
	return cmd
}

// conversion is one run of the command.
type conversion struct {
	from, to string
	hex      bool
	read     reading
	write    writing

	out, errs *bufio.Writer
	buf       []byte
	bad       bool
}

func (c *conversion) run(in io.Reader, out, errs io.Writer) error {
	for _, name := range []string{c.from, c.to} {
		if encodings[name] == "" {
			return fmt.Errorf("term: there is no encoding %q: take one of %s", name, strings.Join(encodingNames(), ", "))
		}
	}
	if c.write.compress < 0 || c.write.compress > 9 {
		return fmt.Errorf("term: --compress %d: zlib has the levels 1 to 9", c.write.compress)
	}
	c.write.printer = printer(c.write.names)
	c.out, c.errs = bufio.NewWriter(out), bufio.NewWriter(errs)
	convert := c.lines
	if !c.hex && (c.from == "etf" || c.from == "ubfa") {
		convert = c.stream
	}
	err := convert(in)
	if err == nil {
		err = c.out.Flush()
	}
	_ = c.errs.Flush()
	if err == nil && c.bad {
		return exitCode(1)
	}
	return err
}

// lines converts a term a line.
func (c *conversion) lines(in io.Reader) error {
	r := bufio.NewReaderSize(in, 64<<10)
	for {
		line, err := r.ReadBytes('\n')
		if len(line) == 0 && err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		if err := c.line(bytes.TrimRight(line, "\r\n")); err != nil {
			return err
		}
		if r.Buffered() == 0 { // whoever types wants to see
			if err := c.out.Flush(); err != nil {
				return err
			}
		}
	}
}

func (c *conversion) line(line []byte) error {
	if !c.hex || c.from == "text" {
		return c.say(c.read.decodeAll(c.from, line))
	}
	b, err := unhex(line)
	switch {
	case err == nil:
		line = b
	case c.from != "jsf": // JSON needs no digits to stand in a line
		return c.say(nil, err)
	}
	return c.say(c.read.decodeAll(c.from, line))
}

func unhex(line []byte) ([]byte, error) {
	b := make([]byte, hex.DecodedLen(len(line)))
	n, err := hex.Decode(b, line)
	var wrong hex.InvalidByteError
	switch {
	case errors.As(err, &wrong):
		return nil, fmt.Errorf("hex: %q is no hexadecimal digit, behind byte %d", rune(wrong), n)
	case err != nil:
		return nil, fmt.Errorf("hex: half a byte behind byte %d", n)
	}
	return b, nil
}

// stream converts terms that follow each other. What is behind a bad one has no meaning in etf; in UBF(A) the next line may
// have.
func (c *conversion) stream(in io.Reader) error {
	all, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	at := 0
	for {
		rest := all[at:]
		if c.from == "ubfa" {
			rest = bytes.TrimLeft(rest, " \t\r\n,")
			at = len(all) - len(rest)
		}
		if len(rest) == 0 {
			return nil
		}
		t, used, err := c.read.decode(c.from, rest)
		if e := c.say(t, moved(err, at)); e != nil {
			return e
		}
		if err == nil {
			at += used
			continue
		}
		var wrong *ubfa.DecodeError
		if !errors.As(err, &wrong) {
			return nil
		}
		at += int(wrong.Offset)
		end := bytes.IndexByte(all[at:], '\n')
		if end < 0 {
			return nil
		}
		at += end
	}
}

// moved is an error whose place is counted from the start of the input.
func moved(err error, by int) error {
	var e *etf.DecodeError
	var u *ubfa.DecodeError
	var j *jsf.DecodeError
	switch {
	case errors.As(err, &e):
		n := *e
		n.Offset += by
		return &n
	case errors.As(err, &u):
		n := *u
		n.Offset += int64(by)
		return &n
	case errors.As(err, &j):
		n := *j
		n.Offset += int64(by)
		return &n
	}
	return err
}

// say writes a term, or why there is none.
func (c *conversion) say(t term.Term, err error) error {
	if err == nil {
		c.buf, err = c.write.append(c.buf[:0], c.to, t)
	}
	raw := !c.hex && c.to == "etf"
	if err != nil {
		c.bad = true
		out := c.out
		if raw {
			out = c.errs
		}
		_, err = fmt.Fprintln(out, "error:", strings.ReplaceAll(err.Error(), "\n", " "))
		return err
	}
	if c.hex && (c.to == "etf" || c.to == "ubfa") {
		c.buf = hex.AppendEncode(nil, c.buf)
	}
	if !raw {
		c.buf = append(c.buf, '\n')
	}
	_, err = c.out.Write(c.buf)
	return err
}
