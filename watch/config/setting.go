package config

// Setting is a key of the configuration with the value in force.
type Setting struct {
	// Key is one of Keys. Those within copies and push follow a point: "push.remote".
	Key string
	// Value is as written, or describes the default. The destination is an absolute path, or "".
	Value string
	// Line is where the file has the key, from 1; 0: it does not, and Value is the default.
	Line int
}

// given is a key that a configuration file has.
type given struct {
	value string
	line  int
}

// WatchLine is an item of the watch list as written, or one of the list exclude.
type WatchLine struct {
	Text string
	Line int // from 1; 0: unknown
}

// addLine adds an item to the watch list as written.
func (c *Config) addLine(text string, line int) {
	c.lines, c.numbers = append(c.lines, text), append(c.numbers, line)
}

// WatchLines are the items of the watch list with their lines in the file.
func (c *Config) WatchLines() []WatchLine {
	var all []WatchLine
	for i, text := range c.lines {
		all = append(all, WatchLine{text, c.numbers[i]})
	}
	return all
}

// Exclusions are the items of the list exclude, as written, and the line of the key.
func (c *Config) Exclusions() []WatchLine {
	var all []WatchLine
	for _, text := range c.excluded {
		all = append(all, WatchLine{text, c.given["exclude"].line})
	}
	return all
}

// Settings are the keys of the configuration in the order of the manual, without the watch list and
// the exclusions. Those of push are there only where runs push.
func (c *Config) Settings() []Setting {
	all := []Setting{
		{"destination", c.Destination, c.given["destination"].line},
		c.setting("max-size"),
		c.setting("copies.keep", "copies"),
		c.setting("copies.min-free"),
		c.setting("touched"),
		c.setting("default-exclusions"),
	}
	for _, l := range c.IgnoreLines {
		all = append(all, Setting{"ignore-lines", l.Text, l.Line})
	}
	if c.Push == nil {
		return append(all, Setting{Key: "push", Value: "none"})
	}
	return append(all,
		c.setting("push.remote", "push"),
		c.setting("push.branch"),
		c.setting("push.timeout"),
		c.setting("push.with"),
		c.setting("push.private"))
}

// setting is the value of a key: as given under its name, else as given by a short form, else the
// default.
func (c *Config) setting(key string, short ...string) Setting {
	for _, name := range append([]string{key}, short...) {
		if g, ok := c.given[name]; ok && g.value != "" {
			return Setting{key, g.value, g.line}
		}
	}
	return Setting{Key: key, Value: defaultOf(key)}
}

// UnitlessLimit is max-size as written where it is a small number without a unit, as after a slip
// of the finger; "" otherwise.
func (c *Config) UnitlessLimit() string {
	if c.MaxSize <= 0 || c.MaxSize >= 1<<10 || !onlyDigits(c.given["max-size"].value) {
		return ""
	}
	return c.given["max-size"].value
}
