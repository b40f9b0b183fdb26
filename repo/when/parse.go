package when

import "time"

// Parse reads a When; now supplies what the text leaves out, and its zone is that of local times.
func Parse(text string, now time.Time) (When, error) {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return When{Kind: Revision, Rev: text, Exact: true}, nil
	}
	return When{Kind: Moment, Time: t, Exact: true}, nil
}
