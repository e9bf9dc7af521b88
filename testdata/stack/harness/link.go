package harness

import (
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// chunk is how much of a slow link's data is sent at once: small, so that the rate is even.
const chunk = 4 << 10

// Link is a slow way to a server: what comes from it is late and slow, what goes to it is only late.
type Link struct {
	Addr string // host:port to use in the server's place

	listener net.Listener
	target   string
	latency  time.Duration
	rate     int // bytes per second, all connections together
	mu       sync.Mutex
	next     time.Time // when the link is free again
}

// NewLink opens a link to target with a latency each way and a rate in bits per second. It ends with Close.
func NewLink(target string, latency time.Duration, bitsPerSecond int) (*Link, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("opening a slow link: %w", err)
	}
	l := &Link{Addr: listener.Addr().String(), listener: listener, target: target, latency: latency, rate: max(1, bitsPerSecond/8)}
	go l.accept()
	return l, nil
}

// Close ends the link; open connections end when either side does.
func (l *Link) Close() error { return l.listener.Close() }

func (l *Link) accept() {
	for {
		near, err := l.listener.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", l.target)
		if err != nil {
			_ = near.Close()
			continue
		}
		go l.carry(far, near, func(int) { time.Sleep(l.latency) })
		go l.carry(near, far, func(n int) { time.Sleep(l.latency); l.wait(n) })
	}
}

// carry copies until one side ends, and then ends the other.
func (l *Link) carry(to, from net.Conn, delay func(n int)) {
	defer func() { _ = to.Close() }()
	defer func() { _ = from.Close() }()
	buf := make([]byte, chunk)
	for {
		n, err := from.Read(buf)
		delay(n)
		if _, bad := to.Write(buf[:n]); bad != nil || err != nil {
			return
		}
		if err == io.EOF {
			return
		}
	}
}

// wait keeps n bytes back until the link has had the time to carry them.
func (l *Link) wait(n int) {
	l.mu.Lock()
	free := time.Now()
	if l.next.After(free) {
		free = l.next
	}
	l.next = free.Add(time.Duration(n) * time.Second / time.Duration(l.rate))
	until := l.next
	l.mu.Unlock()
	time.Sleep(time.Until(until))
}
