package when

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// unit is a unit of time before now: a number of seconds, or days or months of the calendar.
type unit struct {
	seconds int64
	days    int
	months  int
}

var units = unitNames()

func unitNames() map[string]unit {
	all := map[string]unit{}
	for names, u := range map[string]unit{
		"s sec secs second seconds": {seconds: 1},
		"m min mins minute minutes": {seconds: 60},
		"h hr hrs hour hours":       {seconds: 3600},
		"d day days":                {days: 1},
		"w week weeks":              {days: 7},
		"mo month months":           {months: 1},
		"y yr yrs year years":       {months: 12},
	} {
		for name := range strings.FieldsSeq(names) {
			all[name] = u
		}
	}
	return all
}

// maxCount is the largest number before a unit. It is enough for the seconds of thirty years, and
// no sum can overflow.
const maxCount = 999_999_999

var errLong = errors.New("longer ago than can be counted")

// last reads "last week".
func last(s string, now time.Time) (When, bool, error) {
	word, ok := strings.CutPrefix(s, "last ")
	if !ok {
		return When{}, false, nil
	}
	u, known := units[strings.TrimSpace(word)]
	if !known || len(word) < 3 {
		return When{}, false, errors.New("last takes minute, hour, day, week, month, year or a day of the week")
	}
	return before(now, []unit{u}), true, nil
}

// ago reads "3d", "2h ago", "1h30m", "1 day and 2 hours ago", "an hour ago".
func ago(s string, now time.Time) (When, bool, error) {
	s = strings.TrimSpace(strings.TrimSuffix(s, " ago"))
	var sum []unit
	long := false
	for s != "" {
		n, u, rest, ok := counted(s)
		if !ok {
			return When{}, false, nil
		}
		long = long || n > maxCount
		sum = append(sum, unit{seconds: u.seconds * n, days: u.days * int(n), months: u.months * int(n)})
		s = strings.TrimLeft(rest, " ,")
		s = strings.TrimPrefix(s, "and ")
	}
	if len(sum) == 0 {
		return When{}, false, nil
	}
	if long || len(sum) > len(units) {
		return When{}, false, errLong
	}
	return before(now, sum), true, nil
}

// counted takes a number and its unit off the front. A number over maxCount is that and 1.
func counted(s string) (n int64, u unit, rest string, ok bool) {
	end := 0
	for end < len(s) && '0' <= s[end] && s[end] <= '9' {
		end++
	}
	number, s := s[:end], strings.TrimLeft(s[end:], " ")
	for _, one := range []string{"an ", "a "} {
		if word, found := strings.CutPrefix(s, one); found && number == "" {
			number, s = "1", strings.TrimLeft(word, " ")
		}
	}
	end = 0
	for end < len(s) && 'a' <= s[end] && s[end] <= 'z' {
		end++
	}
	u, known := units[s[:end]]
	if !known || number == "" {
		return 0, u, "", false
	}
	if n, err := strconv.ParseInt(number, 10, 64); err == nil && n <= maxCount {
		return n, u, s[end:], true
	}
	return maxCount + 1, u, s[end:], true
}

// before counts back from now: first months and days on the calendar, then seconds. A day that the
// month does not have becomes its last day.
func before(now time.Time, sum []unit) When {
	var total unit
	for _, u := range sum {
		total.seconds += u.seconds
		total.days += u.days
		total.months += u.months
	}
	w := When{Kind: Moment, Time: now}
	if total.days != 0 || total.months != 0 {
		d := dayOf(now)
		month := time.Date(d.y, d.m-time.Month(total.months), 1, 0, 0, 0, 0, time.UTC)
		d = day{month.Year(), month.Month(), min(d.d, month.AddDate(0, 1, -1).Day()) - total.days}
		w = moment(d, tod{now.Hour(), now.Minute(), now.Second(), now.Nanosecond()}, now.Location())
	}
	w.Counted = true
	w.Time = time.Unix(w.Time.Unix()-total.seconds, int64(w.Time.Nanosecond())).In(now.Location())
	return w
}
