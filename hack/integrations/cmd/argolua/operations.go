package main

import (
	"encoding/json"
	"fmt"

	jsonpatch "github.com/evanphx/json-patch"
)

type operation struct {
	Operation string          `json:"operation"`
	Body      json.RawMessage `json:"body"`
}

type impacted struct {
	Operation string         `json:"operation"`
	Resource  map[string]any `json:"resource"`
}

// operationsOf reads what an action returned: a list of operations, or the changed object alone.
func operationsOf(returned []byte, object map[string]any) ([]operation, error) {
	wishes := []impacted{}
	if returned[0] == '[' {
		if err := json.Unmarshal(returned, &wishes); err != nil {
			return nil, err
		}
	} else {
		changed := map[string]any{}
		if err := json.Unmarshal(returned, &changed); err != nil {
			return nil, err
		}
		wishes = append(wishes, impacted{Operation: "patch", Resource: changed})
	}
	operations := []operation{}
	for _, wish := range wishes {
		body, err := bodyOf(wish, object)
		if err != nil {
			return nil, err
		}
		operations = append(operations, operation{wish.Operation, body})
	}
	return operations, nil
}

func bodyOf(wish impacted, object map[string]any) (json.RawMessage, error) {
	switch wish.Operation {
	case "create":
		return json.Marshal(wish.Resource)
	case "patch":
		before, err := json.Marshal(object)
		if err != nil {
			return nil, err
		}
		after, err := json.Marshal(withObjects(wish.Resource, object))
		if err != nil {
			return nil, err
		}
		return jsonpatch.CreateMergePatch(before, after)
	}
	return nil, fmt.Errorf("%q is no operation of Argo CD", wish.Operation)
}

// withObjects makes an object again of each empty list that was one before: Lua has one kind of
// empty table for both.
func withObjects(changed, before any) any {
	switch changed := changed.(type) {
	case map[string]any:
		if before, ok := before.(map[string]any); ok {
			for key, each := range changed {
				changed[key] = withObjects(each, before[key])
			}
		}
	case []any:
		if _, ok := before.(map[string]any); ok && len(changed) == 0 {
			return map[string]any{}
		}
		if before, ok := before.([]any); ok {
			for i := range min(len(changed), len(before)) {
				changed[i] = withObjects(changed[i], before[i])
			}
		}
	}
	return changed
}
