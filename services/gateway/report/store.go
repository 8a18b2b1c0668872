package report

type store struct{}
