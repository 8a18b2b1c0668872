// Package suite has no code of its own: its tests run Survey, Segmentation and
// Journey together, each in a process of its own that can be killed, and hold all
// three against one plain model of what callers were told.
package suite
