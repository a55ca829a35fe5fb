package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	lua "github.com/yuin/gopher-lua"
	luajson "layeh.com/gopher-json"
)

// The longest a script may take.
const patience = time.Second

// The libraries of a script that an administrator configured: neither `string` nor `math`, and `os`
// only by require.
var libraries = []struct {
	name string
	open lua.LGFunction
}{
	{lua.LoadLibName, lua.OpenPackage},
	{lua.BaseLibName, lua.OpenBase},
	{lua.TabLibName, lua.OpenTable},
	{lua.OsLibName, lua.OpenOs},
}

// run returns the table that the script returns for the object, as JSON.
func run(script string, object map[string]any) (json.RawMessage, error) {
	state := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer state.Close()
	for _, library := range libraries {
		opened := lua.P{Fn: state.NewFunction(library.open), Protect: true}
		if err := state.CallByParam(opened, lua.LString(library.name)); err != nil {
			return nil, err
		}
	}
	keepClock(state)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	state.SetContext(ctx)
	state.SetGlobal("obj", toLua(state, object))
	if err := state.DoString(script); err != nil {
		return nil, err
	}
	table, ok := state.Get(-1).(*lua.LTable)
	if !ok {
		return nil, fmt.Errorf("the script returned a %s, no table", state.Get(-1).Type())
	}
	return luajson.Encode(table)
}

// keepClock leaves of the library `os` what tells the time, for those who require it.
func keepClock(state *lua.LState) {
	whole := state.GetGlobal(lua.OsLibName)
	safe := state.NewTable()
	for _, name := range []string{"time", "date"} {
		safe.RawSetString(name, state.GetField(whole, name))
	}
	state.SetGlobal(lua.OsLibName, lua.LNil)
	loaded := state.GetField(state.GetGlobal(lua.LoadLibName), "loaded")
	state.SetField(loaded, lua.OsLibName, lua.LNil)
	state.PreloadModule(lua.OsLibName, func(state *lua.LState) int {
		state.Push(safe)
		return 1
	})
}

// toLua makes a Lua value of decoded JSON. As there is no null in a table, such a field is left out.
func toLua(state *lua.LState, value any) lua.LValue {
	switch value := value.(type) {
	case bool:
		return lua.LBool(value)
	case float64:
		return lua.LNumber(value)
	case string:
		return lua.LString(value)
	case []any:
		table := state.CreateTable(len(value), 0)
		for _, each := range value {
			table.Append(toLua(state, each))
		}
		return table
	case map[string]any:
		table := state.CreateTable(0, len(value))
		for key, each := range value {
			table.RawSetString(key, toLua(state, each))
		}
		return table
	}
	return lua.LNil
}
