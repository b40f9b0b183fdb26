package repo

type maintainT struct{ projectionT }
