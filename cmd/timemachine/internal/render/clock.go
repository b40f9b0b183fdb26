package render

import (
	"fmt"
	"time"
)

// Clock tells moments: in a time zone, and how long ago they were.
type Clock struct {
	Now  time.Time
	Zone *time.Location
}

// Moment is a time with how long ago it was. It names no zone, since it is the user's.
func (c Clock) Moment(t time.Time) string {
	text := t.In(c.Zone).Format(time.DateTime)
	switch age := c.Now.Sub(t).Truncate(time.Second); {
	case age < 0:
		return text + " (in the future)"
	case age < 2*time.Minute:
		return fmt.Sprintf("%s (%d s ago)", text, age/time.Second)
	case age < 2*time.Hour:
		return fmt.Sprintf("%s (%d min ago)", text, age/time.Minute)
	case age < 48*time.Hour:
		return fmt.Sprintf("%s (%d hours ago)", text, age/time.Hour)
	default:
		return fmt.Sprintf("%s (%d days ago)", text, age/(24*time.Hour))
	}
}
