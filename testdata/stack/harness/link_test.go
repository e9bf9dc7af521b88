package harness

import (
	"io"
	"net"
	"testing"
	"time"
)

// Over a link of 64 kbit/s, 4,000 bytes take at least half a second.
func TestLinkIsSlow(t *testing.T) {
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = server.Close() }()
	go func() {
		conn, err := server.Accept()
		if err == nil {
			_, _ = conn.Write(make([]byte, 4000))
			_ = conn.Close()
		}
	}()
	link, err := NewLink(server.Addr().String(), 0, 64_000)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = link.Close() }()
	began := time.Now()
	conn, err := net.Dial("tcp", link.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	content, err := io.ReadAll(conn)
	if err != nil || len(content) != 4000 {
		t.Fatalf("%d bytes, %v", len(content), err)
	}
	if took := time.Since(began); took < 450*time.Millisecond {
		t.Fatalf("4000 bytes took only %s", took)
	}
}
