// Package render turns versions, plans and findings into text and JSON.
//
// Its functions depend on their arguments alone: no flags, no environment, no open repositories.
// A function named …Line or …Lines returns text for people, with names quoted. A function named
// …JSON returns a document, a type named …Document, which docs/json.md explains.
package render
