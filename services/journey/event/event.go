// Package event judges events: whether one fits the clock and its brand, what its
// kind means and which occasions its receipt shows. Pure; time is an argument.
package event
