package scan

// Problem is something a run could not do.
type Problem struct {
	Path    string
	Msg     string // what is the matter with it
	Hint    string // what to do, or ""
	Err     error  // the cause, without the path, or nil
	Warning bool   // the run did all that was asked for nevertheless
}
