package progress

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/creack/pty"
)

// Where there is no terminal, there is a line every ten seconds.
func TestLines(t *testing.T) {
	t.Parallel()
	log, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	synctest.Test(t, func(t *testing.T) {
		var lines bytes.Buffer
		b := New(log, &lines)
		percent, files, text := b.Track("purging", ""), b.Track("copying", "files"), b.Show
		for second := range 35 {
			switch time.Sleep(time.Second); {
			case second < 15:
				percent(second, 40)
			case second < 25:
				files(1000*second, 123456)
			default:
				text(second, 0, fmt.Sprintf("priming: %d of ?", second))
			}
		}
		b.Done()
		if want := "purging: 22%\ncopying: 19,000 of 123,456 files\npriming: 29 of ?\n"; lines.String() != want {
			t.Errorf("%q, want %q", &lines, want)
		}
	})
	slog.New(slog.NewTextHandler(New(log, io.Discard), nil)).Info("hello")
	if text, err := os.ReadFile(log.Name()); err != nil || strings.Count(string(text), "\n") != 1 || !strings.HasSuffix(string(text), "msg=hello\n") {
		t.Errorf("%q, %v", text, err)
	}
}

// On a terminal there is a bar, which makes room for a line of the log, and is gone at the
// end.
func TestBar(t *testing.T) {
	t.Parallel()
	screen, terminal, err := pty.Open()
	if err != nil {
		t.Skip(err)
	}
	defer screen.Close()
	if err := pty.Setsize(terminal, &pty.Winsize{Rows: 24, Cols: 80}); err != nil {
		t.Fatal(err)
	}
	var lines bytes.Buffer
	var b *Bar
	synctest.Test(t, func(*testing.T) {
		b = New(terminal, &lines)
		percent := b.Track("purging", "")
		percent(500, 1000)
		fmt.Fprintln(b, "a line of the log")
		time.Sleep(time.Minute)
		percent(1000, 1000)
		time.Sleep(time.Minute)
		files := b.Track("copying", "files") // begins again, with less
		files(1, 4)
		time.Sleep(time.Minute)
		files(2, 4)
		files(3, 4) // too soon
		time.Sleep(time.Minute)
		b.Show(7, 8, "priming: 7 of 8 pictures, 3.3/s, 2s left")
		time.Sleep(time.Minute)
		b.Show(8, 8, "priming: 8 of 8 pictures")
		time.Sleep(time.Minute)
		b.Show(2, 0, "priming: 2 of ? pictures")
		b.Done()
	})
	terminal.Close()
	shown, _ := io.ReadAll(screen) // ends with an error, as the terminal is closed
	if lines.Len() > 0 || !strings.Contains(string(shown), "\ra line of the log\r\n") {
		t.Errorf("lines %q; the terminal shows %q", &lines, shown)
	}
	for _, want := range []string{
		"purging  50% |█", "\rpurging 100% |█", "\rcopying: 2 of 4 files  50% |█", "\rpriming: 7 of 8 pictures, 3.3/s, 2s left  87% |█",
		"\rpriming: 8 of 8 pictures 100% |█", "\rpriming: 2 of ? pictures\x1b",
	} {
		if !strings.Contains(string(shown), want) {
			t.Errorf("the terminal does not show %q: %q", want, shown)
		}
	}
	if strings.Contains(string(shown), "3 of 4") || strings.Contains(string(shown), "s]") || !strings.HasSuffix(string(shown), "\x1b[2K\r") {
		t.Errorf("the terminal shows %q", shown)
	}
}

// A narrow terminal has the beginning of the text, in one line.
func TestNarrow(t *testing.T) {
	t.Parallel()
	screen, terminal, err := pty.Open()
	if err != nil {
		t.Skip(err)
	}
	defer screen.Close()
	if err := pty.Setsize(terminal, &pty.Winsize{Rows: 24, Cols: 30}); err != nil {
		t.Fatal(err)
	}
	b := New(terminal, io.Discard)
	b.Show(7, 8, "priming: 7 of 8 pictures, 3.3/s, 2s left")
	terminal.Close()
	if shown, _ := io.ReadAll(screen); string(shown) != "priming: 7 of 8 pictures, 3.3" {
		t.Errorf("the terminal shows %q", shown)
	}
}
