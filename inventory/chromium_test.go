// A headless Chromium, controlled over pipes by the DevTools protocol.

package inventory_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// browser is a running Chromium.
type browser struct {
	t        *testing.T
	commands io.Writer
	answers  *bufio.Reader
	last     int // id of the last command
	session  string
	events   []event // of the page, in the order in which they came
}

// event is what the browser reports by itself.
type event struct {
	Method string
	Params json.RawMessage
}

// devTools is a message of the DevTools protocol.
type devTools struct {
	ID        int             `json:"id,omitempty"`
	Method    string          `json:"method,omitempty"`
	Params    any             `json:"params,omitempty"`
	SessionID string          `json:"sessionId,omitempty"`
	Result    json.RawMessage `json:"result,omitempty"`
	Error     json.RawMessage `json:"error,omitempty"`
}

// startBrowser starts a Chromium with an empty page, and ends it with the test.
func startBrowser(t *testing.T, program string) *browser {
	t.Helper()
	// Without the sandbox, because containers do not allow it. What is opened is a file of the test.
	cmd := exec.Command(program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--hide-scrollbars", "--user-data-dir="+t.TempDir(), "--remote-debugging-pipe")
	commands, toBrowser, err := os.Pipe()
	require.NoError(t, err)
	fromBrowser, answers, err := os.Pipe()
	require.NoError(t, err)
	cmd.ExtraFiles = []*os.File{commands, answers} // the descriptors 3 and 4, which the browser reads and writes
	require.NoError(t, cmd.Start(), "is chromium installed?")
	_ = commands.Close()
	_ = answers.Close()
	b := &browser{t: t, commands: toBrowser, answers: bufio.NewReaderSize(fromBrowser, 1<<20)}
	require.NoError(t, fromBrowser.SetReadDeadline(time.Now().Add(5*time.Minute)))
	t.Cleanup(func() {
		_ = toBrowser.Close() // which ends the browser
		kill := time.AfterFunc(10*time.Second, func() { _ = cmd.Process.Kill() })
		_ = cmd.Wait()
		kill.Stop()
		_ = fromBrowser.Close()
	})

	var target struct{ TargetID string }
	b.call("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	b.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	b.session = attached.SessionID
	for _, domain := range []string{"Page", "Runtime", "Log", "Network"} {
		b.call(domain+".enable", nil, nil)
	}
	return b
}

// call sends a command and waits for its result. Events that come first are kept.
func (b *browser) call(method string, params, result any) {
	b.t.Helper()
	b.last++
	message, err := json.Marshal(devTools{ID: b.last, Method: method, Params: params, SessionID: b.session})
	require.NoError(b.t, err)
	_, err = b.commands.Write(append(message, 0))
	require.NoError(b.t, err)
	for {
		answer := b.receive()
		if answer.ID != b.last {
			continue
		}
		require.Empty(b.t, string(answer.Error), method)
		if result != nil {
			require.NoError(b.t, json.Unmarshal(answer.Result, result))
		}
		return
	}
}

// receive reads a message, and keeps it if it is an event.
func (b *browser) receive() devTools {
	b.t.Helper()
	line, err := b.answers.ReadBytes(0)
	require.NoError(b.t, err, "the browser has ended")
	var params json.RawMessage
	message := devTools{Params: &params}
	require.NoError(b.t, json.Unmarshal(bytes.TrimSuffix(line, []byte{0}), &message))
	if message.Method != "" {
		b.events = append(b.events, event{message.Method, params})
	}
	return message
}

// open shows a URL, and returns once it is loaded.
func (b *browser) open(url string) {
	b.t.Helper()
	b.events = nil
	var opened struct{ ErrorText string }
	b.call("Page.navigate", map[string]any{"url": url}, &opened)
	require.Empty(b.t, opened.ErrorText)
	for !b.has("Page.loadEventFired") {
		b.receive()
	}
}

func (b *browser) has(method string) bool {
	for _, e := range b.events {
		if e.Method == method {
			return true
		}
	}
	return false
}

// resize sets the size of the window in CSS pixels, and the preferred colours: "light" or "dark".
func (b *browser) resize(width, height int, scheme string) {
	b.t.Helper()
	b.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}, nil)
	b.call("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}}}, nil)
}

// evaluate runs an expression in the page. Its value must be one that JSON can write.
func (b *browser) evaluate(expression string, value any) {
	b.t.Helper()
	var answer struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails json.RawMessage
	}
	b.call("Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true, "awaitPromise": true}, &answer)
	require.Empty(b.t, string(answer.ExceptionDetails), expression)
	require.NoError(b.t, json.Unmarshal(answer.Result.Value, value), expression)
}

// screenshot returns a PNG of the page, from its top to a height in CSS pixels, or of the whole page if height is 0.
func (b *browser) screenshot(height int) []byte {
	b.t.Helper()
	var size struct{ Width, Height float64 }
	b.evaluate(`({width: innerWidth, height: document.documentElement.scrollHeight})`, &size)
	if height > 0 {
		size.Height = float64(height)
	}
	var picture struct{ Data []byte }
	b.call("Page.captureScreenshot", map[string]any{
		"captureBeyondViewport": true,
		"clip":                  map[string]any{"x": 0, "y": 0, "width": size.Width, "height": size.Height, "scale": 1},
	}, &picture)
	return picture.Data
}

// pdf returns the page as it is printed on A4.
func (b *browser) pdf() []byte {
	b.t.Helper()
	var printed struct{ Data []byte }
	b.call("Page.printToPDF", map[string]any{"paperWidth": 8.27, "paperHeight": 11.69, "printBackground": false, "preferCSSPageSize": true}, &printed)
	return printed.Data
}

// complaints returns what the page wrote to the console, what the browser logged about it, and what was requested besides the page.
func (b *browser) complaints(page string) []string {
	var list []string
	for _, e := range b.events {
		switch e.Method {
		case "Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded", "Page.javascriptDialogOpening", "Network.loadingFailed":
			list = append(list, fmt.Sprintf("%s: %s", e.Method, e.Params))
		case "Network.requestWillBeSent":
			var sent struct{ Request struct{ URL string } }
			require.NoError(b.t, json.Unmarshal(e.Params, &sent))
			if sent.Request.URL != page {
				list = append(list, "request of "+sent.Request.URL)
			}
		}
	}
	return list
}
