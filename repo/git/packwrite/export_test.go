package packwrite

// MaxDepth is maxDepth, for tests.
const MaxDepth = maxDepth
