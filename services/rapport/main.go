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
	if err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "rapport:", err)
		os.Exit(1)
	}
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
	cmd.AddCommand(serveCommand(set))
	return cmd
}
