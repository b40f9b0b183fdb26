package main

import (
	"fmt"
	"strings"

	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/watch/config"
)

// configurationHelp is the help on what the configuration may hold. docs/configuration.md and
// config.dat(5) are rendered from the same parts.
var configurationHelp = configurationForms + "\n\nKeys:\n" + keyRows() + "\n\nA full configuration:\n\n" + indented(config.FullExample, "  ") + "\n\n" + configurationRules

const configurationForms = `The configuration, config.dat, is YAML. In the short form it is the watch list, a path or pattern a line:

  - /etc
  - notes.txt
  - ~/notes/**/*.md
  - "!*.bak"

In the full form it is a mapping. Every key may be left out.`

const configurationRules = `A relative path starts at the configuration's folder. "~" and $VAR are expanded. What begins with a character that YAML gives a
meaning, such as * or !, needs quotes. An unknown key, a wrong value or a key that stands twice is an error that names file, line and
column, and nothing runs. timemachine config edit checks the text before it replaces the file. timemachine help patterns tells
what patterns and exclusions mean.

Which configuration:

  -c NAME, TIMEMACHINE_CONFIG   a path, or a name in the folder of -cl
  ./config.dat                  where no flag or variable names one
  /etc/timemachine/config.dat   of setup, for root, from any other folder
  ~/.config/timemachine/config.dat
                                of setup, for other users

As root, a configuration is refused that another user may write, or whose folder another user may write.`

// keyColumns are the columns before the text of a key.
const keyColumns = 16

// keyRows are the keys as rows of a table, in the columns of a narrow terminal.
func keyRows() string {
	var rows []string
	for _, m := range config.Manuals {
		head := "  " + m.Key
		text := strings.Split(terminal.Wrap(strings.ReplaceAll(m.Text, "timemachine help", "help"), narrow-keyColumns)+"\n"+
			terminal.Wrap(m.Value+"; default: "+m.Default, narrow-keyColumns), "\n")
		if len(head)+2 <= keyColumns {
			rows, text = append(rows, fmt.Sprintf("%-*s%s", keyColumns, head, text[0])), text[1:]
		} else {
			rows = append(rows, head)
		}
		for _, line := range text {
			rows = append(rows, strings.Repeat(" ", keyColumns)+line)
		}
	}
	return strings.Join(rows, "\n")
}

// indented puts a prefix before each line that is not empty.
func indented(text, prefix string) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	for i, line := range lines {
		if line != "" {
			lines[i] = prefix + line
		}
	}
	return strings.Join(lines, "\n")
}

// configurationPage is docs/configuration.md.
func configurationPage() string {
	var b strings.Builder
	b.WriteString("# The configuration\n\n<!-- make docs writes this page. Edit watch/config/manual.go and cmd/timemachine/confighelp.go. -->\n\n")
	b.WriteString(markdown(configurationForms) + "\n\n## Keys\n\n| key | value | default |\n|---|---|---|\n")
	for _, m := range config.Manuals {
		fmt.Fprintf(&b, "| [`%s`](#%s) | %s | %s |\n", m.Key, keyAnchor(m.Key), markdown(m.Value), m.Default)
	}
	for _, m := range config.Manuals {
		fmt.Fprintf(&b, "\n### `%s`\n\n%s\n\nValue: %s. Default: %s.\n\n```yaml\n%s\n```\n", m.Key, markdown(m.Text), markdown(m.Value), m.Default, m.Example)
	}
	fmt.Fprintf(&b, "\n## A full configuration\n\n```yaml\n%s```\n\n## Rules\n\n%s\n\n## Patterns and exclusions\n\n%s\n", config.FullExample, markdown(configurationRules), markdown(patternsHelp))
	return b.String()
}

// keyAnchor is the link that GitHub and others make of the heading of a key.
func keyAnchor(key string) string { return strings.ReplaceAll(key, ".", "") }

// markdown turns help into Markdown: indented lines are code, and characters with a meaning in text
// are escaped.
func markdown(help string) string {
	var out []string
	for block := range strings.SplitSeq(help, "\n\n") {
		if strings.HasPrefix(block, "  ") {
			out = append(out, "```\n"+strings.ReplaceAll("\n"+block, "\n  ", "\n")[1:]+"\n```")
			continue
		}
		out = append(out, strings.NewReplacer("*", `\*`, "_", `\_`, "<", `\<`, "|", `\|`, "~", `\~`, "[", `\[`).Replace(block))
	}
	return strings.ReplaceAll(strings.Join(out, "\n\n"), "\n```\n\n```\n", "\n\n")
}
