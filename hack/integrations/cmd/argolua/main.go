// argolua runs the Lua scripts of Argo CD's resource customizations as Argo CD does: with the same
// interpreter, the same few libraries and the same limit of time.
//
// It reads one request a line from stdin, as JSON: {"script": "…", "object": {…}}, with
// "action": true for the script of an action. It answers each with one line on stdout:
//
//	{"returned": …}        what a script for health, or for discovery, returned
//	{"operations": […]}    what an action wants: {"operation": "patch" | "create", "body": {…}};
//	                       the body of a patch is a JSON merge patch of the object
//	{"error": "…"}         why the script failed
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

type request struct {
	Script string         `json:"script"`
	Object map[string]any `json:"object"`
	Action bool           `json:"action"`
}

type answer struct {
	Returned   json.RawMessage `json:"returned,omitempty"`
	Operations []operation     `json:"operations,omitempty"`
	Error      string          `json:"error,omitempty"`
}

func main() {
	if err := serve(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(in io.Reader, out io.Writer) error {
	lines := bufio.NewReader(in)
	answers := json.NewEncoder(out)
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		made, err := answered(line)
		if err != nil {
			made = answer{Error: err.Error()}
		}
		if err := answers.Encode(made); err != nil {
			return err
		}
	}
}

func answered(line []byte) (answer, error) {
	asked := request{}
	if err := json.Unmarshal(line, &asked); err != nil {
		return answer{}, err
	}
	returned, err := run(asked.Script, asked.Object)
	if err != nil {
		return answer{}, err
	}
	if !asked.Action {
		return answer{Returned: returned}, nil
	}
	operations, err := operationsOf(returned, asked.Object)
	return answer{Operations: operations}, err
}
