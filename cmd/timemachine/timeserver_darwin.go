package main

// clockIsUnkept tells whether nothing keeps the clock of this machine right. macOS does not say.
var clockIsUnkept = func() bool { return false }
