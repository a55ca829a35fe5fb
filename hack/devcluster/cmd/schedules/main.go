// Command schedules says when schedules are due, by the library that Kubernetes uses for CronJobs.
//
// Each line of its input is {"schedule", "zone", "after", "count"}, times in epoch seconds; each
// line of its output is the list of the next times, or null if the schedule is invalid.
package main

import (
	"encoding/json"
	"errors"
	"io"
	"log"
	"os"
	"time"

	"github.com/robfig/cron/v3"
)

type question struct {
	Schedule string
	Zone     string
	After    int64
	Count    int
}

func main() {
	in, out := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		var asked question
		err := in.Decode(&asked)
		if errors.Is(err, io.EOF) {
			return
		}
		if err == nil {
			err = out.Encode(answer(asked))
		}
		if err != nil {
			log.Fatal(err)
		}
	}
}

func answer(asked question) []int64 {
	zone, err := time.LoadLocation(asked.Zone)
	if err != nil {
		log.Fatal(err)
	}
	schedule, err := cron.ParseStandard(asked.Schedule)
	if err != nil {
		return nil
	}
	times, at := []int64{}, time.Unix(asked.After, 0).In(zone)
	for range asked.Count {
		at = schedule.Next(at)
		if at.IsZero() {
			break
		}
		times = append(times, at.Unix())
	}
	return times
}
