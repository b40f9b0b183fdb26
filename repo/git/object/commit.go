package object

import (
	"encoding/hex"
	"strconv"
	"time"
)

// Signature is who did something and when. Seconds and the zone's offset from UTC in minutes
// survive a round trip; fractions of a second and the zone's name do not.
type Signature struct {
	Name, Email string
	When        time.Time
}

// CommitData is a commit's content, without the headers that timemachine does not use.
type CommitData struct {
	Tree              ID
	Parents           []ID
	Author, Committer Signature
	Encoding          string // of Message and names; empty is UTF-8
	Message           string
}

// FirstParent is the first of the commit's parents, zero where it has none.
func (c *CommitData) FirstParent() ID {
	if len(c.Parents) == 0 {
		return ID{}
	}
	return c.Parents[0]
}

// EncodeCommit is the commit's body as git stores it, with message in place of c's. It cleans
// nothing. With '<', '>' or a newline in a name, or a date before 1970, git fsck refuses the
// commit: the caller prevents that.
func EncodeCommit(c *CommitData, message []byte) []byte {
	names := len(c.Author.Name) + len(c.Author.Email) + len(c.Committer.Name) + len(c.Committer.Email)
	b := make([]byte, 0, 128+48*(1+len(c.Parents))+names+len(c.Encoding)+len(message))
	b = appendID(b, "tree", c.Tree)
	for _, p := range c.Parents {
		b = appendID(b, "parent", p)
	}
	b = appendSignature(b, "author", c.Author)
	b = appendSignature(b, "committer", c.Committer)
	if c.Encoding != "" {
		b = appendLine(b, "encoding", c.Encoding)
	}
	b = append(b, '\n')
	return append(b, message...)
}

func appendID(b []byte, key string, id ID) []byte {
	b = append(append(b, key...), ' ')
	return append(hex.AppendEncode(b, id[:]), '\n')
}

func appendLine(b []byte, key, value string) []byte {
	b = append(append(b, key...), ' ')
	return append(append(b, value...), '\n')
}

func appendSignature(b []byte, key string, s Signature) []byte {
	b = append(append(b, key...), ' ')
	b = append(append(b, s.Name...), " <"...)
	b = append(append(b, s.Email...), "> "...)
	b = strconv.AppendInt(b, s.When.Unix(), 10)
	_, offset := s.When.Zone()
	sign, minutes := byte('+'), offset/60
	if minutes < 0 {
		sign, minutes = '-', -minutes
	}
	zone := strconv.Itoa(10000 + minutes/60*100 + minutes%60)
	return append(append(b, ' ', sign), zone[1:]+"\n"...)
}
