// Command rapport is the suite in one binary: the servers and the client
// commands that use them.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/rapport-cx/rapport/internal/config"
)

// version is set by the linker in a release.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := root(os.Environ()).ExecuteContext(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "rapport:", plain(err))
		os.Exit(exitCode(err))
	}
}

// exitCode tells scripts apart what went through and found something wrong from
// what did not go through.
func exitCode(err error) int {
	switch {
	case errors.Is(err, errRejected):
		return 2
	case errors.Is(err, errDrift):
		return 3
	}
	return 1
}

// root is the command tree. Every command binds its settings to one set, so that
// a misspelt variable is noticed whichever command runs.
func root(environ []string) *cobra.Command {
	set := config.New(environ, "RAPPORT_TEST_POSTGRES", "RAPPORT_TEST_REDIS", "RAPPORT_DATA")
	cmd := &cobra.Command{
		Use:           "rapport",
		Short:         "Customer experience: responses in, scores that say how sure they are out",
		Version:       version,
		SilenceUsage:  true,
		SilenceErrors: true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			return set.Load(cmd.Flags())
		},
	}
	cmd.AddCommand(
		serveCommand(set), demoCommand(set), reportCommand(set), importCommand(set), exportCommand(set),
		segmentCommand(set), rfmCommand(set), loyaltyCommand(set), surveyCommand(set), verifyCommand(set), rebuildCommand(set), migrateCommand(set),
		tokenCommand(set), auditCommand(set),
	)
	return cmd
}

// bind declares a command's settings. Those that only benchmarks need are not
// shown in its help.
func bind(set *config.Set, cmd *cobra.Command, targets ...any) {
	set.Bind(cmd.Flags(), targets...)
	for _, name := range []string{"no-results", "no-near", "no-slabs"} {
		if cmd.Flags().Lookup(name) != nil {
			_ = cmd.Flags().MarkHidden(name) // it exists
		}
	}
}
