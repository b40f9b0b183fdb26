//go:build !linux

package main

import "errors"

const aloneFlag = "-alone"

func alone([]string) error { return errors.New("-alone needs Linux") }
