package main

import (
	"errors"
	"fmt"
	"timemachine/cmd/timemachine/internal/render"
)

// print writes one line of results to standard output.
func (a *app) print(text string) error {
	_, err := fmt.Fprintln(a.stdout, text)
	return err
}

// printJSON writes one document of results to standard output.
func (a *app) printJSON(document any) error { return render.WriteJSON(a.stdout, document) }

// printJSONLine writes one line of JSON to standard output.
func (a *app) printJSONLine(document any) error { return render.WriteJSONLine(a.stdout, document) }

// printLines writes lines of results to standard output.
func (a *app) printLines(lines []string) error {
	var errs []error
	for _, line := range lines {
		errs = append(errs, a.print(line))
	}
	return errors.Join(errs...)
}
